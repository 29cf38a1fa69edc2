"""Route tables: virtual hosts found by a request's host, and their routes, of which the first that matches counts."""

from collections.abc import Iterable
from typing import Literal

from msgspec.structs import force_setattr

from pillion.envoy.view.matcher import HeaderMatch, QueryMatch, Unread
from pillion.value import FrozenMap, Value

TlsRequirement = Literal["NONE", "EXTERNAL_ONLY", "ALL"]


class PathMatch(Value):
    """The path of a route match; a request's path is compared without its query."""

    how: Literal["prefix", "path", "path_separated_prefix", "regex", "connect"]
    text: str = ""
    ignore_case: bool = False


class RouteMatch(Value):
    """What a request must look like. Everything must hold."""

    path: PathMatch | Unread
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()
    grpc: bool = False
    """Only gRPC requests: content type `application/grpc`."""
    fraction: float = 1.0
    """The share of requests that the route takes at random."""
    unread: tuple[str, ...] = ()
    """Names of conditions that cannot be judged here."""


class Weight(Value):
    """One cluster of several, by weight."""

    cluster: str
    weight: int


class Mirror(Value):
    """A cluster that gets copies of requests; what it answers is thrown away."""

    cluster: str
    """Empty: a request header names it."""
    fraction: float = 1.0


class Forward(Value):
    """Send the request on: exactly one of the fields is set."""

    cluster: str = ""
    weighted: tuple[Weight, ...] = ()
    cluster_header: str = ""
    """The request header that names the cluster, in lower case."""
    unread: str = ""
    """The name of a cluster specifier that cannot be judged here."""
    mirrors: tuple["Mirror", ...] = ()
    """Who gets a copy."""


class Redirect(Value):
    """Answer with a redirect. Empty parts stay as they are in the request."""

    status: int = 301
    scheme: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    """A new path, or a new prefix with `prefix`."""
    prefix: bool = False
    regex: str = ""
    strip_query: bool = False


class DirectResponse(Value):
    """Answer at once."""

    status: int


class Unforwarded(Value):
    """A route without a destination of its own, or of a kind that is not read."""


Action = Forward | Redirect | DirectResponse | Unforwarded


class Fault(Value):
    """What a filter does to requests of a route on purpose (fault injection)."""

    filter: str
    """The name of the filter that does it, if there is one in the chain."""
    abort: str = ""
    """The answer that is given at once: `status 503` or `gRPC status 14`; empty: none."""
    aborted: float = 0.0
    """The share of requests that get it."""
    delay: str = ""
    """How long requests wait, such as `3s`; empty: not at all."""
    delayed: float = 0.0
    """The share of requests that wait."""
    unread: tuple[str, ...] = ()
    """Names of conditions that cannot be judged here."""


class Route(Value):
    """A match and what follows."""

    name: str = ""
    match: RouteMatch
    action: Action = Unforwarded()
    fault: Fault | None = None


class VirtualHost(Value):
    """Routes for the requests to some domains."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...] = ()
    require_tls: TlsRequirement = "NONE"
    unread: str = ""
    """Set when routes are chosen by a matcher tree."""


class Domains(Value):
    """Where each domain leads, looked up as Envoy does: exact, longest suffix, longest prefix, everything."""

    exact: FrozenMap[int]
    suffixes: tuple[tuple[int, FrozenMap[int]], ...] = ()
    """`*.example.com` as (length of `.example.com`, {`.example.com`: host}), longest first."""
    prefixes: tuple[tuple[int, FrozenMap[int]], ...] = ()
    everything: int | None = None
    """The host of the domain `*`."""


class RouteTable(Value):
    """A route configuration."""

    name: str
    virtual_hosts: tuple[VirtualHost, ...] = ()
    ignore_port: bool = False
    """The port in the host of a request is left out of the comparison."""
    domains: Domains = Domains(exact=FrozenMap())
    """Derived: the domains of all virtual hosts."""

    def __post_init__(self) -> None:
        force_setattr(self, "domains", _domains(self.virtual_hosts))


def _domains(hosts: Iterable[VirtualHost]) -> Domains:
    exact: dict[str, int] = {}
    suffixes: dict[int, dict[str, int]] = {}
    prefixes: dict[int, dict[str, int]] = {}
    everything: int | None = None
    for place, host in enumerate(hosts):
        for domain in map(str.lower, host.domains):
            if domain == "*":
                everything = place if everything is None else everything
            elif domain.startswith("*"):
                suffixes.setdefault(len(domain) - 1, {}).setdefault(domain[1:], place)
            elif domain.endswith("*"):
                prefixes.setdefault(len(domain) - 1, {}).setdefault(domain[:-1], place)
            else:
                exact.setdefault(domain, place)
    return Domains(
        exact=FrozenMap(exact), suffixes=_longest(suffixes), prefixes=_longest(prefixes), everything=everything
    )


def _longest(found: dict[int, dict[str, int]]) -> tuple[tuple[int, FrozenMap[int]], ...]:
    return tuple((length, FrozenMap(found[length])) for length in sorted(found, reverse=True))
