"""What the server asks of whoever decides what its clients see."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from pillion.value import Value
from pillion.xds.request import Node
from pillion.xds.resource import View
from pillion.xds.stream import Event


class Settled(Value):
    """The client has acknowledged all of its current view."""


class Attachment(Protocol):
    """What ties one stream to whoever decides what it sees."""

    @property
    def view(self) -> View | None:
        """The view to begin with; None when there is none yet: then the client waits for `notify`."""
        ...

    def heard(self, event: Event | Settled, /) -> None:
        """Learn what the client says about what it was sent. Must be quick."""
        ...

    def detach(self) -> None:
        """Learn that the stream is over; `notify` is not called after this."""
        ...


class Provider(Protocol):
    """Decides which view a node sees. Called on the event loop; must be quick."""

    def attach(self, node: Node, peer: str, notify: Callable[[View], None]) -> Attachment:
        """Begin a stream; call `notify` on the event loop with each new view. Raise `RefusedError` to refuse it."""
        ...


class RefusedError(Exception):
    """The node may not have a stream; the text is told to it."""


class UnauthenticatedError(RefusedError):
    """The node did not prove who it is."""


Admit = Callable[[str, Mapping[str, str]], Awaitable[str]]
"""(peer, metadata of the call) -> the name that the provider is given. Raises `RefusedError`."""
