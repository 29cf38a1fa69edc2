"""How much the client may send us (RFC 9113, 5.2): what it used comes back to it when it was made use of."""

from typing import final

from pillion.http2.settings import DEFAULT_WINDOW


@final
class ReceiveWindow:
    """The window of a stream, or of the connection. What is left, in use and owed always makes up `size`."""

    __slots__ = ("left", "owed")

    size = DEFAULT_WINDOW

    def __init__(self) -> None:
        self.left = self.size
        """Bytes that the client may send now."""
        self.owed = 0
        """Bytes made use of, which the client was not told yet."""

    def take(self, size: int) -> bool:
        """Let the client use some; return whether it might."""
        if size > self.left:
            return False
        self.left -= size
        return True

    def give(self, size: int) -> int:
        """Give some back; return what to tell the client now, which is nothing until it is worth a frame."""
        self.owed += size
        if self.owed * 2 < self.size:
            return 0
        told, self.owed = self.owed, 0
        self.left += told
        return told
