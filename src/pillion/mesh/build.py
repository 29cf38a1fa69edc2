"""Resources in, one immutable world out.

Every shelf is remembered by what it was made from, so a change costs the shelves it touches. Mirrors what Istio does
once a push in `PushContext.InitContext`, without looking at any proxy.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from pillion.memo import Memo
from pillion.mesh.catalog import Catalog
from pillion.mesh.destination_rules import DestinationRuleShelf, shelve
from pillion.mesh.endpoint import Endpoint, EndpointTable, service_key
from pillion.mesh.endpoint_table import Sources, table_of
from pillion.mesh.kubernetes_service import convert as convert_service
from pillion.mesh.pods import is_ready, workload_of
from pillion.mesh.rules.sidecars import conflicts, in_order
from pillion.mesh.rules.virtual_services import is_delegate, merge_delegates, resolve_names
from pillion.mesh.service import Alias, Service
from pillion.mesh.service_entry import NETWORK_LABEL
from pillion.mesh.service_entry import convert as convert_entry
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot, World
from pillion.mesh.workload import Workload
from pillion.resources.host import is_subset_of, resolve_short_name
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.gateway import Gateway
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.istio.security import AuthorizationPolicy, PeerAuthentication, RequestAuthentication
from pillion.resources.istio.service_entry import ServiceEntry, WorkloadEntry
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.telemetry import Telemetry
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.kubernetes.cluster import Namespace, Node
from pillion.resources.kubernetes.endpoint_slice import EndpointSlice
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.kubernetes.service import Service as KubernetesService
from pillion.resources.meta import HasMetadata
from pillion.value import NO_LABELS, Diagnostics, FrozenMap, Labels

R = TypeVar("R", bound=HasMetadata)
V = TypeVar("V")
Facts = tuple[tuple[tuple[str, ...], tuple[Endpoint, ...]], ...]
"""What of the endpoints is configuration, service by service: the identities, and the members where they are named."""
Aliases = tuple[tuple[str, tuple[Alias, ...]], ...]
HIDDEN = "~"
NAMED_MEMBERS = frozenset({"DNS", "DNS_ROUND_ROBIN"})


class Builder:
    """Builds worlds, one after another, and remembers the shelves of the last one."""

    def __init__(self) -> None:
        self.services = Memo(_services)
        self.tables = Memo(table_of)
        self.facts = Memo(_facts)
        self.enriched = Memo(_enriched)
        self.workloads = Memo(_workloads)
        self.virtual_services = Memo(_virtual_service)
        self.names = Memo(resolve_names)
        self.rules = Memo(shelve)
        self.sidecars = Memo(in_order)

    def build(self, catalog: Catalog, settings: MeshSettings) -> tuple[World, Diagnostics]:
        """Make the world of these resources."""
        namespaces = _namespaces(catalog, settings)
        plain = {name: self._plain_services(catalog, settings, name) for name in namespaces}
        workloads = self._workload_shelves(catalog, namespaces)
        aliases = _aliases(plain.values())
        passed_through = _passthrough_hosts(catalog.every(DestinationRule), settings.domain)
        services: dict[str, tuple[Service, ...]] = {}
        endpoints: dict[str, tuple[Endpoint, ...]] = {}
        for name in namespaces:
            table = _shown(self._table(catalog, settings, name, (plain[name], workloads.get(name, ()))), plain[name])
            endpoints.update(table)
            mine = tuple((each.hostname, aliases[each.hostname]) for each in plain[name] if each.hostname in aliases)
            facts = self.facts(plain[name], table, settings.config.trust_domain_aliases, passed_through)
            services[name] = self.enriched(plain[name], facts, mine)
        virtual_services, found = self._virtual_services(catalog, settings)
        sidecars = _filled({name: self.sidecars(catalog.shelf(Sidecar, name)) for name in namespaces})
        snapshot = MeshSnapshot(
            settings=settings,
            namespaces=FrozenMap({each.metadata.name: each.metadata.labels for each in catalog.shelf(Namespace)}),
            services=_filled(services),
            virtual_services=virtual_services,
            destination_rules=self._rules(catalog, settings),
            sidecars=sidecars,
            peer_authentications=_shelves(catalog, PeerAuthentication),
            request_authentications=_shelves(catalog, RequestAuthentication),
            authorization_policies=_shelves(catalog, AuthorizationPolicy),
            telemetries=_shelves(catalog, Telemetry),
            proxy_configs=_shelves(catalog, ProxyConfig),
            envoy_filters=_shelves(catalog, EnvoyFilter),
            gateways=_shelves(catalog, Gateway),
            workload_entries=_shelves(catalog, WorkloadEntry),
            workloads=_filled(workloads),
        )
        self._sweep()
        return World(snapshot=snapshot, endpoints=FrozenMap(endpoints)), (
            *found,
            *conflicts(sidecars, settings.root_namespace),
        )

    def _plain_services(self, catalog: Catalog, settings: MeshSettings, name: str) -> tuple[Service, ...]:
        declared, entries = catalog.shelf(KubernetesService, name), catalog.shelf(ServiceEntry, name)
        if not declared and not entries:
            return ()
        annotations = _annotations(catalog, name)
        return self.services(declared, entries, settings.domain, settings.trust_domain, annotations)

    def _workload_shelves(self, catalog: Catalog, namespaces: Iterable[str]) -> dict[str, tuple[Workload, ...]]:
        nodes = catalog.shelf(Node)
        return {
            name: self.workloads(pods, nodes, _labels(catalog, name).get(NETWORK_LABEL, ""))
            for name in namespaces
            if (pods := catalog.shelf(Pod, name))
        }

    def _table(
        self,
        catalog: Catalog,
        settings: MeshSettings,
        name: str,
        made: tuple[tuple[Service, ...], tuple[Workload, ...]],
    ) -> EndpointTable:
        services, workloads = made
        if not services:
            return FrozenMap()
        sources = Sources(
            slices=catalog.shelf(EndpointSlice, name),
            workloads=workloads,
            unready=frozenset(each.metadata.name for each in catalog.shelf(Pod, name) if not is_ready(each)),
            entries=catalog.shelf(WorkloadEntry, name),
            service_entries=catalog.shelf(ServiceEntry, name),
        )
        return self.tables(sources, services, settings.trust_domain)

    def _virtual_services(
        self, catalog: Catalog, settings: MeshSettings
    ) -> tuple[FrozenMap[tuple[VirtualService, ...]], Diagnostics]:
        default = settings.config.default_virtual_service_export_to
        whole = {
            name: tuple(self.names(each, settings.domain, default) for each in shelf)
            for name, shelf in _shelves(catalog, VirtualService).items()
        }
        delegates = {
            (name, each.metadata.name): each for name, shelf in whole.items() for each in shelf if is_delegate(each)
        }
        found: list[Diagnostics] = []
        shelves: dict[str, tuple[VirtualService, ...]] = {}
        for name, shelf in whole.items():
            ready: list[VirtualService] = []
            for root in shelf:
                if is_delegate(root):
                    continue
                named = _named_delegates(root, delegates)
                merged, diagnostics = self.virtual_services(root, named)
                ready.append(merged)
                found.append(diagnostics)
            shelves[name] = tuple(ready)
        return _filled(shelves), tuple(each for diagnostics in found for each in diagnostics)

    def _rules(self, catalog: Catalog, settings: MeshSettings) -> FrozenMap[DestinationRuleShelf]:
        default = settings.config.default_destination_rule_export_to
        shelves = _shelves(catalog, DestinationRule)
        return FrozenMap({name: self.rules(shelf, settings.domain, default) for name, shelf in shelves.items()})

    def _sweep(self) -> None:
        for memo in (self.services, self.tables, self.facts, self.enriched, self.workloads):
            memo.sweep()
        for memo in (self.virtual_services, self.names, self.rules, self.sidecars):
            memo.sweep()


def _namespaces(catalog: Catalog, settings: MeshSettings) -> tuple[str, ...]:
    return tuple(sorted({*catalog.namespaces(), settings.root_namespace}))


def _shelves(catalog: Catalog, kind: type[R]) -> FrozenMap[tuple[R, ...]]:
    return _filled({name: catalog.shelf(kind, name) for name in catalog.namespaces()})


def _filled(shelves: Mapping[str, tuple[V, ...]]) -> FrozenMap[tuple[V, ...]]:
    return FrozenMap({name: shelf for name, shelf in shelves.items() if shelf})


def _labels(catalog: Catalog, namespace: str) -> Labels:
    return next(
        (each.metadata.labels for each in catalog.shelf(Namespace) if each.metadata.name == namespace), NO_LABELS
    )


def _annotations(catalog: Catalog, namespace: str) -> Labels:
    shelf = catalog.shelf(Namespace)
    return next((each.metadata.annotations for each in shelf if each.metadata.name == namespace), NO_LABELS)


def _named_delegates(
    root: VirtualService, delegates: Mapping[tuple[str, str], VirtualService]
) -> FrozenMap[VirtualService]:
    """Pick the delegates that a root names, so that no other delegate's change concerns it."""
    keys = (
        (route.delegate.namespace or root.metadata.namespace, route.delegate.name)
        for route in root.spec.http
        if route.delegate
    )
    return FrozenMap({"/".join(key): delegates[key] for key in keys if key in delegates})


def _services(
    declared: tuple[KubernetesService, ...],
    entries: tuple[ServiceEntry, ...],
    domain: str,
    trust_domain: str,
    namespace_annotations: Labels,
) -> tuple[Service, ...]:
    found = [convert_service(each, domain, trust_domain, namespace_annotations) for each in declared]
    for entry in entries:
        found.extend(convert_entry(entry, namespace_annotations))
    return tuple(sorted(found, key=age))


def age(service: Service) -> tuple[str, str, str]:
    """Sort services as Istio does: oldest first, then by name (a ServiceEntry's is its host) and namespace."""
    return service.created, service.hostname if service.registry == "External" else service.name, service.namespace


def _workloads(pods: tuple[Pod, ...], nodes: tuple[Node, ...], network: str) -> tuple[Workload, ...]:
    by_name = {node.metadata.name: node for node in nodes}
    found = (workload_of(pod, by_name, network) for pod in pods)
    return tuple(sorted((each for each in found if each.addresses), key=lambda each: each.name))


def _virtual_service(root: VirtualService, delegates: FrozenMap[VirtualService]) -> tuple[VirtualService, Diagnostics]:
    named = {(namespace, name): each for key, each in delegates.items() for namespace, _, name in (key.partition("/"),)}
    return merge_delegates(root, named)


def _shown(table: EndpointTable, services: tuple[Service, ...]) -> EndpointTable:
    """Leave out the members of Kubernetes services that are exported to nobody, as Istio's registry does."""
    hidden = {
        service_key(each.hostname, each.namespace)
        for each in services
        if each.registry == "Kubernetes" and HIDDEN in each.export_to
    }
    return FrozenMap({key: members for key, members in table.items() if key not in hidden}) if hidden else table


def _passthrough_hosts(rules: Iterable[DestinationRule], domain: str) -> frozenset[str]:
    """Find the hosts whose members some rule does not choose among: whether all of them take mutual TLS then counts."""
    found: set[str] = set()
    for rule in rules:
        policies = [rule.spec.traffic_policy, *(subset.traffic_policy for subset in rule.spec.subsets)]
        levels = [level for policy in policies if policy for level in (policy, *policy.port_level_settings)]
        if any(level.load_balancer is not None and level.load_balancer.simple == "PASSTHROUGH" for level in levels):
            found.add(resolve_short_name(rule.spec.host, rule.metadata.namespace, domain))
    return frozenset(found)


def _facts(
    services: tuple[Service, ...], table: EndpointTable, aliases: tuple[str, ...], passed_through: frozenset[str]
) -> Facts:
    """Read from the endpoints what the configuration needs: SANs, and members that are part of it."""
    facts: list[tuple[tuple[str, ...], tuple[Endpoint, ...]]] = []
    for service in services:
        members = table.get(service_key(service.hostname, service.namespace), ())
        accounts = {each.account for each in members if each.account} | set(service.accounts)
        through = any(is_subset_of(service.hostname, host) for host in passed_through)
        named = members if service.headless or service.resolution in NAMED_MEMBERS or through else ()
        facts.append((tuple(sorted(_expanded(accounts, aliases))), named))
    return tuple(facts)


def _expanded(accounts: set[str], trust_domain_aliases: tuple[str, ...]) -> set[str]:
    """Add the same identities under the mesh's other trust domains."""
    every = set(accounts)
    for account in accounts:
        prefix, slash, rest = account.removeprefix("spiffe://").partition("/")
        if account.startswith("spiffe://") and prefix and slash:
            every.update(f"spiffe://{alias}/{rest}" for alias in trust_domain_aliases)
    return every


def _enriched(services: tuple[Service, ...], facts: Facts, aliases: Aliases) -> tuple[Service, ...]:
    by_host = dict(aliases)
    return tuple(
        msgspec.structs.replace(service, accounts=accounts, members=members, aliases=by_host.get(service.hostname, ()))
        for service, (accounts, members) in zip(services, facts, strict=True)
    )


def _aliases(shelves: Iterable[tuple[Service, ...]]) -> Mapping[str, tuple[Alias, ...]]:
    """Map each real host to the ExternalName Services that lead to it, over several hops; loops lead nowhere."""
    pointing = [each for shelf in shelves for each in shelf if each.resolution == "ALIAS"]
    target = {each.hostname: each.external_name for each in pointing}
    found: dict[str, list[Alias]] = {}
    for each in pointing:
        seen = {each.hostname}
        host = each.external_name
        while host in target and host not in seen:
            seen.add(host)
            host = target[host]
        if host not in seen:
            found.setdefault(host, []).append(Alias(hostname=each.hostname, namespace=each.namespace))
    return {
        host: tuple(sorted(each, key=lambda alias: (alias.namespace, alias.hostname))) for host, each in found.items()
    }
