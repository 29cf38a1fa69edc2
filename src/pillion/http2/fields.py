"""Header fields: HPACK (RFC 7541) in both directions, and which requests are well-formed (RFC 9113, 8.2 and 8.3).

Reading keeps the client's table, by the library `hpack`. Writing uses no table at all: what we say is always the same,
so its bytes are constants. The first block on a connection begins with `NO_TABLE`.
"""

from collections.abc import Iterable
from typing import NamedTuple, final

from hpack import Decoder, HPACKError, OversizedHeaderListError

from pillion.http2.errors import ConnectionFault, ErrorCode, StreamFault

MAX_LIST_SIZE = 1 << 14
"""Bytes of a request's fields, counted as HPACK does; tokens are among them."""
MAX_BLOCK = MAX_LIST_SIZE + (1 << 12)
"""Bytes of a request's fields as they come: whoever writes what may be in the list needs no more."""
MOST_RESIZES = 2
"""Changes of the table's size before the fields of a block (RFC 7541, 4.2)."""
NO_TABLE = b"\x20"
"""A change of our table's size to nothing, which suits whatever size the client allows."""
_CONNECTION_FIELDS = frozenset({b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding", b"upgrade"})
_PSEUDO = frozenset({b":method", b":scheme", b":path", b":authority"})
_UPPER = frozenset(range(ord("A"), ord("Z") + 1))


class Request(NamedTuple):
    """A well-formed request."""

    method: str
    path: str
    fields: tuple[tuple[str, str], ...]
    """Without pseudo-fields, in the order in which they came."""

    def get(self, name: str, default: str = "") -> str:
        """Return the last value of a field."""
        return next((value for key, value in reversed(self.fields) if key == name), default)


@final
class FieldReader:
    """The client's header blocks, to fields."""

    __slots__ = ("_decoder",)

    def __init__(self) -> None:
        self._decoder = Decoder(max_header_list_size=MAX_LIST_SIZE)

    def read(self, block: bytes) -> list[tuple[bytes, bytes]]:
        """Decode a block; every block must go through here, in order. Raises `ConnectionFault`."""
        if _resizes(block) > MOST_RESIZES:
            raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, "too many changes of the table's size")
        try:
            return [(name, value) for name, value in self._decoder.decode(block, raw=True)]
        except OversizedHeaderListError as fault:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many header fields") from fault
        except (HPACKError, ValueError, IndexError) as fault:
            raise ConnectionFault(ErrorCode.COMPRESSION_ERROR, "header fields cannot be decoded") from fault


def _resizes(block: bytes) -> int:
    """Count the changes of the table's size that a block begins with, as far as that is of interest."""
    found = at = 0
    while at < len(block) and block[at] & 0xE0 == 0x20 and found <= MOST_RESIZES:
        found += 1
        is_long = block[at] & 0x1F == 0x1F
        at += 1
        while is_long and at < len(block):
            is_long = block[at] & 0x80 == 0x80
            at += 1
    return found


def request_in(stream: int, fields: Iterable[tuple[bytes, bytes]]) -> Request:
    """Make a request of its fields. Raises `StreamFault` when it is malformed."""
    pseudo: dict[bytes, str] = {}
    regular: list[tuple[str, str]] = []
    for name, value in fields:
        if name[:1] != b":":
            _check(stream, name, value)
            regular.append((name.decode("latin-1"), value.decode("latin-1")))
        elif regular or name not in _PSEUDO or name in pseudo:
            raise _malformed(stream, f"the field {name!r}")
        else:
            pseudo[name] = value.decode("latin-1")
    method, path = pseudo.get(b":method"), pseudo.get(b":path")
    if not method or not path or not pseudo.get(b":scheme"):
        raise _malformed(stream, "a request without method, scheme or path")
    return Request(method, path, tuple(regular))


def check_trailers(stream: int, fields: Iterable[tuple[bytes, bytes]]) -> None:
    """Check what a client says after its content; nobody reads it. Raises `StreamFault`."""
    for name, value in fields:
        if name[:1] == b":":
            raise _malformed(stream, f"the field {name!r} in trailers")
        _check(stream, name, value)


def expected_size(stream: int, request: Request) -> int | None:
    """Return how many bytes of content a request says that it has. Raises `StreamFault` when that is no number."""
    said = {value for name, value in request.fields if name == "content-length"}
    if not said:
        return None
    (first, *more) = said
    if more or not (first.isascii() and first.isdigit()):
        raise _malformed(stream, "its content-length")
    return int(first[:18])


def _check(stream: int, name: bytes, value: bytes) -> None:
    if not name or not _UPPER.isdisjoint(name) or name in _CONNECTION_FIELDS:
        raise _malformed(stream, f"the field {name!r}")
    if name == b"te" and value != b"trailers":
        raise _malformed(stream, "te is for trailers")
    if b"\n" in value or b"\r" in value or b"\0" in value:
        raise _malformed(stream, f"the value of the field {name!r}")


def _malformed(stream: int, text: str) -> StreamFault:
    return StreamFault(stream, ErrorCode.PROTOCOL_ERROR, f"malformed: {text}")


def literal(name: bytes | int, value: bytes) -> bytes:
    """Write one field that no table holds; a number names an entry of HPACK's static table."""
    if isinstance(name, int):
        return _integer(name, 4) + _integer(len(value), 7) + value
    return b"\0" + _integer(len(name), 7) + name + _integer(len(value), 7) + value


def _integer(number: int, bits: int) -> bytes:
    most = (1 << bits) - 1
    if number < most:
        return bytes((number,))
    out, number = bytearray((most,)), number - most
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
