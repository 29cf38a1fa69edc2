"""What is wrong with a world, as only those can tell who know what a proxy makes of it.

That is: patches that Envoy cannot read, and security policies that are not evaluated. Such a policy is an error
wherever it is shown, never silence: whoever wrote it counts on it.
"""

from typing import final

from pillion.memo import Remembered
from pillion.mesh.snapshot import MeshSnapshot
from pillion.mesh.workload import Workload
from pillion.proxy.patches import judge_patches
from pillion.resources.istio.security import AuthorizationPolicy
from pillion.resources.meta import ref_of
from pillion.scope.policies import Policies, Policy, selects
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Where

MOST_NAMES = 5
"""How many workloads a message names; it counts the others."""


@final
class WorldFindings:
    """Judges worlds, one after another, and remembers what it said of what did not change."""

    def __init__(self) -> None:
        self._patches = Remembered(judge_patches)
        self._policies = Remembered(_of_shelf)

    def of(self, snapshot: MeshSnapshot) -> Diagnostics:
        """Tell what is wrong with a world."""
        found = [told for shelf in snapshot.envoy_filters.values() for each in shelf for told in self._patches(each)]
        root = snapshot.settings.root_namespace
        for shelves in (snapshot.authorization_policies, snapshot.request_authentications):
            for home, shelf in shelves.items():
                here = FrozenMap({home: snapshot.workloads.get(home, ())})
                found.extend(self._policies(shelf, snapshot.workloads if home == root else here))
        self._patches.sweep()
        self._policies.sweep()
        return tuple(found)


def _of_shelf(shelf: tuple[Policy, ...], workloads: FrozenMap[tuple[Workload, ...]]) -> Diagnostics:
    return tuple(_unenforced(each, _selected(each, workloads)) for each in shelf)


def unenforced(policies: Policies) -> Diagnostics:
    """Tell which policies select a workload and are not evaluated by its proxy."""
    return tuple(_unenforced(each, "this workload") for each in policies.every)


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


def _selected(policy: Policy, workloads: FrozenMap[tuple[Workload, ...]]) -> str:
    """Name those of the workloads that a policy selects."""
    every = (each for shelf in workloads.values() for each in shelf)
    names = [f"{each.namespace}/{each.name}" for each in every if selects(policy, each.labels)]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return (", ".join(names[:MOST_NAMES]) + more) if names else "no workload that is there now"
