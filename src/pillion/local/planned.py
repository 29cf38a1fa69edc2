"""What a mesh consists of that documents describe, with nothing running: the objects that a running one would hold.

Pods that are not written down are stamped out of their workloads, and all of them are up; Services have cluster IPs
and slices. What a dump of a real cluster says already stays as it is.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from msgspec.structs import replace

from pillion.local import workloads
from pillion.local.addresses import Book, Claim, Pool, assign
from pillion.local.fabric.model import FabricSettings
from pillion.local.server.cluster import WORKLOADS, address, published, with_status
from pillion.local.server.injection import Prepared, injected, prepare
from pillion.local.server.intake import Intake, Taken, check
from pillion.local.server.overlay import Held
from pillion.mesh.settings import MeshSettings
from pillion.resources.documents import Document
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, EndpointSlice
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.meta import HasMetadata, Ref, ref_of
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Origin

NODE = "planned"
PROXY_CONTAINER = "istio-proxy"
Content = Mapping[str, Any]


class Planned(NamedTuple):
    """All objects, the mesh's settings, and what is wrong with the documents."""

    resources: tuple[HasMetadata, ...]
    pods: Mapping[str, Content]
    """The pods' documents before injection, by `namespace/name`."""
    namespaces: Mapping[str, Content]
    prepared: Prepared
    diagnostics: Diagnostics
    origins: Mapping[str, Origin] = {}
    """Where the document of each resource is, by `Kind namespace/name`."""

    @property
    def settings(self) -> MeshSettings:
        """The mesh's settings."""
        return self.prepared.mesh

    def placed(self, diagnostics: Iterable[Diagnostic]) -> Diagnostics:
        """Give diagnostics that name a resource with the document that it is from."""
        return tuple(
            replace(each, where=replace(each.where, origin=each.where.origin or self.origins.get(each.where.resource)))
            for each in diagnostics
        )

    def has_sidecar(self, pod: str) -> bool:
        """Return whether a pod, `namespace/name`, has a sidecar or would be given one."""
        document = self.pods[pod]
        spec = cast(Mapping[str, Sequence[Content]], document.get("spec") or {})
        containers = (*(spec.get("containers") or ()), *(spec.get("initContainers") or ()))
        if any(each.get("name") == PROXY_CONTAINER for each in containers):
            return True
        return injected(document, self.prepared, self.namespaces.get(pod.partition("/")[0])).is_injected


def plan(written: Iterable[Document], mesh_config: str | None = None, file: str = "") -> Planned:
    """Give all objects of the mesh that these documents describe; broken documents are left out, and told.

    `mesh_config` is the text of a MeshConfig and `file` its name; without it, what ConfigMap `istio` says counts.
    """
    fabric = FabricSettings()
    intake = _intake(written)
    prepared = prepare(intake, mesh_config, file)
    addressed = address(intake, fabric, FrozenMap())
    documents = tuple(_pods(intake))
    pods = _with_addresses(documents, fabric)
    given = [each for each in addressed.resources.values() if isinstance(each, EndpointSlice)]
    sliced = {(each.metadata.namespace, each.metadata.labels.get(SERVICE_NAME, "")) for each in given}
    open_services = tuple(
        each for each in addressed.services if (each.metadata.namespace, each.metadata.name) not in sliced
    )
    resources, _ = published(addressed._replace(services=open_services), pods, NODE)
    found = (*intake.diagnostics, *prepared.diagnostics, *addressed.diagnostics)
    return Planned(
        resources=tuple(resources.values()),
        pods={_owner(each): each for each in documents},
        namespaces={ref.name: each.content for ref, each in intake.taken.items() if ref.kind == "Namespace"},
        prepared=prepared,
        diagnostics=found,
        origins={str(ref): each.held.document.origin for ref, each in intake.taken.items()},
    )


def _intake(documents: Iterable[Document]) -> Intake:
    taken: dict[Ref, Taken] = {}
    found: list[Diagnostic] = []
    for document in documents:
        resource, diagnostics = check(document.content, document.origin)
        found.extend(diagnostics)
        if resource is not None:
            taken[ref_of(resource)] = Taken(resource, document.content, Held(document, "file"))
    return Intake(taken, tuple(found))


def _pods(intake: Intake) -> Iterator[Content]:
    written = [each.content for ref, each in intake.taken.items() if ref.kind == "Pod"]
    yield from written
    for ref, each in intake.taken.items():
        if ref.kind not in WORKLOADS or ref.kind == "Pod":
            continue
        workload, _ = workloads.read(each.content)
        for pod in workload.pods if workload is not None else ():
            if not any(_alike(pod.document, other) for other in written):
                yield pod.document


def _alike(pod: Content, other: Content) -> bool:
    """Return whether a pod that is written down has the labels of one that would be stamped out."""
    metadata, written = _metadata(pod), _metadata(other)
    if metadata.get("namespace") != (written.get("namespace") or "default"):
        return False
    labels = cast(Mapping[str, str], written.get("labels") or {})
    wanted = cast(Mapping[str, str], metadata.get("labels") or {})
    own = {key: value for key, value in wanted.items() if not key.startswith("pod-template-")}
    return bool(own) and all(labels.get(key) == value for key, value in own.items())


def _metadata(document: Content) -> Content:
    return cast(Content, document.get("metadata") or {})


def _with_addresses(documents: Sequence[Content], settings: FabricSettings) -> tuple[Pod, ...]:
    claims = [Claim(owner=_owner(each)) for each in documents if not _address(each)]
    pool = Pool(cidr=settings.pod_cidrs[0], reserved=tuple(settings.node_address(each) for each in settings.families))
    assignment, _ = assign(pool, Book(), claims)
    found: list[Pod] = []
    for document in documents:
        place = assignment.addresses.get(_owner(document), "")
        status = _up(place) if not _address(document) else cast(Content, document["status"])
        pod = with_status(document, status, leaving=False, node=_node(document))
        if pod is not None:
            found.append(pod)
    return tuple(found)


def _owner(document: Content) -> str:
    metadata = _metadata(document)
    return f"{metadata.get('namespace') or 'default'}/{metadata.get('name', '')}"


def _address(document: Content) -> str:
    return str(cast(Content, document.get("status") or {}).get("podIP", ""))


def _node(document: Content) -> str:
    return str(cast(Content, document.get("spec") or {}).get("nodeName") or NODE)


def _up(place: str) -> Content:
    ready = {"type": "Ready", "status": "True"}
    return {"phase": "Running", "podIP": place, "podIPs": [{"ip": place}], "conditions": [ready]}
