"""One call of a client: a stream of messages in each direction, as whoever serves it sees it."""

import asyncio
from collections.abc import Mapping
from typing import Protocol, final

from pillion.http2 import status
from pillion.http2.events import DataReceived
from pillion.http2.fields import Request
from pillion.http2.messages import MessageReader, prefix
from pillion.http2.status import CallError, Status


class Handler(Protocol):
    """Serves one call. Called on the event loop; must be quick."""

    def received(self, message: bytes, /) -> None:
        """Take a message."""
        ...

    def finished(self) -> None:
        """Learn that the client has said all that it had to say."""
        ...

    def resumed(self) -> None:
        """Learn that the client takes more, after it took none."""
        ...

    def stop(self) -> None:
        """End the call in good order, soon."""
        ...

    def closed(self) -> None:
        """Learn that the call is over, whatever the reason; nothing of it is called after this."""
        ...


class Line(Protocol):
    """What a call needs of its connection."""

    def begin(self, number: int, block: bytes, *, end: bool = False) -> None:
        """Send the head of an answer."""
        ...

    def send(self, number: int, parts: tuple[bytes, ...]) -> None:
        """Send content."""
        ...

    def end(self, number: int, block: bytes) -> None:
        """Send trailers."""
        ...

    def used(self, number: int, size: int) -> None:
        """Let the client send on."""
        ...

    def is_free(self, number: int) -> bool:
        """Return whether content goes at once."""
        ...

    def holds(self, change: int) -> bool:
        """Note how much more is held of messages that are not complete; return whether that may be."""
        ...

    def flush(self) -> None:
        """Send what was put together."""
        ...


READ = Request("", "", ())
"""Stands in for a request that nobody needs any more."""


@final
class Call:
    """One call. What it is told after its end is not heard."""

    __slots__ = (
        "_counted", "_ended", "_handler", "_held", "_is_begun", "_line", "_number", "_reader", "caller", "request",
        "timer", "waiting",
    )  # fmt: skip

    def __init__(self, line: Line, number: int, request: Request, caller: str | None, most: int) -> None:
        self.request = request
        self.caller = caller
        """Who is at the other end of the connection; None for a stranger."""
        self.timer: asyncio.TimerHandle | None = None
        """Ends the call when the client's patience is over."""
        self.waiting: asyncio.Task[None] | None = None
        """Finds out whether to accept the call."""
        self._line = line
        self._number = number
        self._reader = MessageReader(most)
        self._handler: Handler | None = None
        self._held: list[DataReceived] | None = None
        """What came before somebody accepted the call."""
        self._counted = 0
        """Bytes of an incomplete message that the connection knows of."""
        self._is_begun = False
        self._ended = False

    @property
    def is_over(self) -> bool:
        """Whether nothing can be said any more."""
        return self._ended

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the client said of the call, without binary values."""
        return {key: value for key, value in self.request.fields if not key.endswith("-bin")}

    def accept(self, handler: Handler) -> None:
        """Have a handler serve the call. Until then, no more than a window of content is taken."""
        self._handler = handler
        self.request, self.waiting = READ, None
        held, self._held = self._held, None
        for data in held or ():
            self.take(data)

    def take(self, data: DataReceived) -> None:
        """Take content in."""
        handler = self._handler
        if handler is None and not self._ended:
            if self._held is None:
                self._held = []
            self._held.append(data)
            return
        if data.size:
            self._line.used(self._number, data.size)
        if handler is not None and not self._ended:
            self._read(handler, data)

    def _read(self, handler: Handler, data: DataReceived) -> None:
        try:
            messages = self._reader.feed(data.data)
        except CallError as error:
            self.end(error.status, str(error))
            return
        change = self._reader.held - self._counted
        self._counted += change
        if change and not self._line.holds(change):
            self.end(Status.RESOURCE_EXHAUSTED, "too much of messages that are not complete")
            return
        for message in messages:
            if self._ended:
                return
            handler.received(message)
        if data.ended and not self._ended:
            if self._reader.held:
                self.end(Status.INTERNAL, "the last message is cut off")
            else:
                handler.finished()

    # What the handler does

    @property
    def ready(self) -> bool:
        """Whether the client takes more now; if not, `resumed` is called when it does."""
        return self._line.is_free(self._number)

    def send(self, parts: tuple[bytes, ...]) -> None:
        """Send a message, made of these parts; it goes with the next `flush`."""
        if self._ended:
            return
        if not self._is_begun:
            self._is_begun = True
            self._line.begin(self._number, status.ANSWER)
        self._line.send(self._number, (prefix(sum(map(len, parts))), *parts))

    def flush(self) -> None:
        """Send what was put together."""
        self._line.flush()

    def end(self, code: Status, text: str = "") -> None:
        """End the call, once all that was sent has gone."""
        if self._ended:
            return
        self._ended = True
        block = status.trailers_with(code, text)
        if self._is_begun:
            self._line.end(self._number, block)
        else:
            self._line.begin(self._number, status.ANSWER + block, end=True)
        self._line.flush()

    # What the connection does

    def refuse(self, code: int) -> None:
        """Answer what is no call of gRPC."""
        self._ended = True
        self._line.begin(self._number, status.http_error(code), end=True)

    def resumed(self) -> None:
        """Pass on that the client takes more."""
        if self._handler is not None and not self._ended:
            self._handler.resumed()

    def stop(self) -> None:
        """Have the call ended in good order."""
        if self._handler is None:
            self.end(Status.UNAVAILABLE, "shutting down")
        elif not self._ended:
            self._handler.stop()

    def closed(self) -> None:
        """Forget everything: the stream is gone."""
        self._ended = True
        self._line.holds(-self._counted)
        self._counted, self._held = 0, None
        for each in (self.timer, self.waiting):
            if each is not None:
                each.cancel()
        handler, self._handler = self._handler, None
        if handler is not None:
            handler.closed()
