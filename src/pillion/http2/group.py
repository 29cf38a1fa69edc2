"""Connections that came by the same way, and live and end together."""

import asyncio
from collections.abc import Callable
from typing import final

from pillion.http2.call import Call
from pillion.http2.limits import Limits
from pillion.http2.protocol import Http2Protocol, Names


@final
class Group:
    """Connections, each of which may be told to leave, or cut (a `protocol.Home`)."""

    __slots__ = ("_empty", "_is_closed", "_lines", "_most", "_serve", "limits")

    def __init__(self, serve: Callable[[Call], None], limits: Limits, most: int = 0) -> None:
        """Have calls served by `serve`; take `most` connections at once, or any number (0)."""
        self.limits = limits
        self._serve = serve
        self._most = most
        self._lines: dict[Http2Protocol, None] = {}
        self._is_closed = False
        self._empty: asyncio.Future[None] | None = None

    def __len__(self) -> int:
        return len(self._lines)

    def protocol(self, names: Names) -> Http2Protocol:
        """Make the protocol of a new connection; `names` tells who is at its other end, once it is made."""
        return Http2Protocol(self, names)

    def arrived(self, line: Http2Protocol, /) -> bool:
        """Take a connection in, if there is room for it; those that only wait for their clients take little."""
        if self._is_closed or (self._most and not self._has_room()):
            return False
        self._lines[line] = None
        return True

    def _has_room(self) -> bool:
        return len(self._lines) < 2 * self._most and sum(not line.is_closing for line in self._lines) < self._most

    def left(self, line: Http2Protocol, /) -> None:
        """Forget a connection."""
        self._lines.pop(line, None)
        if not self._lines and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    def serve(self, call: Call, /) -> None:
        """Begin to serve a call."""
        self._serve(call)

    def leave(self) -> None:
        """End all in good order, and take no more."""
        self._is_closed = True
        for line in list(self._lines):
            line.leave()

    def cut(self) -> None:
        """End all at once, and take no more."""
        self._is_closed = True
        for line in list(self._lines):
            line.cut()

    async def gone(self, grace: float) -> None:
        """Wait until all are over; those that are not after `grace` seconds are cut."""
        try:
            async with asyncio.timeout(grace):
                await self._until_empty()
        except TimeoutError:
            self.cut()
            await self._until_empty()

    async def _until_empty(self) -> None:
        while self._lines:
            if self._empty is None or self._empty.done():
                self._empty = asyncio.get_running_loop().create_future()
            await asyncio.shield(self._empty)
