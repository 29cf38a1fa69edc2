"""The open streams of one connection, what is sent on them, and how they end."""

from typing import final

from pillion.http2 import frames
from pillion.http2.budget import Budget
from pillion.http2.errors import ConnectionFault, ErrorCode
from pillion.http2.events import Drained
from pillion.http2.fields import NO_TABLE
from pillion.http2.outbox import Outbox
from pillion.http2.settings import DEFAULT_WINDOW, MAX_WINDOW
from pillion.http2.streams import ReceiveWindow, Stream

MUCH = 1 << 10
"""Bytes of data, for which a client may say something: less would be a pretext (CVE-2019-9511)."""
MOST_FORSAKEN = 100
"""Streams that we ended while the client was still speaking, of which it need not know yet."""


@final
class Sending:
    """The streams that a client has opened; what is said on one that is gone is not heard."""

    __slots__ = ("_initial_window", "_table_told", "budget", "forsaken", "outbox", "streams", "window")

    def __init__(self) -> None:
        self.outbox = Outbox()
        self.budget = Budget()
        self.window = ReceiveWindow()
        """What the client may send on all streams together."""
        self.streams: dict[int, Stream] = {}
        self.forsaken: dict[int, None] = {}
        """The last streams that we ended while the client was still speaking: it may not know that yet."""
        self._initial_window = DEFAULT_WINDOW
        self._table_told = False

    def begin(self, number: int, expected: int | None) -> Stream:
        """Open a stream, whose content is of that size if that was said."""
        stream = self.streams[number] = Stream(number, self._initial_window, expected)
        return stream

    def resize(self, initial: int) -> None:
        """Let open streams have another initial window, as if they had begun with it. Raises `ConnectionFault`."""
        change, self._initial_window = initial - self._initial_window, initial
        for stream in self.streams.values():
            stream.send_window += change
            if stream.send_window > MAX_WINDOW:
                raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "a window that is too big")

    def head(self, number: int, block: bytes, *, end: bool = False) -> None:
        """Begin to answer on a stream, and end it at once if need be."""
        stream = self.streams.get(number)
        if stream is not None:
            self._put_block(number, block, end=end)
            if end:
                self._finish(stream)

    def data(self, number: int, parts: tuple[bytes, ...]) -> None:
        """Send content, which waits for its windows; the parts make one whole."""
        stream = self.streams.get(number)
        if stream is not None and stream.trailers is None:
            self.budget.forgive()
            self.outbox.send(stream, parts)

    def trailers(self, number: int, block: bytes) -> None:
        """End a stream once all its content is sent."""
        stream = self.streams.get(number)
        if stream is None or stream.trailers is not None:
            return
        if stream.pending_size:
            stream.trailers = block
        else:
            self._put_block(number, block, end=True)
            self._finish(stream)

    def is_free(self, number: int) -> bool:
        """Return whether nothing of a stream waits to be sent."""
        stream = self.streams.get(number)
        return stream is not None and stream.ready

    def used(self, number: int, size: int) -> None:
        """Let the client send on: so much of what it sent was made use of."""
        stream = self.streams.get(number)
        if stream is None:
            return
        stream.unused -= size
        self.give_back(size)
        told = 0 if stream.remote_ended else stream.received.give(size)
        if told:
            self.outbox.put(frames.window_update(number, told))

    def pump(self) -> list[Drained]:
        """Make ready what may go now; return which streams have sent all they had."""
        drained: list[Drained] = []
        pumped = self.outbox.pump()
        if self.outbox.size >= MUCH:
            self.budget.forgive()
        for stream in pumped:
            drained.append(Drained(stream.number, ended=stream.trailers is not None))
            if stream.trailers is not None:
                self._put_block(stream.number, stream.trailers, end=True)
                self._finish(stream)
        return drained

    def forsake(self, number: int, code: ErrorCode) -> None:
        """End a stream before the client did."""
        self.outbox.put(frames.reset(number, code))
        self.close(number)
        self.forsaken[number] = None
        if len(self.forsaken) > MOST_FORSAKEN:
            del self.forsaken[next(iter(self.forsaken))]

    def close(self, number: int) -> None:
        """Forget a stream."""
        stream = self.streams.pop(number, None)
        if stream is not None:
            self.outbox.forget(stream)
            self.give_back(stream.unused)

    def give_back(self, size: int) -> None:
        """Let the client use so much of the connection's window again."""
        told = self.window.give(size)
        if told:
            self.outbox.put(frames.window_update(0, told))

    def _finish(self, stream: Stream) -> None:
        """Close a stream that we have ended, whatever the client would have had to say."""
        if stream.remote_ended:
            self.close(stream.number)
        else:
            self.forsake(stream.number, ErrorCode.NO_ERROR)

    def _put_block(self, number: int, block: bytes, *, end: bool) -> None:
        if not self._table_told:
            self._table_told = True
            block = NO_TABLE + block
        flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
        self.outbox.put(frames.frame(frames.HEADERS, flags, number, block))
