"""The virtual hosts of one port: those of VirtualServices first, then one for each service that none of them claims.

Mirrors `route.BuildSidecarVirtualHostWrapper` and `BuildSidecarOutboundVirtualHosts`: a domain belongs to the first
that claims it, and a name made by shortening never hides a service of that very name.
"""

from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from pillion.ir.memo import Memo
from pillion.ir.model.route import Route
from pillion.ir.model.table import VirtualHost
from pillion.ir.outbound.routing.defaults import CandidateSet, Defaults, default_hosts, full_names, names_of
from pillion.ir.outbound.routing.domains import bracketed, host_port
from pillion.ir.outbound.routing.routes import Registry, RouteContext, destinations, http_routes
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
    shared: Defaults
    virtual_services: tuple[VirtualService, ...] = ()
    most_specific: FrozenMap[Ref] = FrozenMap()


class Claim(Value):
    """Routes of a VirtualService, and who wants them on which port."""

    port: int
    services: tuple[Service, ...] = ()
    names: tuple[str, ...] = ()
    """Its hosts that no service has."""
    routes: tuple[Route, ...] = ()


class _Register:
    """Keeps who has which name, first come first served."""

    def __init__(self, known: Iterable[str]) -> None:
        self.known: set[str] = set(known)
        self.taken: set[str] = set()
        self.named: set[str] = set()
        self.hosts: list[VirtualHost] = []

    def claim(self, host: VirtualHost, shortened: Iterable[str]) -> bool:
        """Add a host with those of its domains that are free; one without any is left out. Return whether it is in."""
        name = host_port(host.name, host.port)
        if name in self.named:
            return False
        self.named.add(name)
        short = set(shortened)
        free: list[str] = []
        for domain in host.domains:
            if domain.lower() in self.taken or (domain in short and domain in self.known):
                continue
            self.taken.add(domain.lower())
            free.append(domain)
        if free:
            self.hosts.append(replace(host, domains=tuple(free)) if len(free) < len(host.domains) else host)
        return bool(free)

    def add_defaults(self, found: CandidateSet, claimed: set[str]) -> None:
        """Add the services' own hosts; most of them share no name with anybody and go in as they are."""
        for each in found.candidates:
            if each.service.hostname in claimed:
                continue
            free = self.taken.isdisjoint(each.lowered) and self.known.isdisjoint(each.shortened)
            name = host_port(each.host.name, each.host.port)
            if free and name not in self.named:
                self.named.add(name)
                self.taken.update(each.lowered)
                self.hosts.append(each.host)
            else:
                self.claim(each.host, each.shortened)


def virtual_hosts(inputs: HostInputs, memo: Memo) -> tuple[VirtualHost, ...]:
    """Return the virtual hosts, sorted by name."""
    claims = [claim for rule in inputs.virtual_services for claim in _claims_of(rule, inputs, memo)]
    found = _services_themselves(inputs, memo)
    claimed = {service.hostname for claim in claims for service in claim.services}
    register = _register(claims, found)
    for claim in claims:
        for host, shortened in _claimed_hosts(claim, inputs):
            register.claim(host, shortened)
    register.add_defaults(found, claimed)
    port = inputs.context.port
    chosen = [host for host in register.hosts if host.port == port] if port else _all_ports(register.hosts)
    return tuple(sorted(chosen, key=lambda host: host_port(host.name, host.port)))


class Rivalry(Value):
    """Which VirtualServices have a name of their own in a table, and which find all of theirs taken."""

    heard: frozenset[Ref] = frozenset()
    shadowed: FrozenMap[tuple[Ref, ...]] = FrozenMap()
    """VirtualService, as `ref_of` writes it -> those that have its names."""


def rivalry(inputs: HostInputs, memo: Memo) -> Rivalry:
    """Tell which VirtualServices with routes the virtual hosts of one port leave without any name."""
    claims = {ref_of(rule): _claims_of(rule, inputs, memo) for rule in inputs.virtual_services}
    register = _register([claim for found in claims.values() for claim in found], _services_themselves(inputs, memo))
    heard: set[Ref] = set()
    owners: dict[str, Ref] = {}
    lost: dict[Ref, dict[Ref, None]] = {}
    for own, found in claims.items():
        for host, shortened in (each for claim in found for each in _claimed_hosts(claim, inputs)):
            names = [domain.lower() for domain in host.domains]
            if register.claim(host, shortened):
                heard.add(own)
                owners.update({name: own for name in names if name not in owners})
            else:
                lost.setdefault(own, {}).update({owners[name]: None for name in names if name in owners})
    return Rivalry(
        heard=frozenset(heard),
        shadowed=FrozenMap({str(own): tuple(taken) for own, taken in lost.items() if taken and own not in heard}),
    )


def _claims_of(rule: VirtualService, inputs: HostInputs, memo: Memo) -> tuple[Claim, ...]:
    return memo(rule_claims, rule, _claiming(rule, inputs))


def _services_themselves(inputs: HostInputs, memo: Memo) -> CandidateSet:
    return memo(default_hosts, inputs.registry.services, inputs.registry.sticky_rules, inputs.shared, memo)


def _register(claims: Iterable[Claim], found: CandidateSet) -> _Register:
    names = (name for claim in claims for service in claim.services for name in full_names(service, claim.port))
    return _Register(found.full_names.union(names))


def _claimed_hosts(claim: Claim, inputs: HostInputs) -> Iterator[tuple[VirtualHost, list[str]]]:
    for name in (name.lower() for name in claim.names):
        yield _host(name, claim, [bracketed(name)], inputs), []
    for service in claim.services:
        names, shortened = names_of(service, claim.port, inputs.shared.naming)
        yield _host(service.hostname, claim, names, inputs), shortened


def _host(name: str, claim: Claim, domains: list[str], inputs: HostInputs) -> VirtualHost:
    return VirtualHost(
        name=name,
        port=claim.port,
        domains=tuple(domains),
        routes=claim.routes,
        attempt_count=inputs.shared.attempt_count,
    )


def _all_ports(found: list[VirtualHost]) -> list[VirtualHost]:
    """Merge the hosts of all ports: other ports than 80 only by names that carry the port."""
    merged: list[VirtualHost] = []
    for host in found:
        domains = host.domains if host.port == HTTP_PORT else tuple(name for name in host.domains if ":" in name)
        if domains:
            merged.append(replace(host, domains=domains))
    return merged


class Claiming(Value):
    """What the claims of a VirtualService depend on besides itself."""

    context: RouteContext
    registry: Registry
    most_specific: FrozenMap[Ref] = FrozenMap()


def _claiming(rule: VirtualService, inputs: HostInputs) -> Claiming:
    """Narrow the inputs to what one VirtualService may refer to, so that others do not change its claims."""
    registry = inputs.registry
    if any(is_wildcard(host) for host in rule.spec.hosts):
        return Claiming(context=inputs.context, registry=registry, most_specific=inputs.most_specific)
    hosts = {host.lower() for host in rule.spec.hosts} | set(destinations(rule))
    return Claiming(
        context=inputs.context,
        registry=Registry(
            services=FrozenMap({host: registry.services[host] for host in hosts if host in registry.services}),
            sticky_rules=FrozenMap(
                {host: registry.sticky_rules[host] for host in hosts if host in registry.sticky_rules}
            ),
        ),
    )


def rule_claims(rule: VirtualService, inputs: Claiming) -> tuple[Claim, ...]:
    """Return what a VirtualService claims: its routes, for the services and names that it has hosts for."""
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


def _hosts_and_services(rule: VirtualService, inputs: Claiming) -> tuple[tuple[str, ...], list[Service]]:
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
