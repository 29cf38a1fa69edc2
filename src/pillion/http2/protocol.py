"""One connection on asyncio's event loop: bytes from the transport to calls, and back.

Everything that a batch of bytes leads to is put together and written at once. A client that does not read fills its
own windows and its own transport, and nothing else.
"""

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Any, Protocol, cast, final

from pillion.http2 import status
from pillion.http2.call import Call
from pillion.http2.connection import Connection
from pillion.http2.events import DataReceived, Event, Leaving, RequestReceived, StreamReset, Terminated
from pillion.http2.fields import Request
from pillion.http2.limits import Limits
from pillion.http2.sending import Sending
from pillion.http2.status import Status

LOG = logging.getLogger(__name__)
HIGH_WATER = 1 << 16
"""Bytes in the transport's buffer from which on it takes no more data."""
MOST_UNSENT = 1 << 20
"""Bytes there that a connection may have. Data does not come to that; answers that a client makes us give may."""
MOST_IGNORED = 1 << 20
"""Bytes that a client may send when we do not listen any more: its windows, which are open yet, take far less."""
Names = Callable[[asyncio.Transport], str | None]
"""Names who is at the other end of a connection; None for a stranger."""


class Home(Protocol):
    """Where connections live."""

    limits: Limits

    def arrived(self, line: "Http2Protocol", /) -> bool:
        """Learn of a connection; return whether there is room for it."""
        ...

    def left(self, line: "Http2Protocol", /) -> None:
        """Learn that a connection is over."""
        ...

    def serve(self, call: Call, /) -> None:
        """Begin to serve a call: accept it, end it, or accept it later."""
        ...


@final
class Http2Protocol(asyncio.Protocol):
    """The server's side of one connection (a `call.Line`)."""

    __slots__ = (
        "_age", "_asked", "_caller", "_calls", "_client_leaves", "_connection", "_heard", "_held", "_home",
        "_idle_since", "_ignored", "_is_busy", "_is_closing", "_is_leaving", "_names", "_sending", "_timer",
        "_transport",
    )  # fmt: skip

    def __init__(self, home: Home, names: Names) -> None:
        self._home = home
        self._names = names
        self._sending = Sending()
        self._connection = Connection(self._sending, home.limits.streams)
        self._transport: asyncio.Transport | None = None
        self._caller: str | None = None
        self._calls: dict[int, Call] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._age = 0.0
        """When the connection is too old, by the loop's clock."""
        self._idle_since = 0.0
        self._heard = True
        self._asked = False
        """The client was asked whether it is there."""
        self._held = 0
        self._is_busy = False
        """What is to be sent is put together yet."""
        self._ignored = 0
        """Bytes that came when nobody listened any more."""
        self._client_leaves = False
        """The client begins no more calls."""
        self._is_leaving = False
        """We take no more calls."""
        self._is_closing = False
        """Nothing that comes is listened to any more."""

    @property
    def is_closing(self) -> bool:
        """Whether all is said; only the client is waited for."""
        return self._is_closing

    # What the transport says

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the client's first words, but not for ever."""
        self._transport = cast(asyncio.Transport, transport)
        if not self._home.arrived(self):
            self._is_closing = True
            self._transport.abort()
            return
        self._transport.set_write_buffer_limits(high=HIGH_WATER)
        limits, now = self._home.limits, asyncio.get_running_loop().time()
        self._idle_since = now
        if limits.age:
            self._age = now + limits.age * random.uniform(0.9, 1.1)  # noqa: S311 (so that not all come at once)
        self._wait(limits.first, self._expect_client)
        self._caller = self._names(self._transport)

    def data_received(self, data: bytes) -> None:
        """Take bytes in."""
        if self._is_closing:
            self._ignored += len(data)
            if self._ignored > MOST_IGNORED:
                self.cut()
            return
        self._heard = True
        was_busy, self._is_busy = self._is_busy, True
        for event in self._connection.receive(data):
            self._follow(event)
        self._is_busy = was_busy
        self.flush()

    def pause_writing(self) -> None:
        """Send no data for a while."""
        self._sending.outbox.held = True

    def resume_writing(self) -> None:
        """Send what waited, soon: the transport is amid its own writing, and must not be told to end there."""
        self._sending.outbox.held = False
        asyncio.get_running_loop().call_soon(self._resume)

    def _resume(self) -> None:
        if self._is_closing:
            self._take_leave()
            return
        self.flush()
        for call in list(self._calls.values()):
            if call.ready:  # others hear of it when what they have sent is gone
                self._guard(call, call.resumed)

    def connection_lost(self, exc: Exception | None) -> None:
        """End all calls."""
        self._still()
        self._transport = None
        self._is_closing = True
        self._end_calls()
        self._home.left(self)

    # What the client says

    def _follow(self, event: Event) -> None:
        match event:
            case DataReceived():
                call = self._calls.get(event.stream)
                if call is not None:
                    self._guard(call, call.take, event)
            case RequestReceived():
                self._begin(event)
            case StreamReset():
                self._forget(event.stream)
            case Leaving():
                self._client_leaves = True
            case Terminated():
                LOG.debug("a connection of %s ends: %s", self._caller, event.text)
                self._end_calls()
            case _:
                pass

    def _begin(self, event: RequestReceived) -> None:
        request = event.request
        limits = self._home.limits
        call = self._calls[event.stream] = Call(self, event.stream, request, self._caller, limits.message)
        refused = _refused(request)
        if refused:
            call.refuse(refused)
            return
        timeout = request.get("grpc-timeout")
        patience = status.seconds_in(timeout) if timeout else None
        if timeout and patience is None:
            call.end(Status.INTERNAL, "grpc-timeout cannot be read")
            return
        if patience is not None:
            late = (Status.DEADLINE_EXCEEDED, "the client's time is over")
            call.timer = asyncio.get_running_loop().call_later(patience, call.end, *late)
        self._guard(call, self._home.serve, call)
        if event.ended and not call.is_over:
            self._guard(call, call.take, DataReceived(event.stream, b"", 0, ended=True))

    def _guard(self, call: Call, act: Callable[..., None], *words: Any) -> None:
        """Let a fault of whoever serves a call cost that call alone."""
        try:
            act(*words)
        except Exception:
            LOG.exception("a call cannot be served")
            call.end(Status.INTERNAL, "internal error")

    # What calls need (a `call.Line`)

    def begin(self, number: int, block: bytes, *, end: bool = False) -> None:
        """Send the head of an answer."""
        self._sending.head(number, block, end=end)
        if end:
            self._forget(number)

    def send(self, number: int, parts: tuple[bytes, ...]) -> None:
        """Send content."""
        self._sending.data(number, parts)

    def end(self, number: int, block: bytes) -> None:
        """Send trailers, after all content."""
        self._sending.trailers(number, block)
        if number not in self._sending.streams:
            self._forget(number)

    def used(self, number: int, size: int) -> None:
        """Let the client send on."""
        self._sending.used(number, size)

    def is_free(self, number: int) -> bool:
        """Return whether content goes at once, as far as we know."""
        return not self._sending.outbox.held and self._sending.is_free(number)

    def holds(self, change: int) -> bool:
        """Note how much more is held of messages that are not complete; return whether that may be."""
        self._held += change
        return change <= 0 or self._held <= self._home.limits.message

    def flush(self) -> None:
        """Send what was put together."""
        if self._is_busy or self._transport is None:
            return
        self._is_busy = True
        try:
            while self._write():
                pass
        finally:
            self._is_busy = False
        if self._connection.is_over or ((self._is_leaving or self._client_leaves) and not self._calls):
            self._close()

    def _write(self) -> bool:
        """Write what may go now; return whether there was any."""
        drained = self._sending.pump()
        ready = self._connection.take()
        if self._transport is None or not ready:
            return False
        if len(ready) == 1:
            self._transport.write(ready[0])
        else:
            self._transport.writelines(ready)
        if self._transport.get_write_buffer_size() > MOST_UNSENT:
            LOG.debug("a connection of %s ends: it asks and does not read", self._caller)
            self.cut()
        if self._transport.is_closing():
            return False  # nothing goes any more, though nothing seems to be in the way
        for each in drained:
            if each.ended:
                self._forget(each.stream)
            elif (call := self._calls.get(each.stream)) is not None:
                self._guard(call, call.resumed)
        return True

    def _forget(self, number: int) -> None:
        call = self._calls.pop(number, None)
        if call is not None:
            self._idle_since = asyncio.get_running_loop().time()
            self._guard(call, call.closed)

    def _end_calls(self) -> None:
        for number in list(self._calls):
            self._forget(number)

    # The end

    def leave(self) -> None:
        """End all calls in good order, take no more, and go when they are over."""
        if self._is_leaving or self._is_closing:
            return
        self._is_leaving = True
        self._wait(self._home.limits.farewell, self.cut)
        was_busy, self._is_busy = self._is_busy, True
        self._connection.leave()  # first: who sees a call end is not to begin another one here
        for call in list(self._calls.values()):
            self._guard(call, call.stop)
        self._is_busy = was_busy
        self.flush()

    def cut(self) -> None:
        """End the connection at once."""
        self._is_closing = True
        if self._transport is not None:
            self._transport.abort()

    def _close(self) -> None:
        """Say that all is said, and wait for the client to go, but not for ever.

        To close at once would lose what is on its way: a socket that is closed while there is something to read resets
        the connection.
        """
        if not self._is_closing and self._transport is not None:
            self._is_closing = True
            self._wait(self._home.limits.farewell, self.cut)
            self._transport.set_write_buffer_limits(high=0)  # `resume_writing` tells when all is sent
            self._take_leave()

    def _take_leave(self) -> None:
        if self._transport is not None and not self._transport.get_write_buffer_size():
            try:
                self._transport.write_eof()
            except OSError:  # the client is gone already
                self.cut()

    # Time

    def _wait(self, seconds: float, act: Callable[[], None]) -> None:
        self._still()
        self._timer = asyncio.get_running_loop().call_later(seconds, act)

    def _still(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expect_client(self) -> None:
        if self._connection.is_ready:
            self._tick()
        else:
            self.cut()

    def _tick(self) -> None:
        """Look after the connection: is anybody there, is it idle, is it too old."""
        if self._is_leaving or self._is_closing:
            return
        limits, now = self._home.limits, asyncio.get_running_loop().time()
        self._connection.tick()
        if (self._age and now >= self._age) or (not self._calls and now - self._idle_since >= limits.idle):
            self.leave()
            return
        if self._asked and not self._heard:
            self.cut()
            return
        self._asked = not self._heard
        self._heard = False
        pause = limits.answer if self._asked else limits.silence
        if self._age:
            pause = max(min(pause, self._age - now), 0.01)
        self._wait(pause, self._tick)
        if self._asked:
            self._connection.ping()
            self.flush()


def _refused(request: Request) -> int:
    """Tell by which status of HTTP a request is refused that is no call of gRPC; 0 for none."""
    if request.method != "POST":
        return 405
    kind = request.get("content-type")
    return 0 if kind == "application/grpc" or kind.startswith(("application/grpc+", "application/grpc;")) else 415
