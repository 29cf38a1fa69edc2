"""All that the leader writes, put together."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Protocol, final

import msgspec

from pillion.controlplane.writing.allocator import Allocator
from pillion.controlplane.writing.guardian import Charge, Guardian
from pillion.controlplane.writing.leader import Leader, Post
from pillion.controlplane.writing.lease import Terms
from pillion.controlplane.writing.scribe import Scribe
from pillion.pki.kept import Kept
from pillion.resources.istio.service_entry import ServiceEntry
from pillion.resources.meta import Ref
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.cluster import Standing
from pillion.sources.kubernetes.reflector import Patience
from pillion.value import Value

ALLOCATION = "pillion-ip-autoallocate"
"""The Lease of who gives addresses."""


class Duties(Value):
    """What is to be written, and by whom."""

    post: Post
    charge: Charge
    status: bool = True
    """Say in the status of objects that they cannot be read."""
    allocation: bool = True
    """Give addresses to ServiceEntries without any."""
    terms: Terms = Terms()
    patience: Patience = Patience()


class World(Protocol):
    """What the writers look at."""

    def standings(self) -> Mapping[Ref, Standing]:
        """Tell of objects that cannot be read, and of those whose status says so."""
        ...

    def entries(self) -> Sequence[ServiceEntry] | None:
        """Give the ServiceEntries, oldest first; None while they are not known."""
        ...

    def place(self, ref: Ref) -> str:
        """Tell where an object is served."""
        ...

    def kept(self) -> Kept | None:
        """Tell our authority and whom to trust; None while that is not known."""
        ...


@final
class Writers:
    """Writes while it is our turn."""

    def __init__(self, client: KubernetesClient, duties: Duties, world: World) -> None:
        self.scribe = Scribe(client, world.standings, duties.charge.revision)
        self.guardian = Guardian(client, duties.charge, world.kept, duties.patience)
        self.leader = Leader(client, duties.post, self._work, duties.terms)
        self.allocator = Allocator(client, world.entries, world.place)
        # All revisions give addresses to the same entries: one of all their replicas does.
        shared = msgspec.structs.replace(duties.post, name=ALLOCATION, revision="")
        self.allocating = Leader(client, shared, self.allocator.run, duties.terms)
        self._duties = duties

    def problems(self) -> dict[str, str]:
        """Tell what could not be written, by what it was."""
        found = {"Lease": self.leader.problem}
        if self.leader.leading:
            found |= {"status": self.scribe.problem, "webhooks": self.guardian.problem}
        if self.allocating.leading:
            found["addresses"] = self.allocator.problem
        return {what: problem for what, problem in found.items() if problem}

    async def run(self) -> None:
        """Write whenever it is our turn, until cancelled; without anything to write, ask for no Lease."""
        async with asyncio.TaskGroup() as tasks:
            if self._duties.status or self._has_charge:
                tasks.create_task(self.leader.run())
            if self._duties.allocation:
                tasks.create_task(self.allocating.run())

    @property
    def _has_charge(self) -> bool:
        return bool(self._duties.charge.validator or self._duties.charge.injector)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self._duties.status:
                tasks.create_task(self.scribe.run())
            if self._has_charge:
                tasks.create_task(self.guardian.run())
