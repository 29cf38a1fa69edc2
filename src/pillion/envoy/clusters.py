"""Clusters: where traffic goes."""

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.clusters.dynamic_forward_proxy.v3 import cluster_pb2 as dynamic_pb2
from envoy.extensions.common.dynamic_forward_proxy.v3 import dns_cache_pb2
from envoy.extensions.network.dns_resolver.cares.v3 import cares_dns_resolver_pb2
from envoy.type.v3 import percent_pb2

from pillion.envoy import names, tls, upstream
from pillion.envoy.capabilities import Capabilities
from pillion.envoy.endpoints import group_assignment
from pillion.envoy.messages.wellknown import (
    address,
    ads,
    duration,
    extension,
    metadata,
    optional_duration,
    packed,
    struct,
    typed_struct,
    uint32,
    uint64,
)
from pillion.ir.model.backend import Backend, Dns
from pillion.ir.model.balancing import Balancing, Warmup

_TYPES = {
    "eds": "EDS",
    "static": "STATIC",
    "strict-dns": "STRICT_DNS",
    "logical-dns": "LOGICAL_DNS",
    "original-destination": "ORIGINAL_DST",
}
_POLICIES = {
    "least-request": "LEAST_REQUEST",
    "round-robin": "ROUND_ROBIN",
    "random": "RANDOM",
    "ring-hash": "RING_HASH",
    "maglev": "MAGLEV",
    "provided": "CLUSTER_PROVIDED",
}
_FAMILIES = {"auto": "AUTO", "v4": "V4_ONLY", "v6": "V6_ONLY", "all": "ALL"}
DYNAMIC_CLUSTER = "envoy.clusters.dynamic_forward_proxy"
CARES = "envoy.network.dns_resolver.cares"
DNS_JITTER = 100 * 10**6
UDP_QUERIES = 100


def cluster(backend: Backend, capabilities: Capabilities) -> cluster_pb2.Cluster:
    """Return the cluster of a backend."""
    name = names.cluster(backend.key)
    made = cluster_pb2.Cluster(
        name=name,
        alt_stat_name=names.statistics(name),
        connect_timeout=optional_duration(backend.connect_timeout),
        lb_policy=_POLICIES[backend.balancing.algorithm],
    )
    _discover(made, backend)
    _balance(made, backend.balancing)
    if backend.limits is not None:
        made.circuit_breakers.CopyFrom(upstream.circuit_breakers(backend.limits))
    if backend.http is not None:
        options = upstream.http_options(backend.http, backend.tls, backend.outlier)
        made.typed_extension_protocol_options[upstream.HTTP_OPTIONS].CopyFrom(packed(options))
    if backend.outlier is not None:
        made.outlier_detection.CopyFrom(upstream.outlier_detection(backend.outlier))
    if backend.keepalive is not None:
        made.upstream_connection_options.CopyFrom(upstream.connection_options(backend.keepalive))
    if backend.source_addresses:
        made.upstream_bind_config.CopyFrom(upstream.bind_config(backend.source_addresses))
    if backend.cleanup_interval is not None:
        made.cleanup_interval.CopyFrom(duration(backend.cleanup_interval))
    _secure(made, backend)
    _describe(made, backend, capabilities)
    return made


def _discover(made: cluster_pb2.Cluster, backend: Backend) -> None:
    if backend.discovery == "dynamic":
        made.cluster_type.CopyFrom(_dynamic(backend))
        return
    made.MergeFrom(cluster_pb2.Cluster(type=_TYPES[backend.discovery]))
    if backend.discovery == "eds":
        made.eds_cluster_config.CopyFrom(cluster_pb2.Cluster.EdsClusterConfig(service_name=made.name, eds_config=ads()))
    if backend.members:
        made.load_assignment.CopyFrom(group_assignment(made.name, backend.members))
    if backend.port_override is not None:
        made.original_dst_lb_config.CopyFrom(
            cluster_pb2.Cluster.OriginalDstLbConfig(upstream_port_override=uint32(backend.port_override))
        )
    if backend.dns is not None:
        _resolve(made, backend.dns)


def _resolve(made: cluster_pb2.Cluster, dns: Dns) -> None:
    resolver = cares_dns_resolver_pb2.CaresDnsResolverConfig(udp_max_queries=uint32(UDP_QUERIES))
    made.MergeFrom(
        cluster_pb2.Cluster(
            dns_lookup_family=_FAMILIES[dns.family],
            dns_jitter=duration(DNS_JITTER),
            dns_refresh_rate=optional_duration(dns.refresh),
            respect_dns_ttl=True,
            typed_dns_resolver_config=extension(CARES, resolver),
        )
    )


def dns_cache(dns: Dns) -> dns_cache_pb2.DnsCacheConfig:
    """Return a cache of names that callers asked for."""
    cache = dns_cache_pb2.DnsCacheConfig(name=dns.cache, dns_lookup_family=_FAMILIES[dns.family])
    if dns.max_hosts is not None:
        cache.max_hosts.value = dns.max_hosts
    if dns.resolver:
        host, _, port = dns.resolver.rpartition(":")
        resolver = cares_dns_resolver_pb2.CaresDnsResolverConfig(resolvers=[address(host, int(port))])
        cache.typed_dns_resolver_config.CopyFrom(extension(CARES, resolver))
    return cache


def _dynamic(backend: Backend) -> cluster_pb2.Cluster.CustomClusterType:
    config = dynamic_pb2.ClusterConfig()
    if backend.dns is not None:
        config.dns_cache_config.CopyFrom(dns_cache(backend.dns))
    config.allow_insecure_cluster_options = not (backend.tls.host_sni and backend.tls.host_san)
    return cluster_pb2.Cluster.CustomClusterType(name=DYNAMIC_CLUSTER, typed_config=packed(config))


def _balance(made: cluster_pb2.Cluster, balancing: Balancing) -> None:
    common = made.common_lb_config
    if balancing.panic_threshold is not None:
        common.healthy_panic_threshold.CopyFrom(percent_pb2.Percent(value=balancing.panic_threshold))
    if balancing.locality_weighted:
        common.locality_weighted_lb_config.CopyFrom(cluster_pb2.Cluster.CommonLbConfig.LocalityWeightedLbConfig())
    if balancing.zone_aware is not None:
        zone = cluster_pb2.Cluster.CommonLbConfig.ZoneAwareLbConfig()
        if not balancing.zone_aware.enabled:
            zone.routing_enabled.CopyFrom(percent_pb2.Percent(value=0))
        if balancing.zone_aware.minimum_size is not None:
            zone.min_cluster_size.CopyFrom(uint64(balancing.zone_aware.minimum_size))
        common.zone_aware_lb_config.CopyFrom(zone)
    match balancing.algorithm:
        case "ring-hash" if balancing.ring_size is not None:
            made.ring_hash_lb_config.minimum_ring_size.value = balancing.ring_size
        case "maglev" if balancing.table_size is not None:
            made.maglev_lb_config.table_size.value = balancing.table_size
        case "round-robin" if balancing.warmup is not None:
            made.round_robin_lb_config.slow_start_config.CopyFrom(_slow_start(balancing.warmup))
        case "least-request" if balancing.warmup is not None:
            made.least_request_lb_config.slow_start_config.CopyFrom(_slow_start(balancing.warmup))
        case _:
            pass


def _slow_start(warmup: Warmup) -> cluster_pb2.Cluster.SlowStartConfig:
    config = cluster_pb2.Cluster.SlowStartConfig(slow_start_window=optional_duration(warmup.window))
    if warmup.aggression is not None:
        config.aggression.default_value = warmup.aggression
        config.aggression.runtime_key = "("
    if warmup.minimum_percent is not None:
        config.min_weight_percent.CopyFrom(percent_pb2.Percent(value=warmup.minimum_percent))
    return config


def _secure(made: cluster_pb2.Cluster, backend: Backend) -> None:
    version = backend.proxy_protocol
    if backend.tls.mode == "none":
        if version:
            made.transport_socket.CopyFrom(tls.with_proxy_protocol(tls.raw_socket(), version))
        return
    socket = tls.client_socket(backend.tls)
    raw = tls.raw_socket()
    if version:
        socket, raw = tls.with_proxy_protocol(socket, version), tls.with_proxy_protocol(raw, version)
    if not backend.tls.automatic:
        made.transport_socket.CopyFrom(socket)
        return
    made.transport_socket_matches.extend(
        [
            cluster_pb2.Cluster.TransportSocketMatch(
                name="tlsMode-istio", match=struct({"tlsMode": "istio"}), transport_socket=socket
            ),
            cluster_pb2.Cluster.TransportSocketMatch(name="tlsMode-disabled", match=struct({}), transport_socket=raw),
        ]
    )


def _describe(made: cluster_pb2.Cluster, backend: Backend, capabilities: Capabilities) -> None:
    said: dict[str, object] = {}
    if backend.services and (capabilities.statistics or backend.key.kind == "inbound"):
        said["services"] = [
            {"host": service.host, "name": service.name, "namespace": service.namespace} for service in backend.services
        ]
    if backend.rule:
        namespace, _, name = backend.rule.partition("/")
        said["config"] = f"/apis/networking.istio.io/v1alpha3/namespaces/{namespace}/destination-rule/{name}"
    if backend.subset:
        said["subset"] = backend.subset
    if said:
        if backend.external:
            said["external"] = True
        made.metadata.CopyFrom(metadata("istio", said))
    if capabilities.metadata_exchange and backend.key.kind in {"outbound", "passthrough", "dynamic-dns"}:
        exchange = made.filters.add(name="istio.metadata_exchange")
        exchange.typed_config.CopyFrom(
            typed_struct(
                "envoy.tcp.metadataexchange.config.MetadataExchange",
                {"enable_discovery": True, "protocol": "istio-peer-exchange"},
            )
        )
