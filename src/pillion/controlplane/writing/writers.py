"""All that the leader writes, put together."""

import asyncio
from collections.abc import Callable, Mapping
from typing import final

from pillion.controlplane.writing.guardian import Charge, Guardian
from pillion.controlplane.writing.leader import Leader, Post
from pillion.controlplane.writing.lease import Terms
from pillion.controlplane.writing.scribe import Scribe
from pillion.pki.kept import Kept
from pillion.resources.meta import Ref
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.cluster import Standing
from pillion.sources.kubernetes.reflector import Patience
from pillion.value import Value


class Duties(Value):
    """What is to be written, and by whom."""

    post: Post
    charge: Charge
    status: bool = True
    """Say in the status of objects that they cannot be read."""
    terms: Terms = Terms()
    patience: Patience = Patience()


@final
class Writers:
    """Writes while it is our turn."""

    def __init__(
        self,
        client: KubernetesClient,
        duties: Duties,
        standings: Callable[[], Mapping[Ref, Standing]],
        kept: Callable[[], Kept | None],
    ) -> None:
        """Set up; `standings` tells of objects that cannot be read, `kept` whom to trust."""
        self.scribe = Scribe(client, standings, duties.charge.revision)
        self.guardian = Guardian(client, duties.charge, kept, duties.patience)
        self.leader = Leader(client, duties.post, self._work, duties.terms)
        self._duties = duties

    def problems(self) -> dict[str, str]:
        """Tell what could not be written, by what it was."""
        found = {"Lease": self.leader.problem}
        if self.leader.leading:
            found |= {"status": self.scribe.problem, "webhooks": self.guardian.problem}
        return {what: problem for what, problem in found.items() if problem}

    async def run(self) -> None:
        """Write whenever it is our turn, until cancelled; without anything to write, ask for no Lease."""
        if self._duties.status or self._has_charge:
            await self.leader.run()

    @property
    def _has_charge(self) -> bool:
        return bool(self._duties.charge.validator or self._duties.charge.injector)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            if self._duties.status:
                tasks.create_task(self.scribe.run())
            if self._has_charge:
                tasks.create_task(self.guardian.run())
