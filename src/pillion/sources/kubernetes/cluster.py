"""A cluster as a source: one watcher a collection, and what is new in all of them handed on together.

The first hand-over waits until every collection is known, so that nobody is told of half a world.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, final

from pillion.resources.meta import HasMetadata, Ref
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.reflector import Delta, Patience, ReflectorStatus
from pillion.sources.kubernetes.watched import DEFINITIONS, Watched
from pillion.sources.kubernetes.watcher import Watcher
from pillion.value import Diagnostics

Deliver = Callable[[tuple[HasMetadata, ...], tuple[Ref, ...]], None]


class Standing(NamedTuple):
    """How it stands with one object."""

    version: str
    path: str
    """Where it is served."""
    diagnostics: Diagnostics
    """Why it cannot be read; nothing when it can."""


@final
class Cluster:
    """Keeps up with collections of an API server."""

    def __init__(
        self,
        client: KubernetesClient,
        collections: Iterable[Watched],
        deliver: Deliver,
        patience: Patience | None = None,
        stirred: Callable[[], None] = lambda: None,
    ) -> None:
        """Set up the watchers.

        Args:
            client: an entered client.
            collections: what to watch.
            deliver: takes what is new and what is gone, on the event loop; first when everything is known.
            patience: how long to wait for what.
            stirred: is called whenever something was heard, be it only of an object that cannot be read.
        """
        times = patience or Patience()
        self._deliver = deliver
        self._stirred = stirred
        self._watchers = [Watcher(client, each, self._heard, times) for each in collections]
        self._definitions = Watcher(client, DEFINITIONS, self._defined, times)
        self._changed: dict[Ref, HasMetadata] = {}
        self._synced = asyncio.Event()

    async def run(self) -> None:
        """Keep up until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watcher in self._watchers:
                tasks.create_task(watcher.run())
            if any(watcher.watched.optional for watcher in self._watchers):
                tasks.create_task(self._definitions.run())

    async def synced(self) -> None:
        """Wait until every collection was known once, and delivered."""
        await self._synced.wait()

    @property
    def is_synced(self) -> bool:
        """Whether every collection was known once, and delivered."""
        return self._synced.is_set()

    def statuses(self) -> tuple[ReflectorStatus, ...]:
        """Tell how far each collection is."""
        return tuple(watcher.reflector.status for watcher in self._watchers)

    def refused(self) -> Mapping[Ref, Diagnostics]:
        """Tell which objects cannot be read, and why. They count as if they were not there."""
        return {
            Ref(kind=watcher.watched.kind, namespace=namespace, name=name): why
            for watcher in self._watchers
            for (namespace, name), why in watcher.reflector.refused.items()
        }

    def standings(self) -> Mapping[Ref, Standing]:
        """Tell how it stands with objects that cannot be read, and with those whose status says so."""
        found: dict[Ref, Standing] = {}
        for watcher in self._watchers:
            reflector, watched = watcher.reflector, watcher.watched
            for key in sorted(reflector.marked | reflector.refused.keys()):
                ref = Ref(kind=watched.kind, namespace=key[0], name=key[1])
                path = watched.path_of(reflector.served, *key)
                found[ref] = Standing(reflector.version_of(key), path, reflector.refused.get(key, ()))
        return found

    def place(self, ref: Ref) -> str:
        """Tell where an object of a watched collection is served. Raises `KeyError`."""
        watcher = next((each for each in self._watchers if each.watched.kind == ref.kind), None)
        if watcher is None:
            raise KeyError(ref.kind)
        return watcher.watched.path_of(watcher.reflector.served, ref.namespace, ref.name)

    def _heard(self, _: Watcher, delta: Delta) -> None:
        self._stirred()
        if self._synced.is_set():
            if delta.changed or delta.deleted:
                self._deliver(delta.changed, delta.deleted)
            return
        for ref in delta.deleted:
            self._changed.pop(ref, None)
        for resource in delta.changed:
            metadata = resource.metadata
            ref = Ref(kind=type(resource).__name__, namespace=metadata.namespace, name=metadata.name)
            self._changed[ref] = resource
        if all(watcher.reflector.synced for watcher in self._watchers):
            changed, self._changed = self._changed, {}
            self._synced.set()
            self._deliver(tuple(changed.values()), ())

    def _defined(self, _: Watcher, delta: Delta) -> None:
        """Look for the collections whose definitions came or changed."""
        names = {each.metadata.name for each in delta.changed} | {ref.name for ref in delta.deleted}
        for watcher in self._watchers:
            if watcher.watched.definition in names and watcher.reflector.status.phase == "absent":
                watcher.poke()
