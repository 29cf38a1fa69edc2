"""The virtual hosts of one port: those of VirtualServices first, then one for each service that none of them claims.

Mirrors `route.BuildSidecarVirtualHostWrapper` and `BuildSidecarOutboundVirtualHosts`: a domain belongs to the first
that claims it, and a name made by shortening never hides a service of that very name.
"""

from collections.abc import Iterable, Iterator

from pillion.ir.model.key import BackendKey
from pillion.ir.model.route import Forward, Route, Weighted
from pillion.ir.model.table import VirtualHost
from pillion.ir.outbound import hashing
from pillion.ir.outbound.domains import NO_PORT, bracketed, host_port, service_domains
from pillion.ir.outbound.routes import DEFAULT_ROUTE, Registry, RouteContext, http_routes
from pillion.ir.policy.retries import retry
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service
from pillion.resources.host import is_wildcard, overlaps
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.meta import Ref, ref_of
from pillion.resources.protocol import is_http, is_sniffed
from pillion.value import FrozenMap, Value

HTTP_PORT = 80


class HostInputs(Value):
    """Everything that the virtual hosts of one port are made from."""

    context: RouteContext
    registry: Registry
    """Services that have the port, trimmed to it; all of a listener's for port 0."""
    virtual_services: tuple[VirtualService, ...] = ()
    most_specific: FrozenMap[Ref] = FrozenMap()
    proxy_domain: str = ""
    traits: OutboundTraits = OutboundTraits()
    attempt_count: bool = True


class Claim(Value):
    """Routes, and who wants them on which port."""

    port: int
    services: tuple[Service, ...] = ()
    names: tuple[str, ...] = ()
    """Hosts of a VirtualService that no service has."""
    routes: tuple[Route, ...] = ()


def virtual_hosts(inputs: HostInputs) -> tuple[VirtualHost, ...]:
    """Return the virtual hosts, sorted by name."""
    claims = _claims(inputs)
    known = {name for claim in claims for service in claim.services for name in _full_names(service, claim.port)}
    taken: set[str] = set()
    named: set[str] = set()
    found: dict[int, list[VirtualHost]] = {}
    for claim in claims:
        for host, service in _claimants(claim):
            name = host_port(host, claim.port)
            if name in named:
                continue
            named.add(name)
            domains = _domains(host, service, claim.port, inputs)
            free = _free(domains, taken, known)
            if free:
                found.setdefault(claim.port, []).append(
                    VirtualHost(
                        name=host,
                        port=claim.port,
                        domains=free,
                        routes=claim.routes,
                        attempt_count=inputs.attempt_count,
                    )
                )
    chosen = _all_ports(found) if inputs.context.port == 0 else found.get(inputs.context.port, [])
    return tuple(sorted(chosen, key=lambda host: host_port(host.name, host.port)))


def _full_names(service: Service, port: int) -> tuple[str, str]:
    return host_port(service.hostname, port), service.hostname


def _claimants(claim: Claim) -> Iterator[tuple[str, Service | None]]:
    for name in claim.names:
        yield name.lower(), None
    for service in claim.services:
        yield service.hostname, service


def _domains(host: str, service: Service | None, port: int, inputs: HostInputs) -> tuple[list[str], list[str]]:
    if service is None:
        return [bracketed(host)], []
    shown = NO_PORT if inputs.context.port else port
    return service_domains(service, shown, inputs.proxy_domain, inputs.traits)


def _free(domains: tuple[list[str], list[str]], taken: set[str], known: set[str]) -> tuple[str, ...]:
    """Return the domains that nobody had before, and mark them as taken."""
    names, shortened = domains
    short = set(shortened)
    free: list[str] = []
    for name in names:
        if name.lower() in taken or (name in short and name in known):
            continue
        taken.add(name.lower())
        free.append(name)
    return tuple(free)


def _all_ports(found: dict[int, list[VirtualHost]]) -> list[VirtualHost]:
    """Merge the hosts of all ports: other ports than 80 only by names that carry the port."""
    merged: list[VirtualHost] = []
    for port, hosts in sorted(found.items()):
        for host in hosts:
            domains = host.domains if port == HTTP_PORT else tuple(name for name in host.domains if ":" in name)
            if domains:
                merged.append(
                    VirtualHost(
                        name=host.name,
                        port=port,
                        domains=domains,
                        routes=host.routes,
                        attempt_count=host.attempt_count,
                    )
                )
    return merged


def _claims(inputs: HostInputs) -> list[Claim]:
    claims = [claim for service in inputs.virtual_services for claim in _rule_claims(service, inputs)]
    claimed = {service.hostname for claim in claims for service in claim.services}
    for host, service in inputs.registry.services.items():
        if host not in claimed and service.resolution != "ALIAS":
            claims += _service_claims(service, inputs)
    return claims


def _service_claims(service: Service, inputs: HostInputs) -> Iterator[Claim]:
    for port in service.ports:
        if is_http(port.protocol) or is_sniffed(port.protocol):
            yield Claim(port=port.number, services=(service,), routes=(_default_route(service, port.number, inputs),))


def _default_route(service: Service, port: int, inputs: HostInputs) -> Route:
    key = hashing.hash_key(hashing.for_port(inputs.registry.sticky_rules.get(service.hostname), port))
    return Route(
        name=DEFAULT_ROUTE,
        action=Forward(
            backends=(Weighted(backend=BackendKey(port=port, host=service.hostname), weight=0),),
            retry=retry(inputs.context.default_retry, sticky=False),
            hash_keys=(key,) if key is not None else (),
        ),
        operation=f"{service.hostname}:{port}/*",
    )


def _rule_claims(rule: VirtualService, inputs: HostInputs) -> Iterable[Claim]:
    routes = http_routes(rule, inputs.context, inputs.registry)
    if not routes:
        return ()
    names, services = _hosts_and_services(rule, inputs)
    by_port: dict[int, list[Service]] = {}
    for service in services:
        for port in service.ports:
            if is_http(port.protocol) or is_sniffed(port.protocol):
                by_port.setdefault(port.number, []).append(service)
    if not by_port and inputs.context.port == HTTP_PORT:
        by_port[HTTP_PORT] = []
    return tuple(
        Claim(port=port, services=tuple(found), names=names, routes=routes) for port, found in sorted(by_port.items())
    )


def _hosts_and_services(rule: VirtualService, inputs: HostInputs) -> tuple[tuple[str, ...], list[Service]]:
    """Part a VirtualService's hosts into those that are services here and those that are only names."""
    names: list[str] = []
    services: list[Service] = []
    registry = inputs.registry.services
    for host in rule.spec.hosts:
        if not is_wildcard(host):
            service = registry.get(host.lower())
            if service is None:
                names.append(host)
            else:
                services.append(service)
    own = ref_of(rule)
    for host in (item.lower() for item in rule.spec.hosts if is_wildcard(item)):
        covered = [service for name, service in registry.items() if overlaps(name, host)]
        services += [service for service in covered if inputs.most_specific.get(service.hostname) == own]
        if not covered:
            names.append(host)
    return tuple(names), services
