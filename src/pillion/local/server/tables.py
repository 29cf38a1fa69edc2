"""What `pillion get` shows: resources as documents, and as rows of a table."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, cast

import msgspec

from pillion.local.server.cluster import WORKLOADS
from pillion.local.server.mesh import Mesh
from pillion.local.server.overlay import Held
from pillion.local.server.selector import Selector, selects
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.kinds import KINDS
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, EndpointSlice
from pillion.resources.kubernetes.service import Service
from pillion.resources.meta import HasMetadata, Ref
from pillion.value import FrozenMap

API_VERSIONS: Mapping[str, str] = {
    kind: f"{group}/{versions[0]}".removeprefix("/") for (group, kind), (_, versions) in KINDS.items()
}


class Answer(NamedTuple):
    """Rows under a header, and the same as documents."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]
    items: list[dict[str, Any]]


def objects(mesh: Mesh, kind: str, namespace: str, name: str, selector: Selector = ()) -> Answer:
    """Show the resources of a kind; empty arguments do not narrow."""
    if kind in WORKLOADS and kind != "Pod":  # the control plane is told of their pods
        known: Mapping[Ref, HasMetadata] = {ref: taken.resource for ref, taken in mesh.intake.taken.items()}
    else:
        known = mesh.published()
    refs = [
        ref
        for ref, resource in sorted(known.items())
        if ref.kind == kind and (not namespace or ref.namespace == namespace) and (not name or ref.name == name)
        if selects(selector, resource.metadata.labels)
    ]
    header, row = COLUMNS.get(kind, (("NAMESPACE", "NAME", "AGE", "FROM"), _plain_row))
    return Answer(header, [row(mesh, ref) for ref in refs], [document(mesh, ref) for ref in refs])


def document(mesh: Mesh, ref: Ref) -> dict[str, Any]:
    """Give a resource as a document."""
    if ref.kind == "Pod":
        key = f"{ref.namespace}/{ref.name}"
        running = mesh.pods.running().get(key)
        return {**(running.document if running else {}), "status": mesh.statuses.get(key, {})}
    taken = mesh.intake.taken.get(ref)
    if taken is None:
        resource = mesh.resource(ref)
        return {} if resource is None else {"apiVersion": API_VERSIONS[ref.kind], "kind": ref.kind, **plain(resource)}
    content = dict(taken.content)
    resource = mesh.resource(ref)
    if isinstance(resource, Service):
        spec = {**cast(Mapping[str, Any], content.get("spec") or {})}
        spec |= {"clusterIP": resource.spec.cluster_ip, "clusterIPs": list(resource.spec.cluster_ips)}
        content["spec"] = spec
    return content


def plain(value: Any) -> Any:
    """Give a value as JSON, without what is empty."""
    return _pruned(msgspec.to_builtins(value, enc_hook=_encode))


def _encode(value: Any) -> Any:
    if isinstance(value, FrozenMap):
        return dict(cast("FrozenMap[Any]", value))
    return str(value)


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        inner = {key: _pruned(each) for key, each in cast("dict[str, Any]", value).items()}
        return {key: each for key, each in inner.items() if each not in ("", None, [], {})}
    if isinstance(value, list | tuple):
        return [_pruned(each) for each in cast("Sequence[Any]", value)]
    return value


def _age(mesh: Mesh, ref: Ref) -> str:
    if ref.kind == "Pod":
        began = str(mesh.statuses.get(f"{ref.namespace}/{ref.name}", {}).get("startTime", ""))
    else:
        resource = mesh.resource(ref)
        taken = mesh.intake.taken.get(ref)
        metadata: Mapping[str, Any] = taken.content.get("metadata", {}) if taken else {}
        began = resource.metadata.creation_timestamp if resource else str(metadata.get("creationTimestamp", ""))
    try:
        seconds = int((datetime.now(UTC) - datetime.fromisoformat(began)).total_seconds())
    except (ValueError, TypeError):
        return "-"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{max(seconds, 0)}s"


def _origin(mesh: Mesh, ref: Ref) -> str:
    taken = mesh.intake.taken.get(ref)
    return place(taken.held) if taken else "-"


def place(held: Held) -> str:
    """Say where a document in force is from."""
    return f"applied from {held.document.origin.file}" if held.place == "applied" else held.document.origin.file


def _plain_row(mesh: Mesh, ref: Ref) -> tuple[str, ...]:
    return ref.namespace or "-", ref.name, _age(mesh, ref), _origin(mesh, ref)


def _pod_row(mesh: Mesh, ref: Ref) -> tuple[str, ...]:
    key = f"{ref.namespace}/{ref.name}"
    status = mesh.statuses.get(key, {})
    running = mesh.pods.running().get(key)
    containers = [*status.get("containerStatuses", ()), *_sidecars(mesh, key)]
    ready = sum(bool(each.get("ready")) for each in containers)
    restarts = sum(int(each.get("restartCount", 0)) for each in containers)
    return (
        ref.namespace,
        ref.name,
        f"{ready}/{len(containers)}",
        "Terminating" if running and running.leaving else summary(status),
        str(restarts),
        _age(mesh, ref),
        str(status.get("podIP", "-")),
        "yes" if running and running.injected else "no",
    )


def _sidecars(mesh: Mesh, key: str) -> list[Mapping[str, Any]]:
    """Give the init containers that keep running: they count for READY."""
    running = mesh.pods.running().get(key)
    spec: Mapping[str, Any] = running.document.get("spec", {}) if running else {}
    names = {each["name"] for each in spec.get("initContainers", ()) if each.get("restartPolicy") == "Always"}
    return [each for each in mesh.statuses.get(key, {}).get("initContainerStatuses", ()) if each.get("name") in names]


def summary(status: Mapping[str, Any]) -> str:
    """Say what a pod is doing, as kubectl does: its phase, or the reason why a container waits or ended."""
    for each in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        state: Mapping[str, Any] = each.get("state", {})
        if "waiting" in state and state["waiting"].get("reason") not in {None, "PodInitializing", "ContainerCreating"}:
            return str(state["waiting"]["reason"])
    return str(status.get("reason") or status.get("phase", "Pending"))


def _service_row(mesh: Mesh, ref: Ref) -> tuple[str, ...]:
    service = mesh.resource(ref)
    if not isinstance(service, Service):
        return _plain_row(mesh, ref)
    spec = service.spec
    ports = ",".join(f"{port.port}/{port.protocol}" for port in spec.ports)
    ready, total = _members(mesh, ref)
    return (
        ref.namespace,
        ref.name,
        spec.type,
        spec.cluster_ip or spec.external_name or "-",
        ports or "-",
        f"{ready}/{total}",
        _origin(mesh, ref),
    )


def _members(mesh: Mesh, ref: Ref) -> tuple[int, int]:
    ready = total = 0
    for resource in mesh.published().values():
        if not isinstance(resource, EndpointSlice) or resource.metadata.namespace != ref.namespace:
            continue
        if resource.metadata.labels.get(SERVICE_NAME) == ref.name:
            total += len(resource.endpoints)
            ready += sum(endpoint.conditions.ready is not False for endpoint in resource.endpoints)
    return ready, total


def _sidecar_row(mesh: Mesh, ref: Ref) -> tuple[str, ...]:
    sidecar = mesh.resource(ref)
    if not isinstance(sidecar, Sidecar):
        return _plain_row(mesh, ref)
    spec = sidecar.spec
    chosen = (
        ",".join(f"{key}={value}" for key, value in spec.workload_selector.labels.items())
        if (spec.workload_selector)
        else "all"
    )
    ingress = ",".join(str(each.port.number) for each in spec.ingress if each.port) or "-"
    egress = (
        "; ".join((f"{each.port.number}: " if each.port else "") + " ".join(each.hosts) for each in spec.egress)
        or "*/*"
    )
    return ref.namespace, ref.name, chosen, ingress, egress, _age(mesh, ref), _origin(mesh, ref)


def _slice_row(mesh: Mesh, ref: Ref) -> tuple[str, ...]:
    resource = mesh.resource(ref)
    if not isinstance(resource, EndpointSlice):
        return _plain_row(mesh, ref)
    ports = ",".join(str(port.port) for port in resource.ports) or "-"
    ready = [each.addresses[0] for each in resource.endpoints if each.conditions.ready is not False]
    waiting = [each.addresses[0] for each in resource.endpoints if each.conditions.ready is False]
    service = resource.metadata.labels.get(SERVICE_NAME, "-")
    return ref.namespace, service, ports, ",".join(ready) or "-", ",".join(waiting) or "-"


Row = Callable[[Mesh, Ref], tuple[str, ...]]
COLUMNS: Mapping[str, tuple[tuple[str, ...], Row]] = {
    "Pod": (("NAMESPACE", "NAME", "READY", "STATUS", "RESTARTS", "AGE", "IP", "INJECTED"), _pod_row),
    "Service": (("NAMESPACE", "NAME", "TYPE", "CLUSTER-IP", "PORTS", "READY", "FROM"), _service_row),
    "Sidecar": (("NAMESPACE", "NAME", "WORKLOADS", "INGRESS", "EGRESS", "AGE", "FROM"), _sidecar_row),
    "EndpointSlice": (("NAMESPACE", "SERVICE", "PORTS", "READY", "NOT READY"), _slice_row),
}
