"""What is wrong with a world, as only those can tell who know what a proxy makes of it.

That is: patches that Envoy cannot read, security policies that are not evaluated, and modes of mutual TLS for ports
that no workload has. A policy that is not evaluated is an error wherever it is shown, never silence: whoever wrote it
counts on it.
"""

from typing import final

from pillion.memo import Remembered
from pillion.mesh.endpoint import NO_MEMBERS
from pillion.mesh.service import Service
from pillion.mesh.snapshot import MeshSnapshot
from pillion.mesh.targets import targets_of
from pillion.mesh.workload import ServiceTarget, Workload
from pillion.proxy.patches import judge_patches
from pillion.resources.istio.security import AuthorizationPolicy, PeerAuthentication
from pillion.resources.meta import ref_of
from pillion.scope.policies import Policies, Policy, selects
from pillion.value import NO_LABELS, Diagnostic, Diagnostics, FrozenMap, Where

MOST_NAMES = 5
"""How many workloads a message names; it counts the others."""


@final
class WorldFindings:
    """Judges worlds, one after another, and remembers what it said of what did not change."""

    def __init__(self) -> None:
        self._patches = Remembered(judge_patches)
        self._policies = Remembered(_of_shelf)
        self._ports = Remembered(_ports_of_services)

    def of(self, snapshot: MeshSnapshot) -> Diagnostics:
        """Tell what is wrong with a world."""
        found = [told for shelf in snapshot.envoy_filters.values() for each in shelf for told in self._patches(each)]
        root = snapshot.settings.root_namespace
        for shelves in (snapshot.authorization_policies, snapshot.request_authentications):
            for home, shelf in shelves.items():
                here = FrozenMap({home: snapshot.workloads.get(home, ())})
                found.extend(self._policies(shelf, snapshot.workloads if home == root else here))
        for home, authentications in snapshot.peer_authentications.items():
            levels = tuple(each for each in authentications if each.spec.port_level_mtls and each.spec.selector)
            if levels and home != root:  # in the root namespace, none with a selector counts
                there = snapshot.services.get(home, ()), snapshot.workloads.get(home, ())
                found.extend(self._ports(levels, *there))
        self._patches.sweep()
        self._policies.sweep()
        self._ports.sweep()
        return tuple(found)


def _of_shelf(shelf: tuple[Policy, ...], workloads: FrozenMap[tuple[Workload, ...]]) -> Diagnostics:
    return tuple(_unenforced(each, _selected(each, workloads)) for each in shelf)


def unenforced(policies: Policies) -> Diagnostics:
    """Tell which policies select a workload and are not evaluated by its proxy."""
    return tuple(_unenforced(each, "this workload") for each in policies.every)


def judge_policy(policy: Policy) -> Diagnostics:
    """Tell that a policy is not evaluated, whatever it selects."""
    return (_unenforced(policy, "workloads"),)


def _unenforced(policy: Policy, selected: str) -> Diagnostic:
    kind = "AuthorizationPolicy" if isinstance(policy, AuthorizationPolicy) else "RequestAuthentication"
    unchecked = (
        "no request is refused because of it" if kind == "AuthorizationPolicy" else "no token is asked for or checked"
    )
    return Diagnostic(
        code="policy-not-evaluated",
        severity="error",
        message=f"it selects {selected}, and {kind} is not evaluated yet: {unchecked}",
        where=Where(resource=str(ref_of(policy)), path=("spec",)),
        hint="do not rely on it: keep the workload out of reach by other means",
    )


def _ports_of_services(
    authentications: tuple[PeerAuthentication, ...], services: tuple[Service, ...], workloads: tuple[Workload, ...]
) -> Diagnostics:
    """Tell of ports that only a Service has: the workloads behind it listen on another one."""
    found: list[Diagnostic] = []
    for each in authentications:
        labels = each.spec.selector.match_labels if each.spec.selector else NO_LABELS
        selected = [workload for workload in workloads if labels and workload.labels.covers(labels)]
        targets = [target for workload in selected for target in targets_of(workload, services, NO_MEMBERS)]
        taken = {target.target_port for target in targets}
        taken |= {port.number for workload in selected for port in workload.ports}
        fronts: dict[int, list[ServiceTarget]] = {}
        for target in targets:
            fronts.setdefault(target.port.number, []).append(target)
        found.extend(
            _port_of_service(each, fronts[int(port)])
            for port in each.spec.port_level_mtls
            if int(port) in fronts and int(port) not in taken
        )
    return tuple(found)


def _port_of_service(authentication: PeerAuthentication, targets: list[ServiceTarget]) -> Diagnostic:
    number, service = targets[0].port.number, targets[0].service
    meant = " or ".join(str(port) for port in sorted({each.target_port for each in targets}))
    return Diagnostic(
        code="port-of-service",
        severity="warning",
        message=f"{number} is a port of Service {service.namespace}/{service.name}, the workloads behind it listen on "
        f"{meant}: this decides nothing",
        where=Where(resource=str(ref_of(authentication)), path=("spec", "portLevelMtls", str(number))),
        hint=f"name the workload's port, {meant}",
    )


def _selected(policy: Policy, workloads: FrozenMap[tuple[Workload, ...]]) -> str:
    """Name those of the workloads that a policy selects."""
    every = (each for shelf in workloads.values() for each in shelf)
    names = [f"{each.namespace}/{each.name}" for each in every if selects(policy, each.labels)]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return (", ".join(names[:MOST_NAMES]) + more) if names else "no workload that is there now"
