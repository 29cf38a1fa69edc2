"""What comes out of a connection when bytes go in."""

from typing import NamedTuple

from pillion.http2.errors import ErrorCode
from pillion.http2.fields import Request


class RequestReceived(NamedTuple):
    """A stream began."""

    stream: int
    request: Request
    ended: bool
    """The client has nothing more to say on it."""


class DataReceived(NamedTuple):
    """Content came, or at least the end of it."""

    stream: int
    data: bytes
    size: int
    """Bytes of the windows that it takes, padding with it, until they are said to be `used`."""
    ended: bool


class StreamReset(NamedTuple):
    """A stream is over before its time."""

    stream: int
    code: ErrorCode | int
    by_client: bool


class Drained(NamedTuple):
    """All that was to be sent on a stream is sent."""

    stream: int
    ended: bool
    """Its end, too; otherwise it takes more."""


class Leaving(NamedTuple):
    """The client will begin no more streams."""


class Terminated(NamedTuple):
    """The connection is over; what is to be sent yet says why."""

    code: ErrorCode
    text: str


Event = RequestReceived | DataReceived | StreamReset | Drained | Leaving | Terminated
