"""A ServiceEntry as services of the mesh, one for each host, with their members.

Mirrors Istio's `serviceentry.convertServices`.
"""

from collections.abc import Iterable, Iterator, Sequence
from ipaddress import ip_network

import msgspec

from pillion.mesh.endpoint import NOWHERE, Endpoint, Locality
from pillion.mesh.kubernetes_service import TRAFFIC_DISTRIBUTION, spiffe
from pillion.mesh.names import is_ip
from pillion.mesh.service import Resolution, Service, ServicePort
from pillion.resources.istio.service_entry import ServiceEntry, WorkloadEntry, WorkloadEntrySpec
from pillion.resources.istio.service_entry import ServicePort as EntryPort
from pillion.resources.protocol import parse_protocol
from pillion.value import FrozenMap, Labels

TLS_MODE = "security.istio.io/tlsMode"
NETWORK_LABEL = "topology.istio.io/network"
LOCALITY_LABEL = "istio-locality"
AUTO_ALLOCATE = "networking.istio.io/enable-autoallocate-ip"
UNIX = "unix://"
RESOLUTIONS: FrozenMap[Resolution] = FrozenMap(
    {
        "NONE": "PASSTHROUGH",
        "STATIC": "EDS",
        "DNS": "DNS",
        "DNS_ROUND_ROBIN": "DNS_ROUND_ROBIN",
        "DYNAMIC_DNS": "DYNAMIC_DNS",
    }
)


def convert(entry: ServiceEntry, namespace_annotations: Labels) -> tuple[Service, ...]:
    """Give one service for each host, without members; several addresses of a host stay together."""
    metadata, spec = entry.metadata, entry.spec
    addresses = tuple(address for address in map(_address, spec.addresses) if address)
    distribution = metadata.annotations.get(TRAFFIC_DISTRIBUTION) or namespace_annotations.get(TRAFFIC_DISTRIBUTION, "")
    ports = tuple(
        ServicePort(name=port.name, number=port.number, protocol=parse_protocol(port.protocol), target=port.target_port)
        for port in spec.ports
    )
    return tuple(
        Service(
            hostname=host,
            namespace=metadata.namespace,
            name=metadata.name,
            ports=ports,
            addresses=addresses,
            auto_addresses=() if addresses else _allocated(entry, host),
            resolution=RESOLUTIONS.get(spec.resolution, "PASSTHROUGH"),
            registry="External",
            external=spec.location == "MESH_EXTERNAL",
            export_to=tuple(sorted(set(spec.export_to))),
            labels=metadata.labels,
            selector=spec.workload_selector.labels if spec.workload_selector else FrozenMap(),
            created=metadata.creation_timestamp,
            accounts=tuple(sorted(set(spec.subject_alt_names))),
            traffic_distribution=distribution,
        )
        for host in dict.fromkeys(spec.hosts)
    )


def members(entry: ServiceEntry, host: str, selected: Sequence[Endpoint], trust_domain: str) -> tuple[Endpoint, ...]:
    """Give the members of one host over all its ports.

    `selected` are the workloads (pods, WorkloadEntries) that its workloadSelector picks; their `port_name`s are
    those of the workload and `port` is 0 where the entry decides. Without endpoints and selector a DNS host is its
    own member.
    """
    spec = entry.spec
    dns = spec.resolution in {"DNS", "DNS_ROUND_ROBIN"}
    if spec.workload_selector is not None:
        return tuple(_ported(each, port) for each in selected for port in spec.ports)
    if not spec.endpoints and dns:
        return tuple(_on_port(Endpoint(address=host), port, port.target_port or port.number) for port in spec.ports)
    return tuple(
        endpoint
        for index, workload in enumerate(spec.endpoints)
        for endpoint in _entry_endpoints(
            workload, spec.ports, entry.metadata.namespace, f"{entry.metadata.name}-{index}", trust_domain
        )
    )


def workload_endpoints(entry: WorkloadEntry, ports: Sequence[EntryPort], trust_domain: str) -> Iterator[Endpoint]:
    """Give the members that a WorkloadEntry is for these ports; its labels are the metadata's over the spec's."""
    metadata = entry.metadata
    labels = FrozenMap({**entry.spec.labels, **metadata.labels})
    return _entry_endpoints(with_labels(entry.spec, labels), ports, metadata.namespace, metadata.name, trust_domain)


def with_labels(workload: WorkloadEntrySpec, labels: Labels) -> WorkloadEntrySpec:
    """Give the workload with these labels instead."""
    return WorkloadEntrySpec(
        address=workload.address,
        ports=workload.ports,
        labels=labels,
        network=workload.network,
        locality=workload.locality,
        weight=workload.weight,
        service_account=workload.service_account,
    )


def is_dns_only(address: str) -> bool:
    """Return whether an address is of use to DNS services only: a name, or a Unix socket."""
    return address.startswith(UNIX) or (address != "" and not is_ip(address))


def parse_locality(text: str) -> Locality:
    """Read `region/zone/sub-zone`."""
    if not text:
        return NOWHERE
    region, zone, sub_zone = (*text.split("/", 2), "", "")[:3]
    return Locality(region=region, zone=zone, sub_zone=sub_zone)


def _entry_endpoints(
    workload: WorkloadEntrySpec, ports: Iterable[EntryPort], namespace: str, name: str, trust_domain: str
) -> Iterator[Endpoint]:
    labels = workload.labels
    network = workload.network or labels.get(NETWORK_LABEL, "")
    locality = parse_locality(workload.locality or labels.get(LOCALITY_LABEL, "").replace(".", "/"))
    account = spiffe(trust_domain, namespace, workload.service_account) if workload.service_account else ""
    mode = labels.get(TLS_MODE)
    base = Endpoint(
        address=workload.address,
        labels=augmented(labels, locality, network),
        account=account,
        locality=locality,
        network=network,
        weight=workload.weight,
        mtls=mode == "istio" if mode is not None else bool(account),
        workload=f"{namespace}/{name}",
    )
    for port in ports:
        number = workload.ports.get(port.name, 0) or port.target_port or port.number
        yield _on_port(base, port, 0 if workload.address.startswith(UNIX) else number)


def augmented(labels: Labels, locality: Locality, network: str, node: str = "") -> Labels:
    """Give a workload's labels with those of its place, which locality rules and subsets may name."""
    place = {
        "topology.kubernetes.io/region": locality.region,
        "topology.kubernetes.io/zone": locality.zone,
        "topology.istio.io/subzone": locality.sub_zone,
        NETWORK_LABEL: network,
        "kubernetes.io/hostname": node,
    }
    return FrozenMap({**labels, **{key: value for key, value in place.items() if value}})


def _ported(endpoint: Endpoint, port: EntryPort) -> Endpoint:
    return _on_port(endpoint, port, endpoint.port or port.target_port or port.number)


def _on_port(endpoint: Endpoint, port: EntryPort, number: int) -> Endpoint:
    return msgspec.structs.replace(endpoint, port_name=port.name, port=number, entry_port=port.number)


def _address(text: str) -> str:
    if is_ip(text):
        return text
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    return str(network.network_address) if network.prefixlen == network.max_prefixlen else text


def _allocated(entry: ServiceEntry, host: str) -> tuple[str, ...]:
    opted_out = entry.metadata.labels.get(AUTO_ALLOCATE, "").lower() == "false"
    if entry.spec.resolution == "NONE" or opted_out:
        return ()
    return tuple(each.value for each in entry.status.addresses if each.host == host and is_ip(each.value))
