"""Does what a reflector asks: lists and watches one collection until cancelled."""

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from typing import final

import aiohttp

from pillion.sources.kubernetes.client import JSON, LIST_METADATA_ONLY, METADATA_ONLY, ApiError, KubernetesClient
from pillion.sources.kubernetes.decoding import BrokenError, ItemDecoder
from pillion.sources.kubernetes.reflector import Delta, Event, List, Patience, Reflector, Wait, Watch
from pillion.sources.kubernetes.watched import DEFINITIONS, Watched

LONGEST_LINE = 64 << 20
SOON = 0.5
"""Seconds between looks for a collection that is about to be there."""
CUT = (aiohttp.ClientError, OSError)


@final
class Watcher:
    """Keeps up with one collection and delivers what is new, on the event loop."""

    def __init__(
        self,
        client: KubernetesClient,
        watched: Watched,
        deliver: Callable[["Watcher", Delta], None],
        patience: Patience,
    ) -> None:
        self.watched = watched
        self.reflector = Reflector(watched.kind, len(watched.paths), random.random, patience)
        self._client = client
        self._deliver = deliver
        self._patience = patience
        self._decoder = ItemDecoder(watched)
        self._poked = asyncio.Event()
        self._eager = 0
        metadata_only = watched == DEFINITIONS
        self._list_accept = LIST_METADATA_ONLY if metadata_only else JSON
        self._watch_accept = METADATA_ONLY if metadata_only else JSON

    def poke(self) -> None:
        """Look again at once, and soon after: the collection is about to be there."""
        self._eager = 10
        self._poked.set()

    async def run(self) -> None:
        """Keep up until cancelled."""
        while True:
            ask = self.reflector.ask
            try:
                match ask:
                    case Wait():
                        await self._wait(ask)
                    case List():
                        await self._list(ask)
                    case Watch():
                        await self._watch(ask)
            except ApiError as problem:
                self._say(self.reflector.failed(problem.code, problem.message, problem.retry_after))
            except BrokenError as problem:
                self._say(self.reflector.failed(500, str(problem)))

    async def _wait(self, ask: Wait) -> None:
        seconds = ask.seconds
        if self._eager:
            self._eager -= 1
            seconds = min(seconds, SOON)
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._poked.wait()
        self._poked.clear()
        self.reflector.waited()

    async def _list(self, ask: List) -> None:
        query = dict(self.watched.selector)
        if ask.limit:
            query["limit"] = str(ask.limit)
        if ask.continue_token:
            query["continue"] = ask.continue_token
        content = await self._client.request("GET", self.watched.paths[ask.served], query, accept=self._list_accept)
        self._say(self.reflector.listed(*self._decoder.page(content, ask.served)))

    async def _watch(self, ask: Watch) -> None:
        query = {
            **self.watched.selector,
            "watch": "1",
            "allowWatchBookmarks": "true",
            "resourceVersion": ask.version,
            "timeoutSeconds": str(ask.seconds),
        }
        async with self._client.stream(self.watched.paths[ask.served], query, self._watch_accept) as content:
            self.reflector.opened()
            buffer = b""
            while True:
                try:
                    async with asyncio.timeout(self._patience.silence):
                        chunk = await content.readany()
                except TimeoutError:
                    self.reflector.silent()
                    return
                except CUT:
                    chunk = b""
                if not chunk:
                    # A line that was cut is sent again, as its version was not reached.
                    self.reflector.ended()
                    return
                *lines, buffer = (buffer + chunk).split(b"\n")
                if len(buffer) > LONGEST_LINE:
                    raise BrokenError("the watch sent a line without end")
                if lines and self._take(lines, ask.served):
                    return

    def _take(self, lines: list[bytes], served: int) -> bool:
        """Hand lines on; return whether the server ends the watch with them."""
        events: list[Event] = []
        broken: BrokenError | None = None
        for line in lines:
            try:
                events.append(self._decoder.event(line, served))
            except BrokenError as problem:
                broken = problem
                break
        self._say(self.reflector.happened(events))
        if broken is not None:
            raise broken
        return not isinstance(self.reflector.ask, Watch)

    def _say(self, delta: Delta) -> None:
        self._deliver(self, delta)
