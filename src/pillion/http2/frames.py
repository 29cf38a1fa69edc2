"""HTTP/2's frames, to bytes and back (RFC 9113, 4 and 6)."""

import struct
from collections.abc import Iterator
from typing import NamedTuple, final

from pillion.http2.errors import ConnectionFault, ErrorCode

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
(DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH_PROMISE, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION) = range(10)
END_STREAM, ACK, END_HEADERS, PADDED, HAS_PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
HEAD = 9
"""Bytes before a frame's payload."""
MAX_FRAME_SIZE = 1 << 14
"""Bytes of payload that we take; HTTP/2's default, which is its minimum, too."""
_HEAD = struct.Struct(">HBBBL")
_WORD = struct.Struct(">L")
_NUMBER = (1 << 31) - 1


class Frame(NamedTuple):
    """One frame."""

    kind: int
    flags: int
    stream: int
    payload: bytes


def head(kind: int, flags: int, stream: int, size: int) -> bytes:
    """Write what stands before a payload of that size."""
    return _HEAD.pack(size >> 8, size & 0xFF, kind, flags, stream)


def frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    """Write a frame."""
    return head(kind, flags, stream, len(payload)) + payload


def settings(values: tuple[tuple[int, int], ...]) -> bytes:
    """Write what we ask of the client."""
    return frame(SETTINGS, 0, 0, b"".join(struct.pack(">HL", key, value) for key, value in values))


def reset(stream: int, code: ErrorCode) -> bytes:
    """End a stream."""
    return frame(RST_STREAM, 0, stream, _WORD.pack(code))


def window_update(stream: int, increment: int) -> bytes:
    """Let the client send more."""
    return frame(WINDOW_UPDATE, 0, stream, _WORD.pack(increment))


def goaway(last: int, code: ErrorCode, text: str) -> bytes:
    """Say that no stream after `last` will be served, and why."""
    return frame(GOAWAY, 0, 0, _WORD.pack(last) + _WORD.pack(code) + text.encode()[:256])


def number_in(payload: bytes) -> int:
    """Read the 31 bits that a payload begins with."""
    return _WORD.unpack_from(payload)[0] & _NUMBER


def unpadded(flags: int, payload: bytes) -> bytes:
    """Take the padding away. Raises `ConnectionFault`."""
    if not flags & PADDED:
        return payload
    if not payload:
        raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "a padded frame without the length of its padding")
    end = len(payload) - payload[0]
    if end < 1:
        raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "more padding than frame")
    return payload[1:end]


@final
class FrameReader:
    """Bytes in any portions to whole frames."""

    __slots__ = ("_held", "_wanted")

    def __init__(self) -> None:
        self._held = bytearray()
        self._wanted = HEAD
        """Bytes that must be there before it is worth looking."""

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Give the frames that are complete now; to be read to the end. Raises `ConnectionFault`."""
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return
            data = bytes(self._held)
            self._held = bytearray()
        start, end, wanted = 0, len(data), HEAD
        while end - start >= HEAD:
            high, low, kind, flags, stream = _HEAD.unpack_from(data, start)
            size = high << 8 | low
            if size > MAX_FRAME_SIZE:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, f"a frame of {size} bytes")
            wanted = HEAD + size
            if end - start < wanted:
                break
            yield Frame(kind, flags, stream & _NUMBER, data[start + HEAD : start + wanted])
            start += wanted
            wanted = HEAD
        if start < end:
            self._held += data[start:]
        self._wanted = wanted
