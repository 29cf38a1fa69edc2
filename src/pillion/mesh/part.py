"""What one namespace gives to the world: its services, its workloads, and the members of the services."""

from collections.abc import Container

import msgspec

from pillion.memo import Kept
from pillion.mesh.catalog import Catalog
from pillion.mesh.endpoint import NO_MEMBERS, Endpoint, EndpointShelf, service_key
from pillion.mesh.endpoint_table import Sources, table_of
from pillion.mesh.kubernetes_service import convert as convert_service
from pillion.mesh.pods import is_ready, workload_of
from pillion.mesh.service import Alias, Service, age
from pillion.mesh.service_entry import NETWORK_LABEL
from pillion.mesh.service_entry import convert as convert_entry
from pillion.mesh.settings import MeshSettings
from pillion.mesh.workload import Workload
from pillion.resources.host import is_subset_of
from pillion.resources.istio.service_entry import ServiceEntry, WorkloadEntry
from pillion.resources.kubernetes.cluster import Node
from pillion.resources.kubernetes.endpoint_slice import EndpointSlice
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.kubernetes.service import Service as KubernetesService
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Labels, Value

Facts = tuple[tuple[tuple[str, ...], tuple[Endpoint, ...]], ...]
"""What of the endpoints is configuration, service by service: the identities, and the members where they are named."""
Aliases = tuple[tuple[str, tuple[Alias, ...]], ...]
HIDDEN = "~"
NAMED_MEMBERS = frozenset({"DNS", "DNS_ROUND_ROBIN", "PASSTHROUGH"})
UNDECLARED = Metadata()
"""Of a namespace that no Namespace resource speaks of."""


class Part(Value):
    """What the resources of one namespace say without a look at any other."""

    services: tuple[Service, ...] = ()
    workloads: tuple[Workload, ...] = ()
    table: EndpointShelf = NO_MEMBERS
    pointing: tuple[Service, ...] = ()
    """Those of the services that are other names for services elsewhere."""


class Surroundings(Value):
    """What the rest of the mesh says about the services of a namespace."""

    passed_through: frozenset[str]
    """Hosts whose members some rule does not choose among."""
    trust_domain_aliases: tuple[str, ...]


class Parts:
    """Makes the parts, one world after another: a namespace that did not change costs a look at its shelves."""

    def __init__(self) -> None:
        self._parts = Kept(_part)
        self._services = Kept(_services)
        self._workloads = Kept(_workloads)
        self._sources = Kept(_sources)
        self._tables = Kept(_table)
        self._facts = Kept(_facts)
        self._whole = Kept(_whole)

    def of(self, catalog: Catalog, settings: MeshSettings, name: str, metadata: Metadata) -> Part:
        """Make the part of one namespace; `metadata` is that of the Namespace."""
        declared, service_entries = catalog.shelf(KubernetesService, name), catalog.shelf(ServiceEntry, name)
        pods = catalog.shelf(Pod, name)
        services = self._services(name, declared, service_entries, settings, metadata.annotations)
        workloads = self._workloads(name, pods, catalog.shelf(Node), metadata.labels)
        if not services:
            return self._parts(name, services, workloads, NO_MEMBERS)
        slices, entries = catalog.shelf(EndpointSlice, name), catalog.shelf(WorkloadEntry, name)
        sources = self._sources(name, slices, workloads, pods, entries, service_entries)
        return self._parts(name, services, workloads, self._tables(name, sources, services, settings))

    def whole(self, name: str, part: Part, around: Surroundings, aliases: Aliases) -> tuple[Service, ...]:
        """Give the services with what their members and other namespaces say of them."""
        return self._whole(name, part.services, self._facts(name, part.services, part.table, around), aliases)

    def keep(self, names: Container[str]) -> None:
        """Forget the namespaces that are not among these."""
        for kept in (self._parts, self._services, self._workloads, self._sources, self._tables):
            kept.keep(names)
        for kept in (self._facts, self._whole):
            kept.keep(names)


def _part(services: tuple[Service, ...], workloads: tuple[Workload, ...], table: EndpointShelf) -> Part:
    pointing = tuple(each for each in services if each.resolution == "ALIAS")
    return Part(services=services, workloads=workloads, table=table, pointing=pointing)


def _services(
    declared: tuple[KubernetesService, ...],
    entries: tuple[ServiceEntry, ...],
    settings: MeshSettings,
    annotations: Labels,
) -> tuple[Service, ...]:
    found = [convert_service(each, settings.domain, settings.trust_domain, annotations) for each in declared]
    for entry in entries:
        found.extend(convert_entry(entry, annotations))
    return tuple(sorted(found, key=age))


def _workloads(pods: tuple[Pod, ...], nodes: tuple[Node, ...], labels: Labels) -> tuple[Workload, ...]:
    network = labels.get(NETWORK_LABEL, "")
    by_name = {node.metadata.name: node for node in nodes}
    found = (workload_of(pod, by_name, network) for pod in pods)
    return tuple(sorted((each for each in found if each.addresses), key=lambda each: each.name))


def _sources(
    slices: tuple[EndpointSlice, ...],
    workloads: tuple[Workload, ...],
    pods: tuple[Pod, ...],
    entries: tuple[WorkloadEntry, ...],
    service_entries: tuple[ServiceEntry, ...],
) -> Sources:
    return Sources(
        slices=slices,
        workloads=workloads,
        unready=frozenset(each.metadata.name for each in pods if not is_ready(each)),
        entries=entries,
        service_entries=service_entries,
    )


def _table(sources: Sources, services: tuple[Service, ...], settings: MeshSettings) -> EndpointShelf:
    """Find the members, but not of Kubernetes services that are exported to nobody: Istio's registry hides them."""
    table = table_of(sources, services, settings.trust_domain)
    hidden = {
        service_key(each.hostname, each.namespace)
        for each in services
        if each.registry == "Kubernetes" and HIDDEN in each.export_to
    }
    return FrozenMap({key: members for key, members in table.items() if key not in hidden}) if hidden else table


def _facts(services: tuple[Service, ...], table: EndpointShelf, around: Surroundings) -> Facts:
    """Read from the endpoints what the configuration needs: SANs, and members that are part of it.

    Of several services for one host the youngest says which identities answer besides the members'.
    """
    facts: list[tuple[tuple[str, ...], tuple[Endpoint, ...]]] = []
    declared = {each.hostname: each.accounts for each in services}
    for service in services:
        members = table.get(service_key(service.hostname, service.namespace), ())
        accounts = {each.account for each in members if each.account} | set(declared[service.hostname])
        through = any(is_subset_of(service.hostname, host) for host in around.passed_through)
        named = members if service.resolution in NAMED_MEMBERS or through else ()
        facts.append((tuple(sorted(_expanded(accounts, around.trust_domain_aliases))), named))
    return tuple(facts)


def _expanded(accounts: set[str], trust_domain_aliases: tuple[str, ...]) -> set[str]:
    """Add the same identities under the mesh's other trust domains."""
    every = set(accounts)
    for account in accounts:
        prefix, slash, rest = account.removeprefix("spiffe://").partition("/")
        if account.startswith("spiffe://") and prefix and slash:
            every.update(f"spiffe://{alias}/{rest}" for alias in trust_domain_aliases)
    return every


def _whole(services: tuple[Service, ...], facts: Facts, aliases: Aliases) -> tuple[Service, ...]:
    by_host = dict(aliases)
    return tuple(
        msgspec.structs.replace(service, accounts=accounts, members=members, aliases=by_host.get(service.hostname, ()))
        for service, (accounts, members) in zip(services, facts, strict=True)
    )
