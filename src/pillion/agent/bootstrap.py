"""The bootstrap of this proxy: what ProxyConfig, node metadata and annotations mean for Envoy."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from pillion.agent.proxy_config import ProxyConfig, RemoteService, TlsSettings, frozen, seconds
from pillion.envoy.bootstrap.model import (
    RUNTIME,
    UNLIMITED,
    Addresses,
    Bootstrap,
    Collector,
    HostPort,
    Keepalive,
    Node,
    Pipe,
    Proof,
    Stats,
    Target,
    Tls,
    Tracer,
)
from pillion.value import FrozenMap

REQUIRED_PREFIXES = ("cluster_manager", "listener_manager", "server", "cluster.xds-grpc", "wasm")
REQUIRED_SUFFIXES = ("rbac.allowed", "rbac.denied", "shadow_allowed", "shadow_denied")
DRAIN_SUFFIX = "downstream_cx_active"
REQUIRED_REGEXPS = (r"vhost\..*\.route\..*",)
CONNECTION_LIMIT = "ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS"
RUNTIME_LIMIT = "overload.global_downstream_max_connections"
TOKEN_FILE = "lightstep_access_token.txt"  # noqa: S105 the name of a file
XDS_TOKEN_FILE = "xds-token.json"  # noqa: S105 the name of a file
ROOT_FILE = "xds-root.json"
HOST_IP = "$(HOST_IP)"


def build(proxy: ProxyConfig, node: Node, xds: Target, environment: Mapping[str, str]) -> Bootstrap:
    """Return the bootstrap; `xds` is where ADS is served, whatever `discoveryAddress` says."""
    metadata = node.metadata
    ips = tuple(ip for ip in str(metadata.get("INSTANCE_IPS", "")).split(",") if ip)
    addresses = addresses_for(ips, dual_stack=_true(environment.get("ISTIO_DUAL_STACK")))
    host_ip = environment.get("HOST_IP", "")
    tracer = _tracer(proxy, metadata, host_ip)
    return Bootstrap(
        node=node,
        xds=xds,
        proof=proof_for(proxy, xds, environment),
        admin_port=proxy.proxy_admin_port,
        agent_port=proxy.status_port,
        status_port=_port(metadata, "ENVOY_STATUS_PORT", 15021),
        prometheus_port=_port(metadata, "ENVOY_PROMETHEUS_PORT", 15090),
        secure_metrics_port=_port(metadata, "ENVOY_SECURE_METRICS_PORT", 0),
        secure_merged_metrics_port=_port(metadata, "ENVOY_SECURE_MERGED_METRICS_PORT", 0),
        addresses=addresses,
        stats=stats(proxy, metadata, ips),
        runtime=runtime(proxy, environment),
        max_downstream_connections=_connection_limit(proxy),
        metadata_discovery=_true(metadata.get("METADATA_DISCOVERY")),
        self_discovery=_true(metadata.get("ENABLE_SELF_DISCOVERY")),
        proxy_protocol=_true(environment.get("ENVOY_STATUS_PORT_ENABLE_PROXY_PROTOCOL")),
        log_as_json=_true(environment.get("LOG_AS_JSON")),
        tracer=tracer,
        metrics_service=_collector(proxy.envoy_metrics_service, metadata, host_ip),
        access_log_service=_collector(proxy.envoy_access_log_service, metadata, host_ip),
        statsd=_address(proxy.statsd_udp_address, host_ip),
        outlier_log_path=str(metadata.get("OUTLIER_LOG_PATH", "")),
        load_stats=_load_stats(metadata),
        workload_socket=str(metadata.get("WORKLOAD_IDENTITY_SOCKET_FILE") or "socket"),
    )


def discovery_target(address: str) -> Target | None:
    """Return where `discoveryAddress` leads: `unix:///path`, `unix:path` or `host:port`; None for anything else."""
    if address.startswith("unix:"):
        path = address.removeprefix("unix:")
        return Pipe(path=path.removeprefix("//")) if path.strip("/") else None
    return _address(address, "")


def proof_for(proxy: ProxyConfig, xds: Target, environment: Mapping[str, str]) -> Proof | None:
    """Return how the control plane is believed: by TLS and token unless it is on this machine, or the API says NONE."""
    if isinstance(xds, Pipe) or proxy.control_plane_auth_policy == "NONE":
        return None
    folder = Path(proxy.config_path).resolve()
    return Proof(
        server=environment.get("ISTIOD_SAN") or xds.host,
        root_path=str(folder / ROOT_FILE),
        token_path=str(folder / XDS_TOKEN_FILE),
    )


def addresses_for(ips: tuple[str, ...], *, dual_stack: bool) -> Addresses:
    """Return loopback and wildcard for a pod with these addresses; both families only under `dual_stack`."""
    four = Addresses()
    six = Addresses(localhost=("::1",), wildcard=("::",), dns_lookup_family="V6_ONLY")
    if ips and all(":" in ip for ip in ips):
        return six
    if not any(":" in ip for ip in ips) or not dual_stack:
        return four
    first, second = (six, four) if ":" in ips[0] else (four, six)
    return Addresses(
        localhost=(*first.localhost, *second.localhost),
        wildcard=(*first.wildcard, *second.wildcard),
        dns_lookup_family="ALL",
    )


def stats(proxy: ProxyConfig, metadata: FrozenMap[object], ips: tuple[str, ...]) -> Stats:
    """Return what is kept: an annotation's list, or else the ProxyConfig's, and what Istio itself needs."""
    annotations = _annotations(metadata)
    matcher = proxy.proxy_stats_matcher
    drains = _true(metadata.get("EXIT_ON_ZERO_ACTIVE_CONNECTIONS"))
    suffixes = (*REQUIRED_SUFFIXES, *((DRAIN_SUFFIX,) if drains else ()))

    def kept(annotation: str, given: tuple[str, ...], required: tuple[str, ...]) -> tuple[str, ...]:
        listed = annotations.get(f"sidecar.istio.io/{annotation}", "")
        patterns = (*(tuple(listed.split(",")) if listed else given), *required)
        found: list[str] = []
        for pattern in patterns:
            found += (pattern.replace("{pod_ip}", ip) for ip in ips) if "{pod_ip}" in pattern else (pattern,)
        return tuple(found)

    tags = (*proxy.extra_stat_tags, *annotations.get("sidecar.istio.io/extraStatTags", "").split(","))
    flush, eviction = _intervals(annotations)
    return Stats(
        prefixes=kept("statsInclusionPrefixes", matcher.inclusion_prefixes, REQUIRED_PREFIXES),
        suffixes=kept("statsInclusionSuffixes", matcher.inclusion_suffixes, suffixes),
        regexps=kept("statsInclusionRegexps", matcher.inclusion_regexps, REQUIRED_REGEXPS),
        tags=tuple(dict.fromkeys(tag for tag in tags if tag)),
        buckets=_buckets(annotations.get("sidecar.istio.io/statsHistogramBuckets", "")),
        flush_interval=flush,
        eviction_interval=eviction,
        compression=proxy.stats_compression,
        localhost_only=proxy.proxy_metadata.get("METRICS_LOCALHOST_ACCESS_ONLY") == "true",
    )


def runtime(proxy: ProxyConfig, environment: Mapping[str, str]) -> FrozenMap[object]:
    """Return Envoy's runtime flags: Istio's, then the ProxyConfig's; an empty value takes a flag away."""
    flags: dict[str, object] = dict(RUNTIME)
    if environment.get("COMPLIANCE_POLICY") == "fips-140-2":
        flags["envoy.reloadable_features.google_grpc_disable_tls_13"] = True
    words: dict[str, object] = {"true": True, "false": False}
    for name, value in proxy.runtime_values.items():
        flags.pop(name, None)
        if value:
            flags[name] = words.get(value, value)
    return FrozenMap(flags)


def _annotations(metadata: FrozenMap[object]) -> FrozenMap[str]:
    value = metadata.get("ANNOTATIONS")
    return cast(FrozenMap[str], value) if isinstance(value, FrozenMap) else FrozenMap()


def _true(value: object) -> bool:
    return str(value).lower() in {"true", "1"}


def _port(metadata: FrozenMap[object], name: str, default: int) -> int:
    value = metadata.get(name, default)
    return int(value) if isinstance(value, int | str) and str(value).isdecimal() else default


def _intervals(annotations: FrozenMap[str]) -> tuple[str, str]:
    """Return flush and eviction interval; Envoy evicts only at multiples of a flush, so any other is left out."""
    flush_text = annotations.get("sidecar.istio.io/statsFlushInterval", "")
    eviction_text = annotations.get("sidecar.istio.io/statsEvictionInterval", "")
    flush, eviction = seconds(flush_text), seconds(eviction_text)
    multiple = eviction is not None and (eviction / (flush or 5.0)).is_integer()
    return (
        f"{flush:g}s" if flush is not None else "",
        f"{int(eviction)}s" if eviction is not None and multiple else "",
    )


def _buckets(text: str) -> tuple[tuple[str, tuple[float, ...]], ...]:
    try:
        value: object = json.loads(text) if text else {}
    except ValueError:
        return ()
    if not isinstance(value, dict):
        return ()
    given = cast(dict[str, list[float]], value)
    return tuple((prefix, tuple(given[prefix])) for prefix in sorted(given))


def _connection_limit(proxy: ProxyConfig) -> int:
    if limit := proxy.connection_settings.global_downstream_connection_limit:
        return limit
    for text in (proxy.proxy_metadata.get(CONNECTION_LIMIT, ""), proxy.runtime_values.get(RUNTIME_LIMIT, "")):
        if text.isdecimal():
            return int(text)
    return UNLIMITED


def _address(text: str, host_ip: str) -> HostPort | None:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdecimal() or not host:
        return None
    host = host.removeprefix("[").removesuffix("]")
    return HostPort(host=host_ip if host == HOST_IP and host_ip else host, port=int(port))


def _collector(service: RemoteService | None, metadata: FrozenMap[object], host_ip: str) -> Collector | None:
    address = _address(service.address, host_ip) if service else None
    if not service or not address:
        return None
    given = service.tcp_keepalive
    keepalive = None
    if given:
        keepalive = Keepalive(
            probes=given.probes, time=int(seconds(given.time) or 0), interval=int(seconds(given.interval) or 0)
        )
    return Collector(address=address, tls=_tls(service.tls_settings, metadata), keepalive=keepalive)


def _tls(given: TlsSettings | None, metadata: FrozenMap[object]) -> Tls:
    if not given or given.mode not in {"SIMPLE", "MUTUAL", "ISTIO_MUTUAL"}:
        return Tls()
    return Tls(
        mode="SIMPLE" if given.mode == "SIMPLE" else "MUTUAL" if given.mode == "MUTUAL" else "ISTIO_MUTUAL",
        ca_certificates=str(metadata.get("TLS_CLIENT_ROOT_CERT") or given.ca_certificates),
        client_certificate=str(metadata.get("TLS_CLIENT_CERT_CHAIN") or given.client_certificate),
        private_key=str(metadata.get("TLS_CLIENT_KEY") or given.private_key),
        sni=given.sni,
        subject_alt_names=given.subject_alt_names,
    )


def _tracer(proxy: ProxyConfig, metadata: FrozenMap[object], host_ip: str) -> Tracer | None:
    tracing = proxy.tracing
    if not tracing:
        return None
    tls = _tls(tracing.tls_settings, metadata)
    if tracing.zipkin and (address := _address(tracing.zipkin.address, host_ip)):
        return Tracer(kind="zipkin", collector=Collector(address=address, tls=tls))
    if tracing.datadog and (address := _address(tracing.datadog.address, host_ip)):
        return Tracer(kind="datadog", collector=Collector(address=address, tls=tls))
    if tracing.lightstep and (address := _address(tracing.lightstep.address, host_ip)):
        token = f"{proxy.config_path}/{TOKEN_FILE}"
        return Tracer(kind="lightstep", collector=Collector(address=address, tls=tls), access_token_file=token)
    return None


def _load_stats(metadata: FrozenMap[object]) -> FrozenMap[object] | None:
    text = metadata.get("LOAD_STATS_CONFIG_JSON")
    try:
        value: object = json.loads(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return frozen(cast(Mapping[str, object], value)) if isinstance(value, dict) else None
