"""gRPC's messages in a stream's content: a flag, four bytes of length, the message."""

import struct
from typing import final

from pillion.http2.status import CallError, Status

_PREFIX = struct.Struct(">BL")
PREFIX = _PREFIX.size


def prefix(size: int) -> bytes:
    """Write what stands before a message of that size."""
    return _PREFIX.pack(0, size)


@final
class MessageReader:
    """Content in any portions to whole messages."""

    __slots__ = ("_held", "_most", "_wanted")

    def __init__(self, most: int) -> None:
        """Take messages of up to `most` bytes."""
        self._most = most
        self._held: bytearray | None = None
        self._wanted = PREFIX

    @property
    def held(self) -> int:
        """Bytes of a message whose end has yet to come."""
        return len(self._held) if self._held else 0

    def feed(self, data: bytes) -> list[bytes]:
        """Give the messages that are complete now. Raises `CallError`."""
        if self._held is not None:
            self._held += data
            if len(self._held) < self._wanted:
                return []
            data, self._held = bytes(self._held), None
        found: list[bytes] = []
        start, end, wanted = 0, len(data), PREFIX
        while end - start >= PREFIX:
            wanted = PREFIX + self._size(*_PREFIX.unpack_from(data, start))
            if end - start < wanted:
                break
            found.append(data[start + PREFIX : start + wanted])
            start += wanted
            wanted = PREFIX
        if start < end:
            self._held = bytearray(data[start:] if start else data)
        self._wanted = wanted
        return found

    def _size(self, flag: int, size: int) -> int:
        if flag == 1:
            raise CallError(Status.UNIMPLEMENTED, "compressed messages are not taken")
        if flag:
            raise CallError(Status.INTERNAL, f"a message with the flag {flag}")
        if size > self._most:
            raise CallError(Status.RESOURCE_EXHAUSTED, f"a message of {size} bytes, {self._most} are the most")
        return size
