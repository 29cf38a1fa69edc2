"""Services made ready for the fabric: with cluster IPs, and with the endpoints that their slices hold."""

from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_network

import msgspec

from pillion.local.addresses import Book, Claim, Pool, assign
from pillion.local.endpoints import family_of
from pillion.local.fabric.model import ClusterService, FabricSettings, Member
from pillion.local.fabric.model import ServicePort as FabricPort
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, EndpointSlice
from pillion.resources.kubernetes.service import HEADLESS, IPFamily, Service
from pillion.resources.meta import ref_of
from pillion.value import Diagnostics, FrozenMap, Where

Books = FrozenMap[Book]
"""Who had which cluster IP, by CIDR."""


def with_cluster_ips(
    services: Sequence[Service], settings: FabricSettings, books: Books, places: Mapping[Service, Where] | None = None
) -> tuple[tuple[Service, ...], Books, Diagnostics]:
    """Give each service that needs one a cluster IP of each of its IP families, and keep those that it has.

    A service whose address is taken keeps none. `places` says where a service is written, for the diagnostics.
    """
    kept = dict(books)
    found: list[FrozenMap[str]] = []
    diagnostics: Diagnostics = ()
    for cidr in settings.service_cidrs:
        family = family_of(cidr)
        claims = [claim for service in services for claim in _claims(service, family, settings, places or {})]
        pool = Pool(cidr=cidr, reserved=(str(ip_network(cidr)[1]), settings.dns_address), forbidden=settings.pod_cidrs)
        assignment, problems = assign(pool, kept.get(cidr, Book()), claims)
        kept[cidr] = assignment.book
        found.append(assignment.addresses)
        diagnostics += problems
    placed = tuple(_placed(service, found, settings) for service in services)
    return placed, FrozenMap(kept), diagnostics


def for_fabric(services: Sequence[Service], slices: Sequence[EndpointSlice]) -> tuple[ClusterService, ...]:
    """Return what the fabric shall carry: services with cluster IPs and the slices of all of them, by label."""
    by_service: dict[tuple[str, str], list[EndpointSlice]] = {}
    for each in slices:
        name = each.metadata.labels.get(SERVICE_NAME, "")
        by_service.setdefault((each.metadata.namespace, name), []).append(each)
    return tuple(
        _cluster_service(service, by_service.get((service.metadata.namespace, service.metadata.name), ()))
        for service in services
    )


def _claims(
    service: Service, family: IPFamily, settings: FabricSettings, places: Mapping[Service, Where]
) -> Iterator[Claim]:
    if not _has_cluster_ips(service, settings):
        return
    given = [address for address in _given(service) if family_of(address) == family]
    if given or family in _wanted(service, settings):
        where = places.get(service)
        if where is None and given:
            where = Where(resource=str(ref_of(service)), path=("spec", "clusterIP"))
        yield Claim(owner=_owner(service), address=given[0] if given else "", where=where or Where())


def _has_cluster_ips(service: Service, settings: FabricSettings) -> bool:
    # a dump may hold the Service of the cluster's DNS server: its address is our DNS server's
    theirs = (settings.dns_address,)
    return service.spec.type != "ExternalName" and service.spec.cluster_ip != HEADLESS and _given(service) != theirs


def _wanted(service: Service, settings: FabricSettings) -> tuple[IPFamily, ...]:
    spec = service.spec
    offered: tuple[IPFamily, ...] = tuple([family_of(cidr) for cidr in settings.service_cidrs])
    if spec.ip_families:
        return spec.ip_families
    if _given(service):
        return ()
    return offered if spec.ip_family_policy in {"PreferDualStack", "RequireDualStack"} else offered[:1]


def _given(service: Service) -> tuple[str, ...]:
    spec = service.spec
    return spec.cluster_ips or ((spec.cluster_ip,) if spec.cluster_ip else ())


def _placed(service: Service, found: Sequence[FrozenMap[str]], settings: FabricSettings) -> Service:
    if not _has_cluster_ips(service, settings):
        return service
    addresses = tuple(address for family in found if (address := family.get(_owner(service))) is not None)
    order = service.spec.ip_families or tuple(family_of(address) for address in _given(service))
    addresses = tuple(sorted(addresses, key=lambda one: order.index(family_of(one)) if family_of(one) in order else 9))
    families = tuple(family_of(address) for address in addresses)
    spec = msgspec.structs.replace(
        service.spec, cluster_ip="".join(addresses[:1]), cluster_ips=addresses, ip_families=families
    )
    return msgspec.structs.replace(service, spec=spec)


def _cluster_service(service: Service, slices: Sequence[EndpointSlice]) -> ClusterService:
    spec = service.spec
    headless = spec.cluster_ip == HEADLESS
    slices = _in_use(slices) if slices else ()
    members = dict.fromkeys(
        Member(address=address, hostname=endpoint.hostname)
        for each in slices
        for endpoint in each.endpoints
        for address in endpoint.addresses
    )
    ports = tuple(
        FabricPort(port=port.port, name=port.name, protocol=port.protocol, targets=_targets(port.name, slices))
        for port in spec.ports
    )
    return ClusterService(
        namespace=service.metadata.namespace,
        name=service.metadata.name,
        cluster_ips=() if headless or spec.type == "ExternalName" else _given(service),
        ports=ports,
        headless=headless,
        members=tuple(members) if headless else (),
        external_name=spec.external_name if spec.type == "ExternalName" else "",
    )


def _targets(name: str, slices: Sequence[EndpointSlice]) -> tuple[tuple[str, int], ...]:
    found = dict.fromkeys(
        (address, port.port)
        for each in slices
        if each.address_type != "FQDN"
        for port in each.ports
        if port.name == name and port.port is not None
        for endpoint in each.endpoints
        for address in endpoint.addresses[:1]
    )
    return tuple(found)


def _in_use(slices: Sequence[EndpointSlice]) -> list[EndpointSlice]:
    """Keep the endpoints that get traffic: the ready ones, or if none is, those that serve while they terminate."""
    ready = [[one for one in each.endpoints if one.conditions.ready is not False] for each in slices]
    if not any(ready):
        ready = [
            [one for one in each.endpoints if one.conditions.serving and one.conditions.terminating] for each in slices
        ]
    return [msgspec.structs.replace(each, endpoints=tuple(kept)) for each, kept in zip(slices, ready, strict=True)]


def _owner(service: Service) -> str:
    return f"{service.metadata.namespace}/{service.metadata.name}"
