"""What the machine's mesh consists of, as objects: services with addresses, pods with status, slices; all pure.

The same objects that a Kubernetes cluster would hold: the control plane cannot tell the two apart.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from ipaddress import ip_address
from typing import Any, NamedTuple

import msgspec

from pillion.local.addresses import Book, Claim, Pool, assign
from pillion.local.endpoints import endpoint_slices
from pillion.local.fabric.model import FabricSettings, HostRecord
from pillion.local.server.intake import Intake
from pillion.local.services import Books, with_cluster_ips
from pillion.resources.decode import decode
from pillion.resources.host import is_wildcard
from pillion.resources.istio.service_entry import ServiceEntry, ServiceEntryAddress, ServiceEntryStatus
from pillion.resources.kubernetes.cluster import Namespace, Node
from pillion.resources.kubernetes.endpoint_slice import EndpointSlice
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.kubernetes.service import Service
from pillion.resources.meta import HasMetadata, Metadata, Ref, ref_of
from pillion.value import Diagnostics, FrozenMap

ALLOCATED = "240.240.0.0/16"
"""Where addresses of ServiceEntries without one come from, as in Istio."""
WORKLOADS = frozenset({"Pod", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "CronJob"})
"""Kinds that become pods; the pods are told of, not these."""


class Addressed(NamedTuple):
    """Resources with the addresses that the machine gave them."""

    resources: Mapping[Ref, HasMetadata]
    services: tuple[Service, ...]
    hosts: tuple[HostRecord, ...]
    books: Books
    diagnostics: Diagnostics


def address(intake: Intake, settings: FabricSettings, books: Books) -> Addressed:
    """Give services their cluster IPs, and ServiceEntries without an address one that leads to their Envoy."""
    resources: dict[Ref, HasMetadata] = {
        ref: taken.resource for ref, taken in intake.taken.items() if ref.kind not in WORKLOADS
    }
    declared = [each for each in resources.values() if isinstance(each, Service)]
    services, kept, found = with_cluster_ips(declared, settings, books)
    entries = [each for each in resources.values() if isinstance(each, ServiceEntry)]
    allocated, book = _allocate(entries, kept.get(ALLOCATED, Book()))
    for each in (*services, *allocated):
        resources[ref_of(each)] = each
    return Addressed(
        resources=resources,
        services=services,
        hosts=tuple(record for entry in allocated for record in _records(entry)),
        books=FrozenMap({**kept, ALLOCATED: book}),
        diagnostics=found,
    )


def _allocate(entries: Sequence[ServiceEntry], book: Book) -> tuple[list[ServiceEntry], Book]:
    asking = [each for each in entries if _needs_address(each)]
    owners = [Claim(owner=f"{each.metadata.namespace}/{each.metadata.name}") for each in asking]
    assignment, _ = assign(Pool(cidr=ALLOCATED), book, owners)
    placed: list[ServiceEntry] = []
    for entry in entries:
        given = assignment.addresses.get(f"{entry.metadata.namespace}/{entry.metadata.name}", "")
        if given and entry in asking:
            addresses = tuple(ServiceEntryAddress(host=host, value=given) for host in entry.spec.hosts)
            placed.append(msgspec.structs.replace(entry, status=ServiceEntryStatus(addresses=addresses)))
        else:
            placed.append(entry)
    return placed, assignment.book


def _needs_address(entry: ServiceEntry) -> bool:
    spec = entry.spec
    return not spec.addresses and not entry.status.addresses and spec.resolution != "NONE"


def _records(entry: ServiceEntry) -> Iterator[HostRecord]:
    given = entry.spec.addresses or tuple(each.value for each in entry.status.addresses)
    addresses = tuple(text for text in given if _is_ip(text))
    for host in entry.spec.hosts:
        if addresses and (not is_wildcard(host) or host.startswith("*.")):
            yield HostRecord(host=host, addresses=addresses)


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def namespaces_of(resources: Mapping[Ref, HasMetadata], pods: Iterable[str]) -> tuple[Namespace, ...]:
    """Give a Namespace for every name that is used and not declared."""
    used = {ref.namespace for ref in resources if ref.namespace} | {key.partition("/")[0] for key in pods}
    declared = {ref.name for ref in resources if ref.kind == "Namespace"}
    return tuple(Namespace(metadata=Metadata(name=name)) for name in sorted(used - declared))


def with_status(
    document: Mapping[str, Any], status: Mapping[str, Any] | None, *, leaving: bool, node: str
) -> Pod | None:
    """Read a pod's document with the status that the kubelet tells; one that leaves is marked as terminating."""
    metadata = {**document.get("metadata", {})}
    if leaving:
        metadata["deletionTimestamp"] = metadata.get("deletionTimestamp") or "9999-01-01T00:00:00Z"
    spec = {**document.get("spec", {}), "nodeName": node}
    pod, _ = decode({**document, "metadata": metadata, "spec": spec, "status": dict(status or {})})
    return pod if isinstance(pod, Pod) else None


def published(
    addressed: Addressed, pods: Sequence[Pod], node: str
) -> tuple[dict[Ref, HasMetadata], tuple[EndpointSlice, ...]]:
    """Give everything that the control plane is told of, and all slices, given and derived."""
    resources = dict(addressed.resources)
    derived = endpoint_slices(addressed.services, pods)
    keys = (f"{each.metadata.namespace}/{each.metadata.name}" for each in pods)
    for each in (*derived, *pods, *namespaces_of(addressed.resources, keys)):
        resources[ref_of(each)] = each
    machine = Node(metadata=Metadata(name=node))
    resources.setdefault(ref_of(machine), machine)
    given = tuple(each for each in addressed.resources.values() if isinstance(each, EndpointSlice))
    return resources, (*given, *derived)


def difference(
    before: Mapping[Ref, HasMetadata], after: Mapping[Ref, HasMetadata]
) -> tuple[list[HasMetadata], list[Ref]]:
    """Give what is new or changed, and what is gone."""
    changed = [each for ref, each in after.items() if before.get(ref) is not each and before.get(ref) != each]
    return changed, [ref for ref in before if ref not in after]
