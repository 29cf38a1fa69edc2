"""What happens to traffic for unknown destinations: passed through, sent to an egress host, resolved, or closed.

And how names are resolved that no service has by itself.
"""

from pillion.ir.model.backend import AddressFamily, Dns
from pillion.ir.model.key import BLACK_HOLE, DYNAMIC_DNS, PASSTHROUGH, BackendKey
from pillion.ir.model.route import DirectResponse, Forward, Route, Weighted
from pillion.ir.model.table import VirtualHost
from pillion.scope.model import OutboundPolicy

ALLOW_ANY, BLOCK_ALL, ALLOW_ANY_DYNAMIC_DNS = "allow_any", "block_all", "allow_any_dynamic_dns"
BAD_GATEWAY = 502
UNKNOWN_CACHE = "allow_any_dfp_dns_cache"
UNKNOWN_MAX_HOSTS = 1024
CACHE_SUFFIX = "-dfp-dns-cache"
AGENT_DNS = "127.0.0.1:15053"


def unknown_names(family: AddressFamily, *, capture: bool) -> Dns:
    """Return how names that nobody declared are resolved: by the agent's DNS proxy where it captures DNS."""
    return Dns(family=family, cache=UNKNOWN_CACHE, max_hosts=UNKNOWN_MAX_HOSTS, resolver=AGENT_DNS if capture else "")


def wildcard_names(host: str, family: AddressFamily) -> Dns:
    """Return how the names that a wildcard host covers are resolved."""
    return Dns(family=family, cache=f"{host}{CACHE_SUFFIX}")


def egress_backend(policy: OutboundPolicy) -> BackendKey:
    """Return where connections for unknown destinations go."""
    if policy.mode == "REGISTRY_ONLY":
        return BLACK_HOLE
    if policy.egress_host:
        return BackendKey(port=policy.egress_port, subset=policy.egress_subset, host=policy.egress_host)
    return PASSTHROUGH


def catch_all_host(policy: OutboundPolicy, *, attempt_count: bool, forwarded_host: bool) -> VirtualHost:
    """Return the virtual host of requests for unknown hosts."""
    if policy.mode == "REGISTRY_ONLY":
        name, action = BLOCK_ALL, DirectResponse(status=BAD_GATEWAY)
    else:
        dynamic = policy.mode == "ALLOW_ANY_DYNAMIC_DNS"
        name = ALLOW_ANY_DYNAMIC_DNS if dynamic else ALLOW_ANY
        backend = DYNAMIC_DNS if dynamic else egress_backend(policy)
        action = Forward(backends=(Weighted(backend=backend, weight=0),), forwarded_host=forwarded_host)
    return VirtualHost(
        name=name, domains=("*",), routes=(Route(name=name, action=action),), attempt_count=attempt_count
    )
