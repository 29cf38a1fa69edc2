"""One stream, until both sides have ended it, and how much the client may send on it (RFC 9113, 5.2)."""

from collections import deque
from typing import final

from pillion.http2.settings import DEFAULT_WINDOW


@final
class ReceiveWindow:
    """The window of a stream, or of the connection: what the client used comes back when it was made use of.

    What is left, in use and owed always makes up `size`.
    """

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


@final
class Stream:
    """What is known of an open stream."""

    __slots__ = ("expected", "number", "pending", "pending_size", "received", "remote_ended", "send_window", "trailers",
                 "unused")  # fmt: skip

    def __init__(self, number: int, send_window: int, expected: int | None) -> None:
        self.number = number
        self.send_window = send_window
        """Bytes that the client takes; below zero after it made the initial window smaller."""
        self.received = ReceiveWindow()
        self.unused = 0
        """Bytes that came and were not made use of yet."""
        self.expected = expected
        """Bytes of content that are still to come, if the request said how many."""
        self.remote_ended = False
        self.pending: deque[memoryview] | None = None
        """What is to be sent and could not be sent yet."""
        self.pending_size = 0
        self.trailers: bytes | None = None
        """What ends the stream once nothing is pending."""

    @property
    def ready(self) -> bool:
        """Whether nothing waits to be sent."""
        return not self.pending_size and self.trailers is None
