"""Which Sidecar is in force for a workload (Istio's `getSidecarScope`)."""

from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.istio.sidecar import Sidecar
from pillion.value import Labels


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
