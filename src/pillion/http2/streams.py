"""One stream, from the request until both sides have ended it."""

from collections import deque
from typing import final

from pillion.http2.window import ReceiveWindow


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
