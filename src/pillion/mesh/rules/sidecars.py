"""The Sidecars of a namespace, in the order in which they are asked whether they cover a workload."""

from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.meta import ref_of
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Where


def in_order(sidecars: tuple[Sidecar, ...]) -> tuple[Sidecar, ...]:
    """Put those with a workloadSelector first; within each half the oldest comes first, as Istio asks them."""
    return tuple(sorted(sidecars, key=_precedence))


def conflicts(shelves: FrozenMap[tuple[Sidecar, ...]], root_namespace: str) -> Diagnostics:
    """Warn about Sidecars that never count: a second one without selector, and selectors in the root namespace."""
    found: list[Diagnostic] = []
    for namespace, shelf in shelves.items():
        general = [each for each in shelf if each.spec.workload_selector is None]
        found.extend(
            Diagnostic(
                code="sidecar-shadowed",
                severity="warning",
                message=(
                    f"namespace {namespace} has several Sidecars without workloadSelector: the oldest, "
                    f"{general[0].metadata.name}, is in force and {each.metadata.name} never counts"
                ),
                where=Where(resource=str(ref_of(each)), path=("spec", "workloadSelector")),
                hint="give it a workloadSelector or merge the two",
            )
            for each in general[1:]
        )
        if namespace == root_namespace:
            found.extend(_root_selector(each) for each in shelf if each.spec.workload_selector is not None)
    return tuple(found)


def _root_selector(sidecar: Sidecar) -> Diagnostic:
    namespace = sidecar.metadata.namespace
    return Diagnostic(
        code="root-sidecar-with-selector",
        severity="warning",
        message=f"with a workloadSelector it covers only workloads of the root namespace {namespace} itself",
        where=Where(resource=str(ref_of(sidecar)), path=("spec", "workloadSelector")),
        hint="leave the selector out to make it every namespace's default",
    )


def _precedence(sidecar: Sidecar) -> tuple[bool, str, str]:
    metadata = sidecar.metadata
    return sidecar.spec.workload_selector is None, metadata.creation_timestamp, metadata.name
