"""Services and Pods to EndpointSlices, as Kubernetes' endpoint slice controller derives them.

A pod counts once it has an address; it is ready when its `Ready` condition says so and it does not terminate, or when
its Service publishes addresses that are not ready. Pods whose named ports differ stand in slices of their own. A
Service without a selector has the slices that somebody wrote; an ExternalName has none.
"""

import hashlib
from collections.abc import Iterator, Sequence

from pillion.resources.kubernetes.endpoint_slice import (
    SERVICE_NAME,
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    ObjectReference,
)
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.kubernetes.service import HEADLESS, IPFamily, Service, ServicePort
from pillion.resources.meta import Metadata, OwnerReference
from pillion.value import FrozenMap, Labels

MANAGED_BY = "endpointslice.kubernetes.io/managed-by"
CONTROLLER = "endpointslice-controller.k8s.io"
HEADLESS_SERVICE = "service.kubernetes.io/headless"
LARGEST_SLICE = 100
_OVER = frozenset({"Succeeded", "Failed"})

_Ports = tuple[EndpointPort, ...]


def endpoint_slices(services: Sequence[Service], pods: Sequence[Pod]) -> tuple[EndpointSlice, ...]:
    """Return the slices of all services that select pods, in the order of the services; without endpoints, none."""
    by_namespace: dict[str, list[Pod]] = {}
    for pod in sorted(pods, key=lambda one: one.metadata.name):
        by_namespace.setdefault(pod.metadata.namespace, []).append(pod)
    labelled = {(pod.metadata.namespace, pair) for pod in pods for pair in pod.metadata.labels.items()}
    return tuple(
        each
        for service in services
        if service.spec.type != "ExternalName" and _may_select(service, labelled)
        for each in slices_of(service, by_namespace.get(service.metadata.namespace, ()))
    )


def slices_of(service: Service, pods: Sequence[Pod]) -> tuple[EndpointSlice, ...]:
    """Return the slices of one service that selects pods, given the pods of its namespace."""
    groups: dict[tuple[IPFamily, _Ports], list[Endpoint]] = {}
    for pod in pods:
        if not _counts(service, pod):
            continue
        ports = tuple(_ports(service, pod))
        if not ports and service.spec.ports:
            continue
        for family in families_of(service, pod):
            if addresses := _addresses(pod, family):
                groups.setdefault((family, ports), []).append(_endpoint(service, pod, addresses[0]))
    return tuple(
        _slice(service, family, ports, endpoints[start : start + LARGEST_SLICE])
        for (family, ports), endpoints in sorted(groups.items(), key=lambda group: repr(group[0]))
        for start in range(0, len(endpoints), LARGEST_SLICE)
    )


def is_ready(pod: Pod) -> bool:
    """Return whether a pod's `Ready` condition is true."""
    return any(one.type == "Ready" and one.status == "True" for one in pod.status.conditions)


def families_of(service: Service, pod: Pod) -> tuple[IPFamily, ...]:
    """Return the IP families in which a service has endpoints: its own, else that of the pod's first address."""
    if service.spec.ip_families:
        return service.spec.ip_families
    given = [text for text in (service.spec.cluster_ips or (service.spec.cluster_ip,)) if text not in {"", HEADLESS}]
    found: dict[IPFamily, None] = {family_of(text): None for text in given or _all_addresses(pod)[:1]}
    return tuple(found)


def family_of(address: str) -> IPFamily:
    """Return the IP family of an address."""
    return "IPv6" if ":" in address else "IPv4"


def target_port(port: ServicePort, pod: Pod) -> int | None:
    """Return the number of the pod's port behind a service's port, or nothing if the pod has none of that name."""
    target = port.target_port or port.port
    if isinstance(target, int):
        return target
    if target.isdigit():
        return int(target)
    sidecars = [one for one in pod.spec.init_containers if one.restart_policy == "Always"]
    for container in (*pod.spec.containers, *sidecars):
        for declared in container.ports:
            if declared.name == target and declared.protocol == port.protocol:
                return declared.container_port
    return None


def _may_select(service: Service, labelled: set[tuple[str, tuple[str, str]]]) -> bool:
    """Return whether some pod has the first label that a service selects by: most of a large mesh's have none."""
    first = next(iter(service.spec.selector.items()), None)
    return first is not None and (service.metadata.namespace, first) in labelled


def _counts(service: Service, pod: Pod) -> bool:
    over = pod.status.phase in _OVER
    return not over and bool(_all_addresses(pod)) and pod.metadata.labels.covers(service.spec.selector)


def _all_addresses(pod: Pod) -> tuple[str, ...]:
    every = tuple(one.ip for one in pod.status.pod_ips if one.ip)
    return every or ((pod.status.pod_ip,) if pod.status.pod_ip else ())


def _addresses(pod: Pod, family: IPFamily) -> tuple[str, ...]:
    return tuple(address for address in _all_addresses(pod) if family_of(address) == family)


def _ports(service: Service, pod: Pod) -> Iterator[EndpointPort]:
    for port in service.spec.ports:
        number = target_port(port, pod)
        if number is not None:
            yield EndpointPort(name=port.name, protocol=port.protocol, port=number, app_protocol=port.app_protocol)


def _endpoint(service: Service, pod: Pod, address: str) -> Endpoint:
    serving, terminating = is_ready(pod), bool(pod.metadata.deletion_timestamp)
    ready = service.spec.publish_not_ready_addresses or (serving and not terminating)
    named = pod.spec.hostname and pod.spec.subdomain == service.metadata.name
    return Endpoint(
        addresses=(address,),
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        hostname=pod.spec.hostname if named else "",
        node_name=pod.spec.node_name,
        target_ref=ObjectReference(
            kind="Pod", namespace=pod.metadata.namespace, name=pod.metadata.name, uid=pod.metadata.uid
        ),
    )


def _slice(service: Service, family: IPFamily, ports: _Ports, endpoints: list[Endpoint]) -> EndpointSlice:
    metadata = service.metadata
    first = endpoints[0].target_ref
    key = repr((metadata.namespace, metadata.name, family, ports, first.name if first else ""))
    owner = OwnerReference(api_version="v1", kind="Service", name=metadata.name, uid=metadata.uid, controller=True)
    return EndpointSlice(
        metadata=Metadata(
            name=f"{metadata.name}-{hashlib.sha256(key.encode()).hexdigest()[:5]}",
            namespace=metadata.namespace,
            labels=_labels(service),
            creation_timestamp=metadata.creation_timestamp,
            owner_references=(owner,),
        ),
        address_type=family,
        endpoints=tuple(endpoints),
        ports=ports,
    )


def _labels(service: Service) -> Labels:
    labels = {**service.metadata.labels, SERVICE_NAME: service.metadata.name, MANAGED_BY: CONTROLLER}
    if service.spec.cluster_ip == HEADLESS:
        labels[HEADLESS_SERVICE] = ""
    return FrozenMap(labels)
