"""Writes the addresses that ServiceEntries are given into their status."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, cast, final

import msgspec

from pillion.controlplane.writing.allocation import allocate, claim_of
from pillion.controlplane.writing.scribe import LONGEST, NOBODY, SOON
from pillion.memo import Kept
from pillion.resources.istio.service_entry import ServiceEntry, ServiceEntryAddress
from pillion.resources.meta import Ref, ref_of
from pillion.sources.kubernetes.client import MERGE_PATCH, ApiError, KubernetesClient

Addresses = tuple[ServiceEntryAddress, ...]
ENTRY = ServiceEntry.__name__


@final
class Allocator:
    """Gives addresses to those that have none."""

    def __init__(
        self,
        client: KubernetesClient,
        entries: Callable[[], Sequence[ServiceEntry] | None],
        place: Callable[[Ref], str],
    ) -> None:
        """Set up.

        Args:
            client: an entered client.
            entries: gives the entries of the cluster, oldest first; None while they are not known.
            place: tells where an object is served.
        """
        self.problem = ""
        """Why the last round failed somewhere; empty when it did not."""
        self.claims = Kept(claim_of)
        """Reads an entry once, until it is another one."""
        self._client = client
        self._entries = entries
        self._place = place
        self._news = asyncio.Event()
        self._ahead: dict[Ref, tuple[Addresses, Addresses]] = {}
        """What was written and is not heard of yet: as it was, and as it is."""

    def look(self) -> None:
        """Look what is new."""
        self._news.set()

    async def run(self) -> None:
        """Give addresses until cancelled."""
        self._ahead = {}
        pause = SOON
        while True:
            self._news.clear()
            await self._round()
            pause = min(2 * pause, LONGEST) if self.problem else SOON
            try:
                async with asyncio.timeout(pause if self.problem else None):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _round(self) -> None:
        entries = self._entries()
        if entries is None:
            return
        current = {ref_of(each): each for each in map(self._as_written, entries)}
        self._ahead = {ref: written for ref, written in self._ahead.items() if ref in current}
        problems: list[str] = []
        claims = [self.claims(ref, each) for ref, each in current.items()]
        self.claims.keep(current)
        for ref, wanted in allocate(claims).items():
            try:
                await self._write(ref, current[ref].status.addresses, wanted)
            except ApiError as problem:
                # When it is gone or another one by now, the watch tells.
                if problem.code not in {404, 409}:
                    problems.append(f"{ref}: {problem}")
                    if problem.code in NOBODY:
                        break
        self.problem = "; ".join(problems[:3])

    def _as_written(self, entry: ServiceEntry) -> ServiceEntry:
        ref = ref_of(entry)
        written = self._ahead.get(ref)
        if written is None:
            return entry
        before, after = written
        if entry.status.addresses != before:
            del self._ahead[ref]
            return entry
        return msgspec.structs.replace(entry, status=msgspec.structs.replace(entry.status, addresses=after))

    async def _write(self, ref: Ref, before: Addresses, after: Addresses) -> None:
        path = self._place(ref)
        content = await self._client.request("GET", path)
        try:
            document: dict[str, Any] = msgspec.json.decode(content)
        except RecursionError:
            return  # an old definition let in what nests too deeply to be read
        status = cast("dict[str, Any]", document.get("status") or {})
        if _addresses(status) != before:
            return  # the watch is behind
        version = cast("dict[str, Any]", document["metadata"])["resourceVersion"]
        given = [{"host": each.host, "value": each.value} for each in after]
        body = {"metadata": {"resourceVersion": version}, "status": {"addresses": given}}
        await self._client.request("PATCH", f"{path}/status", body=body, kind=MERGE_PATCH)
        self._ahead[ref] = (before, after)


def _addresses(status: dict[str, Any]) -> Addresses:
    try:
        return msgspec.convert(status.get("addresses") or [], Addresses, strict=False)
    except msgspec.ValidationError:
        return ()
