"""Which virtual host answers for the host of a request."""

from collections.abc import Iterable

from pillion.analysis.call import Call, Profile
from pillion.envoy.view.listener import Http
from pillion.envoy.view.route import RouteTable, VirtualHost
from pillion.value import FrozenMap


def choose_virtual_host(table: RouteTable, host: str, profile: Profile) -> VirtualHost | None:
    """Give the virtual host: exact domain, longest `*suffix`, longest `prefix*`, then `*`."""
    host = host.lower()
    place = _find(table, split_port(host)[0] if table.ignore_port else host, profile)
    return None if place is None else table.virtual_hosts[place]


def normal_host(manager: Http, call: Call) -> str:
    """Give the host of a request as a connection manager rewrites it before it looks at anything else."""
    bare, port = split_port(call.host)
    if manager.strip_trailing_dot:
        bare = bare.removesuffix(".")
    if manager.strip_port == "any" or (manager.strip_port == "matching" and port == str(call.port)):
        port = ""
    return f"{bare}:{port}" if port else bare


def _find(table: RouteTable, host: str, profile: Profile) -> int | None:
    domains = table.domains
    if not host:
        return domains.everything
    found = domains.exact.get(host)
    if found is None:
        found = _longest(domains.suffixes, host, at_end=True)
    if found is None and profile == "istio_test":
        found = domains.everything  # counts as a suffix there, and so before every prefix
    if found is None:
        found = _longest(domains.prefixes, host, at_end=False)
    return domains.everything if found is None else found


def _longest(domains: Iterable[tuple[int, FrozenMap[int]]], host: str, *, at_end: bool) -> int | None:
    for length, places in domains:
        if length < len(host):
            found = places.get(host[-length:] if at_end else host[:length])
            if found is not None:
                return found
    return None


def split_port(host: str) -> tuple[str, str]:
    """Split `host:port`; the port is empty when there is none. Brackets of an IPv6 address stay."""
    bare, colon, port = host.rpartition(":")
    if not colon or not port.isdigit() or (":" in bare and not bare.endswith("]")):
        return host, ""
    return bare, port
