"""The endpoint table: who answers for each service, from EndpointSlices, pods, ServiceEntries and WorkloadEntries."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from pillion.mesh.endpoint import Endpoint, EndpointShelf, Health, service_key
from pillion.mesh.pods import endpoint_of, selected
from pillion.mesh.service import Service
from pillion.mesh.service_entry import is_dns_only, members, workload_endpoints
from pillion.mesh.workload import Workload
from pillion.resources.istio.service_entry import ServiceEntry, WorkloadEntry
from pillion.resources.istio.service_entry import ServicePort as EntryPort
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, EndpointConditions, EndpointSlice
from pillion.value import FrozenMap, Value


class Sources(Value):
    """Everything that endpoints are made from, in one namespace."""

    slices: tuple[EndpointSlice, ...] = ()
    workloads: tuple[Workload, ...] = ()
    """Pods."""
    unready: frozenset[str] = frozenset()
    """Names of pods that are not ready: a ServiceEntry does not select them."""
    entries: tuple[WorkloadEntry, ...] = ()
    service_entries: tuple[ServiceEntry, ...] = ()


def table_of(sources: Sources, services: Sequence[Service], trust_domain: str) -> EndpointShelf:
    """Make the part of the table that belongs to the services of one namespace."""
    table: dict[str, list[Endpoint]] = {}
    by_workload = {f"{each.namespace}/{each.name}": each for each in sources.workloads}
    by_address = {address: each for each in sources.workloads for address in each.addresses}
    slices: dict[str, list[EndpointSlice]] = {}
    for each in sources.slices:
        slices.setdefault(each.metadata.labels.get(SERVICE_NAME, ""), []).append(each)
    for service in services:
        if service.registry == "Kubernetes":
            found = table.setdefault(service_key(service.hostname, service.namespace), [])
            listed: dict[tuple[str, int, str], Endpoint] = {}
            for each in slices.get(service.name, ()):
                for endpoint in _slice_endpoints(each, by_workload, by_address, trust_domain):
                    listed.setdefault(_place(endpoint), endpoint)
            found.extend(listed.values())
            found.extend(_selected_entries(service, sources.entries, trust_domain))
    for entry in _oldest_first(sources.service_entries):
        chosen = _chosen(entry, sources, trust_domain)
        for host in entry.spec.hosts:
            key = service_key(host, entry.metadata.namespace)
            mine = chosen if entry.spec.workload_selector else members(entry, host, (), trust_domain)
            _add(table.setdefault(key, []), mine, single=entry.spec.resolution == "DNS_ROUND_ROBIN")
    return FrozenMap({key: _sorted(found) for key, found in table.items()})


def _oldest_first(entries: Iterable[ServiceEntry]) -> list[ServiceEntry]:
    return sorted(entries, key=lambda entry: (entry.metadata.creation_timestamp, entry.metadata.name))


def _add(found: list[Endpoint], more: Iterable[Endpoint], *, single: bool) -> None:
    """Add members; a DNS_ROUND_ROBIN service keeps the first for each port, as Istio does."""
    for endpoint in more:
        if single and any(endpoint.port_name == each.port_name for each in found):
            continue
        found.append(endpoint)


def _place(endpoint: Endpoint) -> tuple[str, int, str]:
    """Tell endpoints of one service apart: an address that moves between slices is in two of them for a while."""
    return endpoint.address, endpoint.port, endpoint.port_name


def _sorted(found: Iterable[Endpoint]) -> tuple[Endpoint, ...]:
    return tuple(sorted(found, key=_place))


def _slice_endpoints(
    each: EndpointSlice, by_workload: Mapping[str, Workload], by_address: Mapping[str, Workload], trust_domain: str
) -> Iterator[Endpoint]:
    if each.address_type == "FQDN":
        return
    for endpoint in each.endpoints:
        reference = endpoint.target_ref
        expected = reference is not None and reference.kind == "Pod"
        for address in endpoint.addresses:
            workload = (
                by_workload.get(f"{reference.namespace or each.metadata.namespace}/{reference.name}")
                if expected and reference is not None
                else by_address.get(address)
            )
            if workload is None and expected:
                continue
            base = (endpoint_of(workload, trust_domain) if workload else None) or Endpoint(address=address)
            for port in each.ports:
                yield msgspec.structs.replace(
                    base,
                    address=address,
                    port=port.port or 0,
                    port_name=port.name,
                    health=_health(endpoint.conditions),
                    hostname=endpoint.hostname,
                    node=endpoint.node_name or base.node,
                )


def _health(conditions: EndpointConditions) -> Health:
    if conditions.ready is None or conditions.ready:
        return "healthy"
    return "terminating" if conditions.terminating is None or conditions.terminating else "unhealthy"


def _chosen(entry: ServiceEntry, sources: Sources, trust_domain: str) -> tuple[Endpoint, ...]:
    """Give the members that a ServiceEntry's workloadSelector picks: pods first, then WorkloadEntries."""
    selector = entry.spec.workload_selector
    if selector is None:
        return ()
    dns = entry.spec.resolution in {"DNS", "DNS_ROUND_ROBIN"}
    ready = tuple(each for each in sources.workloads if each.name not in sources.unready)
    pods = [endpoint_of(each, trust_domain) for each in selected(ready, selector.labels)]
    found = list(members(entry, "", [each for each in pods if each is not None], trust_domain))
    for each in sorted(sources.entries, key=lambda workload: workload.metadata.name):
        if is_dns_only(each.spec.address) and not dns:
            continue
        candidates = tuple(workload_endpoints(each, entry.spec.ports, trust_domain))
        if candidates and candidates[0].labels.covers(selector.labels):
            found.extend(candidates)
    return tuple(found)


def _selected_entries(service: Service, entries: Iterable[WorkloadEntry], trust_domain: str) -> Iterator[Endpoint]:
    """Give the WorkloadEntries that a Kubernetes Service selects; a headless one has pods alone."""
    if not service.selector or service.headless:
        return
    for each in entries:
        if is_dns_only(each.spec.address) or not _entry_labels_cover(each, service):
            continue
        for port in service.ports:
            name = port.target if isinstance(port.target, str) else port.name
            number = each.spec.ports.get(name, 0) or (0 if isinstance(port.target, str) else port.target or port.number)
            if number:
                fixed = EntryPort(name=port.name, number=number, target_port=number)
                for endpoint in workload_endpoints(each, (fixed,), trust_domain):
                    yield msgspec.structs.replace(endpoint, port=number, entry_port=0)


def _entry_labels_cover(entry: WorkloadEntry, service: Service) -> bool:
    return FrozenMap({**entry.spec.labels, **entry.metadata.labels}).covers(service.selector)
