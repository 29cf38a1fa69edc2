"""The virtual host that a service has when no VirtualService claims it; remembered service by service."""

from pillion.ir.memo import Memo
from pillion.ir.model.key import BackendKey
from pillion.ir.model.route import Forward, Route, Weighted
from pillion.ir.model.table import VirtualHost
from pillion.ir.outbound.routing import hashing
from pillion.ir.outbound.routing.domains import NO_PORT, host_port, service_domains
from pillion.ir.outbound.routing.routes import DEFAULT_ROUTE, RouteContext
from pillion.ir.policy.retries import retry
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service
from pillion.resources.istio.destination_rule import DestinationRuleSpec
from pillion.resources.istio.virtual_service import HTTPRetry
from pillion.resources.protocol import is_http, is_sniffed
from pillion.value import FrozenMap, Value


class Naming(Value):
    """What decides under which names a service is asked for."""

    proxy_domain: str
    """`NAMESPACE.svc.DOMAIN` of the caller."""
    traits: OutboundTraits
    with_port: bool = False
    """Whether the port in `Host` counts: on sockets and HTTP proxies."""


class Defaults(Value):
    """What all default hosts of a table share."""

    naming: Naming
    default_retry: HTTPRetry | None = None
    attempt_count: bool = True


class Candidate(Value):
    """A service's own virtual host, as long as nobody else has its names."""

    service: Service
    host: VirtualHost
    lowered: frozenset[str]
    """Its domains in lower case."""
    shortened: frozenset[str]
    """Those of its domains that were made by shortening."""


class CandidateSet(Value):
    """The default hosts of all services of a table."""

    candidates: tuple[Candidate, ...] = ()
    full_names: frozenset[str] = frozenset()
    """Whole names of all services: nobody else's shortened name may hide them."""


def default_hosts(
    services: FrozenMap[Service], sticky: FrozenMap[DestinationRuleSpec], shared: Defaults, memo: Memo
) -> CandidateSet:
    """Return the default hosts of these services, in the order of their names."""
    found = [
        memo(_candidate, service, port.number, sticky.get(service.hostname), shared)
        for service in services.values()
        if service.resolution != "ALIAS"
        for port in service.ports
        if is_http(port.protocol) or is_sniffed(port.protocol)
    ]
    names = {name for each in found for name in full_names(each.service, each.host.port)}
    return CandidateSet(candidates=tuple(found), full_names=frozenset(names))


def full_names(service: Service, port: int) -> tuple[str, str]:
    """Return the service's whole name, without and with its port."""
    return service.hostname, host_port(service.hostname, port)


def names_of(service: Service, port: int, naming: Naming) -> tuple[list[str], list[str]]:
    """Return all names of a service's port, and those of them that were made by shortening."""
    return service_domains(service, port if naming.with_port else NO_PORT, naming.proxy_domain, naming.traits)


def _candidate(service: Service, port: int, sticky: DestinationRuleSpec | None, shared: Defaults) -> Candidate:
    names, shortened = names_of(service, port, shared.naming)
    domains = tuple({name.lower(): name for name in reversed(names)}.values())[::-1]
    host = VirtualHost(
        name=service.hostname,
        port=port,
        domains=domains,
        routes=(default_route(service, port, sticky, shared.default_retry),),
        attempt_count=shared.attempt_count,
    )
    return Candidate(
        service=service,
        host=host,
        lowered=frozenset(name.lower() for name in domains),
        shortened=frozenset(shortened),
    )


def default_route(
    service: Service, port: int, sticky: DestinationRuleSpec | None, default_retry: HTTPRetry | None
) -> Route:
    """Return the route of everything to the service's port."""
    key = hashing.hash_key(hashing.for_port(sticky, port))
    return Route(
        name=DEFAULT_ROUTE,
        action=Forward(
            backends=(Weighted(backend=BackendKey(port=port, host=service.hostname), weight=0),),
            retry=retry(default_retry, sticky=False),
            hash_keys=(key,) if key is not None else (),
        ),
        operation=f"{service.hostname}:{port}/*",
    )


def defaults_for(context: RouteContext, naming: Naming, *, attempt_count: bool) -> Defaults:
    """Return what the default hosts of a table share."""
    return Defaults(naming=naming, default_retry=context.default_retry, attempt_count=attempt_count)
