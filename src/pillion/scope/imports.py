"""What an egress listener imports: services by its hosts and port, virtual services by its hosts."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pillion.mesh.service import Service
from pillion.resources.host import is_wildcard, most_specific
from pillion.resources.istio.sidecar import IstioEgressListener
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref, ref_of
from pillion.resources.protocol import parse_protocol
from pillion.scope.hosts import ANY_NAMESPACE, HostsByNamespace, ImportedHosts, is_excluded
from pillion.value import FrozenMap

replace = msgspec.structs.replace


def matched_port(listener: IstioEgressListener | None) -> int:
    """Give the port that imported services must have; 0 for none. An HTTP_PROXY listener takes any port."""
    if listener is None or listener.port is None or parse_protocol(listener.port.protocol) == "HTTP_PROXY":
        return 0
    return listener.port.number


def select_services(
    services: Iterable[Service], namespace: str, hosts: HostsByNamespace, port: int
) -> tuple[Service, ...]:
    """Pick the services that a listener imports, in the given order, trimmed to its port and imported aliases.

    One host counts in one namespace only: in `namespace` if it is there, else where a Kubernetes Service declares
    it, else where it came first.
    """
    imported: list[Service] = []
    excluding = any(each.excluded for each in hosts.values())
    anywhere = hosts.get(ANY_NAMESPACE)
    for service in services:
        if excluding and is_excluded(hosts, service.namespace, service.hostname):
            continue
        for scope in (hosts.get(service.namespace), anywhere):
            found = _imported(scope, service, port) if scope is not None else None
            if found is not None:
                imported.append(found)
                break
    owner: dict[str, Service] = {}
    for service in imported:
        best = owner.get(service.hostname)
        if best is None or _preferred(service, best, namespace):
            owner[service.hostname] = service
    return tuple(each for each in imported if owner[each.hostname].namespace == each.namespace)


def _preferred(service: Service, best: Service, namespace: str) -> bool:
    if service.namespace == namespace:
        return True
    kubernetes = service.registry == "Kubernetes" and best.registry != "Kubernetes"
    return kubernetes and best.namespace != namespace


def _imported(hosts: ImportedHosts, service: Service, port: int) -> Service | None:
    if not hosts.imports_service(service.hostname):
        return None
    trimmed = on_port(service, port) if port else service
    if trimmed is None or not trimmed.aliases:
        return trimmed
    aliases = tuple(alias for alias in trimmed.aliases if hosts.imports_service(alias.hostname))
    return trimmed if aliases == trimmed.aliases else replace(trimmed, aliases=aliases)


def on_port(service: Service, port: int) -> Service | None:
    """Give the service with that port alone; None when it has no such port."""
    for each in service.ports:
        if each.number == port:
            return service if len(service.ports) == 1 else replace(service, ports=(each,))
    return None


def on_ports(service: Service, ports: frozenset[int]) -> Service | None:
    """Give the service with these ports; 0 among them, or none at all, stands for every port."""
    if not ports or 0 in ports:
        return service
    kept = tuple(each for each in service.ports if each.number in ports)
    if not kept:
        return None
    return service if len(kept) == len(service.ports) else replace(service, ports=kept)


def select_virtual_services(
    tiers: Iterable[Sequence[VirtualService]], hosts: HostsByNamespace
) -> tuple[VirtualService, ...]:
    """Pick the virtual services that a listener imports, tier by tier (private, exported to us, public)."""
    found: dict[tuple[str, str], VirtualService] = {}
    for tier in tiers:
        for virtual_service in tier:
            namespace = virtual_service.metadata.namespace
            scopes = [hosts[scope] for scope in (namespace, ANY_NAMESPACE) if scope in hosts]
            if any(_imports_rule(scope, virtual_service, hosts) for scope in scopes):
                found.setdefault((namespace, virtual_service.metadata.name), virtual_service)
    return tuple(found.values())


def _imports_rule(imported: ImportedHosts, virtual_service: VirtualService, hosts: HostsByNamespace) -> bool:
    namespace = virtual_service.metadata.namespace
    return any(
        imported.imports_rule(host) and not is_excluded(hosts, namespace, host) for host in virtual_service.spec.hosts
    )


def most_specific_rules(virtual_services: Iterable[VirtualService], services: Iterable[Service]) -> FrozenMap[Ref]:
    """Map each service's host to the virtual service with the most specific host for it; the first of equals counts."""
    exact: dict[str, VirtualService] = {}
    wild: dict[str, VirtualService] = {}
    for virtual_service in virtual_services:
        for host in virtual_service.spec.hosts:
            (wild if is_wildcard(host) else exact).setdefault(host, virtual_service)
    found: dict[str, Ref] = {}
    for service in services:
        rule = exact.get(service.hostname) or _best(service.hostname, wild)
        if rule is not None:
            found[service.hostname] = ref_of(rule)
    return FrozenMap(found)


def _best(hostname: str, wild: Mapping[str, VirtualService]) -> VirtualService | None:
    found = most_specific(hostname, wild) if wild else None
    return found[1] if found else None
