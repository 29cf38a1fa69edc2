"""Writes into the status of objects that they cannot be read, and takes that back when they can."""

import asyncio
import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, cast, final

import msgspec

from pillion.controlplane.writing.status import correction
from pillion.resources.meta import Ref
from pillion.sources.kubernetes.client import MERGE_PATCH, ApiError, KubernetesClient
from pillion.sources.kubernetes.cluster import Standing

AGAIN = 300.0
"""Seconds after which everything is looked at again: somebody may have written over it."""
SOON, LONGEST = 1.0, 60.0
"""Seconds until what failed is tried again: longer and longer."""
NOBODY = frozenset({0, 429})
"""Codes that every other request would be answered with, too."""
REVISION = "istio.io/rev"


@final
class Scribe:
    """Keeps the status of objects true."""

    def __init__(
        self, client: KubernetesClient, standings: Callable[[], Mapping[Ref, Standing]], revision: str
    ) -> None:
        """Set up; objects that are labelled for another revision, or by none for another than `default`, are left."""
        self.written = 0
        """How often a status was written."""
        self.problem = ""
        """Why the last round failed somewhere; empty when it did not."""
        self._client = client
        self._standings = standings
        self._revision = revision or "default"
        self._done: dict[Ref, Standing] = {}
        self._news = asyncio.Event()

    def look(self) -> None:
        """Look what is new."""
        self._news.set()

    async def run(self) -> None:
        """Write until cancelled. Whoever begins knows nothing of what others did."""
        self._done = {}
        pause = SOON
        while True:
            self._news.clear()
            await self._round()
            pause = min(2 * pause, LONGEST) if self.problem else SOON
            try:
                async with asyncio.timeout(pause if self.problem else AGAIN):
                    await self._news.wait()
            except TimeoutError:
                if not self.problem:
                    self._done = {}

    async def _round(self) -> None:
        standings = self._standings()
        self._done = {ref: standing for ref, standing in self._done.items() if ref in standings}
        problems: list[str] = []
        for ref, standing in standings.items():
            if self._done.get(ref) == standing:
                continue
            try:
                await self._settle(standing)
            except ApiError as problem:
                if problem.code not in {404, 409}:
                    problems.append(f"{ref}: {problem}")
                    if problem.code in NOBODY:
                        break
                    continue
                # It is another one by now, or gone: the watch tells.
            self._done[ref] = standing
        self.problem = "; ".join(problems[:3])

    async def _settle(self, standing: Standing) -> None:
        content = await self._client.request("GET", standing.path)
        try:
            document: dict[str, Any] = msgspec.json.decode(content)
        except RecursionError:
            return  # it nests too deeply to be read; the debug page tells
        metadata = cast("dict[str, Any]", document.get("metadata") or {})
        version = str(metadata.get("resourceVersion"))
        if version != standing.version or not self._is_ours(metadata.get("labels") or {}):
            return
        status = correction(document, standing.diagnostics, dt.datetime.now(dt.UTC))
        if status is not None:
            body = {"metadata": {"resourceVersion": version}, "status": status}
            await self._client.request("PATCH", f"{standing.path}/status", body=body, kind=MERGE_PATCH)
            self.written += 1

    def _is_ours(self, labels: Mapping[str, str]) -> bool:
        return labels.get(REVISION, "default") == self._revision
