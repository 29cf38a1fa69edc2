"""Whether a Gateway, a Sidecar or an EnvoyFilter is for a workload, and because of which line.

The labels of all three must all be on the workload. Where workloads are looked for differs: a Sidecar's and an
EnvoyFilter's are those of the resource's namespace, in the root namespace those of every one (but a Sidecar there that
has a selector covers the root namespace's own); a Gateway's are those of every namespace, unless the mesh is set to
look in the Gateway's own (Istio's `PILOT_SCOPE_GATEWAY_TO_NAMESPACE`).
"""

from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.gateway import Gateway
from pillion.resources.istio.sidecar import Sidecar
from pillion.scope.attachment import attaches
from pillion.value import Labels, Path, Value

NAMESPACE: Path = ("metadata", "namespace")
SELECTOR: Path = ("spec", "workloadSelector")


class Selection(Value):
    """Whether a resource is for a workload, and why."""

    selects: bool
    because: str
    """A sentence without a full stop."""
    path: Path
    """The field that decides."""


def selected(
    resource: Gateway | Sidecar | EnvoyFilter, namespace: str, labels: Labels, settings: MeshSettings
) -> Selection:
    """Say whether a resource is for a workload of a namespace with these labels.

    Of a Sidecar this says that it covers the workload; which one of several is in force says `sidecar_for`.
    """
    match resource:
        case Gateway():
            return _gateway(resource, namespace, labels, settings)
        case Sidecar():
            chooser = resource.spec.workload_selector
            everywhere = resource.metadata.namespace == settings.root_namespace and chooser is None
            return _selection(resource, namespace, labels, chooser.labels if chooser else None, everywhere=everywhere)
        case EnvoyFilter():
            if resource.spec.target_refs and not attaches(None, resource.spec.target_refs, labels):
                return _no("its targetRefs name gateways, and the workload is none of these", ("spec", "targetRefs"))
            chooser = resource.spec.workload_selector
            everywhere = resource.metadata.namespace == settings.root_namespace
            return _selection(resource, namespace, labels, chooser.labels if chooser else None, everywhere=everywhere)


def _gateway(gateway: Gateway, namespace: str, labels: Labels, settings: MeshSettings) -> Selection:
    home = gateway.metadata.namespace
    if settings.gateways_by_namespace and home != namespace:
        return _no(f"the mesh looks for a Gateway's workloads in its own namespace {home}", NAMESPACE)
    return _by_labels(gateway.spec.selector, labels, ("spec", "selector"))


def _selection(
    resource: Sidecar | EnvoyFilter, namespace: str, labels: Labels, chooser: Labels | None, *, everywhere: bool
) -> Selection:
    home = resource.metadata.namespace
    if home != namespace and not everywhere:
        return _no(f"it is for workloads of its own namespace {home}", NAMESPACE)
    if chooser is not None:
        return _by_labels(chooser, labels, (*SELECTOR, "labels"))
    reach = "every namespace" if everywhere else f"namespace {home}"
    return Selection(
        selects=True, because=f"without workloadSelector it is for all workloads of {reach}", path=SELECTOR
    )


def _by_labels(chooser: Labels, labels: Labels, path: Path) -> Selection:
    for key, value in chooser.items():
        if labels.get(key) != value:
            has = f"{key}={labels[key]}" if key in labels else f"no label {key}"
            return _no(f"it selects {key}={value}, and the workload has {has}", (*path, key))
    said = ", ".join(f"{key}={value}" for key, value in chooser.items())
    because = f"the workload has {said}" if said else "it selects every workload"
    return Selection(selects=True, because=because, path=path)


def _no(because: str, path: Path) -> Selection:
    return Selection(selects=False, because=because, path=path)


def sidecar_for(snapshot: MeshSnapshot, namespace: str, labels: Labels) -> Sidecar | None:
    """Find the Sidecar in force: the namespace's own (selectors first, then the oldest), else the root namespace's.

    None means that no Sidecar covers the workload: it reaches everything that is visible to its namespace.
    """
    for sidecar in snapshot.sidecars.get(namespace, ()):
        selector = sidecar.spec.workload_selector
        if selector is None or labels.covers(selector.labels):
            return sidecar
    for sidecar in snapshot.sidecars.get(snapshot.settings.root_namespace, ()):
        if sidecar.spec.workload_selector is None:
            return sidecar
    return None


def gateways_for(snapshot: MeshSnapshot, namespace: str, labels: Labels) -> tuple[Gateway, ...]:
    """Give the Gateways that select a workload."""
    return tuple(
        each
        for shelf in snapshot.gateways.values()
        for each in shelf
        if selected(each, namespace, labels, snapshot.settings).selects
    )
