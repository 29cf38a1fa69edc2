"""Connection pools: circuit breakers, keepalive and HTTP options towards a backend.

Mirrors `cluster_traffic_policy.go` (`applyConnectionPool`, `applyH2Upgrade`).
"""

from pillion.ir.model.backend import HttpVersion, Limits, TcpKeepalive, UpstreamHttp
from pillion.resources.duration import Duration
from pillion.resources.istio import destination_rule as api
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.protocol import Protocol, is_http, is_http2, is_sniffed

NO_POOL = api.ConnectionPoolSettings()
NO_TCP = api.TCPSettings()
NO_HTTP = api.HTTPSettings()
DEFAULT_BUDGET_PERCENT = 20.0
DEFAULT_RETRY_CONCURRENCY = 3


def nanoseconds(duration: Duration | None) -> int | None:
    """Return a duration as a number, `None` for none."""
    return None if duration is None else duration.nanoseconds


def connect_timeout(config: MeshConfig, pool: api.ConnectionPoolSettings | None) -> int | None:
    """Return how long a connection may take to open."""
    tcp = (pool or NO_POOL).tcp or NO_TCP
    return nanoseconds(tcp.connect_timeout or config.connect_timeout)


def limits(pool: api.ConnectionPoolSettings | None, budget: api.RetryBudget | None = None) -> Limits:
    """Return the circuit breakers; what is not set is unlimited."""
    tcp = (pool or NO_POOL).tcp or NO_TCP
    http = (pool or NO_POOL).http or NO_HTTP
    breakers = Limits(
        connections=_positive(tcp.max_connections),
        pending=_positive(http.http1_max_pending_requests),
        requests=_positive(http.http2_max_requests),
        retries=_positive(http.max_retries),
    )
    if budget is None:
        return breakers
    return Limits(
        connections=breakers.connections,
        pending=breakers.pending,
        requests=breakers.requests,
        retries=breakers.retries,
        retry_budget_percent=DEFAULT_BUDGET_PERCENT if budget.percent is None else budget.percent,
        retry_concurrency=budget.min_retry_concurrency or DEFAULT_RETRY_CONCURRENCY,
    )


def _positive(number: int) -> int | None:
    return number if number > 0 else None


def keepalive(config: MeshConfig, pool: api.ConnectionPoolSettings | None) -> TcpKeepalive | None:
    """Return the keepalive probes: the mesh's, and what the pool says over them."""
    own = ((pool or NO_POOL).tcp or NO_TCP).tcp_keepalive
    layers = [layer for layer in (config.tcp_keepalive, own) if layer is not None]
    if not layers:
        return None
    probes = time = interval = None
    for layer in layers:
        probes = layer.probes if layer.probes > 0 else probes
        time = _seconds(layer.time) if layer.time is not None else time
        interval = _seconds(layer.interval) if layer.interval is not None else interval
    return TcpKeepalive(probes=probes, time=time, interval=interval)


def _seconds(duration: Duration) -> int:
    """Count whole seconds as far as the kernel's option can: none for a negative time."""
    return min(max(duration.nanoseconds // 10**9, 0), 2**31 - 1)


def upgrades_to_http2(config: MeshConfig, protocol: Protocol | None, pool: api.ConnectionPoolSettings | None) -> bool:
    """Return whether HTTP/1.1 requests are sent on as HTTP/2."""
    http = (pool or NO_POOL).http
    if http is not None:
        if http.use_client_protocol:
            return False
        if http.h2_upgrade_policy != "DEFAULT":
            return http.h2_upgrade_policy == "UPGRADE"
    if protocol is not None and not is_http(protocol):
        return False
    return config.h2_upgrade_policy == "UPGRADE"


def upstream_http(
    protocol: Protocol,
    pool: api.ConnectionPoolSettings | None,
    *,
    upgrade: bool,
    preserve_case: bool,
    error_codes: bool,
) -> UpstreamHttp | None:
    """Return the HTTP options of a backend, `None` where nothing differs from the proxy's own."""
    tcp = (pool or NO_POOL).tcp or NO_TCP
    http = (pool or NO_POOL).http or NO_HTTP
    preserve = preserve_case and not is_http2(protocol) and (is_http(protocol) or is_sniffed(protocol))
    version = _version(protocol, upgrade=upgrade, preserve=preserve)
    idle = http.idle_timeout if http.idle_timeout is not None else tcp.idle_timeout
    streams = http.max_concurrent_streams if version == "http2" else 0
    alive = http.http2_keep_alive if version == "http2" else None
    common = (
        idle is not None
        or http.max_requests_per_connection > 0
        or tcp.max_connection_duration is not None
        or http.max_concurrent_streams > 0
        or http.http2_keep_alive is not None
    )
    if http.use_client_protocol:
        version = "downstream"
    if not version and not common and not error_codes:
        return None
    return UpstreamHttp(
        version=version or "http1",
        idle_timeout=nanoseconds(idle),
        max_requests_per_connection=max(http.max_requests_per_connection, 0),
        max_connection_duration=nanoseconds(tcp.max_connection_duration),
        max_concurrent_streams=0 if version == "downstream" else streams,
        keepalive_interval=nanoseconds(alive.interval) if alive and version == "http2" else None,
        keepalive_timeout=nanoseconds(alive.timeout) if alive and version == "http2" else None,
        preserve_case=preserve,
    )


def _version(protocol: Protocol, *, upgrade: bool, preserve: bool) -> HttpVersion:
    if is_http2(protocol):
        return "http2"
    if is_sniffed(protocol):
        return "downstream"
    if preserve:
        return "http1"
    return "http2" if upgrade else ""
