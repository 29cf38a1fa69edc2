"""What is to be sent on one connection, as far as the client's windows and the line take it.

Frames of control go at once. Data waits on its stream: for the stream's window, the connection's, and while the line is
`held`. Streams take turns, a frame at a time. A message's parts are not copied before they are on their way, so what
many clients are sent is held once, however many of them are slow.
"""

from collections import deque
from typing import final

from pillion.http2 import frames
from pillion.http2.settings import DEFAULT_WINDOW
from pillion.http2.streams import Stream

Buffer = bytes | memoryview
BURST = 1 << 18
"""Bytes of data that are made ready before the line is asked whether it takes more."""
MOST_IN_FRAME = 1 << 18
SMALL = 1 << 13
"""Bytes up to which a message is copied into one piece, which costs less than to send it in several."""


@final
class Outbox:
    """Collects what `take` gives away."""

    __slots__ = ("_ready", "_waiting", "frame_size", "held", "size", "window")

    def __init__(self) -> None:
        self.window = DEFAULT_WINDOW
        """Bytes that the client takes on all streams together."""
        self.frame_size = frames.MAX_FRAME_SIZE
        self.held = False
        """The line takes nothing now."""
        self._ready: list[Buffer] = []
        self.size = 0
        """Bytes of data that are ready to be sent."""
        self._waiting: dict[int, Stream] = {}

    def put(self, frame: bytes) -> None:
        """Add a frame that no window counts for."""
        self._ready.append(frame)

    def send(self, stream: Stream, parts: tuple[bytes, ...]) -> None:
        """Add data, which goes as soon as it may; the parts make one whole."""
        size = sum(map(len, parts))
        if size <= self._room(stream) and not stream.pending_size:
            self._use(stream, size)
            self._emit(frames.head(frames.DATA, 0, stream.number, size), parts, size)
            return
        if stream.pending is None:
            stream.pending = deque()
        stream.pending.extend(memoryview(part) for part in parts if part)
        stream.pending_size += size
        self._waiting[stream.number] = stream

    def forget(self, stream: Stream) -> None:
        """Drop what a stream was to send."""
        self._waiting.pop(stream.number, None)
        stream.pending, stream.pending_size = None, 0

    def pump(self) -> list[Stream]:
        """Make data ready, a burst at most; return the streams that have sent all they had."""
        drained: list[Stream] = []
        stuck: dict[int, Stream] = {}
        while self._waiting and not self.held and self.size < BURST and self.window > 0:
            number = next(iter(self._waiting))
            stream = self._waiting.pop(number)
            size = min(self._room(stream), stream.pending_size)
            if size <= 0:
                stuck[number] = stream
                continue
            self._use(stream, size)
            stream.pending_size -= size
            self._emit(frames.head(frames.DATA, 0, number, size), _cut(stream, size), size)
            if stream.pending_size:
                self._waiting[number] = stream
            else:
                stream.pending = None
                drained.append(stream)
        self._waiting.update(stuck)
        return drained

    def take(self) -> list[Buffer]:
        """Give what is ready to be sent."""
        if not self._ready:
            return []
        ready, self._ready, self.size = self._ready, [], 0
        return ready

    def _room(self, stream: Stream) -> int:
        """Tell how much data may go in a frame on a stream now."""
        if self.held or self.size >= BURST:
            return 0
        return min(self.frame_size, self.window, stream.send_window)

    def _use(self, stream: Stream, size: int) -> None:
        self.window -= size
        stream.send_window -= size

    def _emit(self, head: bytes, parts: tuple[Buffer, ...] | list[memoryview], size: int) -> None:
        if size <= SMALL:
            self._ready.append(b"".join((head, *parts)))
        else:
            self._ready.append(head)
            self._ready.extend(parts)
        self.size += size


def _cut(stream: Stream, size: int) -> list[memoryview]:
    """Take so many bytes of what is pending."""
    pending, found = stream.pending, list[memoryview]()
    while pending and size:
        first = pending.popleft()
        if len(first) > size:
            pending.appendleft(first[size:])
            first = first[:size]
        found.append(first)
        size -= len(first)
    return found
