"""The scopes of a world, and from one world to the next: what read nothing that changed stays in force."""

from collections.abc import Mapping

from pillion.memo import Kept
from pillion.mesh.service import Service
from pillion.mesh.snapshot import Changes, MeshSnapshot, changes_between
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.meta import Ref, ref_of
from pillion.scope.build import build_scope
from pillion.scope.input import Reads, ServiceShelf, egress_hosts, reads_of, scope_input
from pillion.scope.model import SidecarScope
from pillion.scope.selection import sidecar_for
from pillion.value import FrozenMap, Labels


class Scopes:
    """Gives the scope of any workload in a world, remembering those of the world before."""

    def __init__(self) -> None:
        self.scopes = Kept(build_scope)
        self._inputs = Kept(scope_input)
        self._snapshot: MeshSnapshot | None = None
        self._in_force: dict[tuple[str, Sidecar | None], tuple[SidecarScope, Reads]] = {}
        self._entries = Kept(egress_hosts)
        self._hosts = Kept(_by_host)
        self._by_host: Mapping[str, list[Service]] = {}

    def turn_to(self, snapshot: MeshSnapshot) -> Changes:
        """Go on to another world, and say what differs in it; what read nothing of that stays in force."""
        before, self._snapshot = self._snapshot, snapshot
        changes = changes_between(before, snapshot) if before else Changes(everything=True)
        self._in_force = {key: found for key, found in self._in_force.items() if not found[1].touched(changes)}
        self._by_host = self._hosts("", snapshot.services)
        return changes

    def of(self, snapshot: MeshSnapshot, namespace: str, labels: Labels) -> SidecarScope:
        """Give the scope of the workloads with these labels in that namespace."""
        return self.read(snapshot, namespace, labels)[0]

    def read(self, snapshot: MeshSnapshot, namespace: str, labels: Labels) -> tuple[SidecarScope, Reads]:
        """Give the scope of the workloads with these labels in that namespace, and what it was made from."""
        if snapshot is not self._snapshot:
            self.turn_to(snapshot)
        sidecar = sidecar_for(snapshot, namespace, labels)
        found = self._in_force.get((namespace, sidecar))
        if found is None:
            key = _name(namespace, sidecar)
            entries = self._entries(key, sidecar, namespace)
            given = self._inputs(key, snapshot, (namespace, sidecar), entries, self._by_host)
            found = self._in_force[namespace, sidecar] = (self.scopes(key, given), reads_of(given, entries))
        return found

    def sweep(self) -> None:
        """Forget the scopes that are not in force."""
        names = {_name(*key) for key in self._in_force}
        for kept in (self.scopes, self._inputs, self._entries):
            kept.keep(names)


def _name(namespace: str, sidecar: Sidecar | None) -> tuple[str, Ref | None]:
    return namespace, ref_of(sidecar) if sidecar else None


def _by_host(shelves: FrozenMap[ServiceShelf]) -> Mapping[str, list[Service]]:
    found: dict[str, list[Service]] = {}
    for shelf in shelves.values():
        for service in shelf:
            found.setdefault(service.hostname, []).append(service)
    return found
