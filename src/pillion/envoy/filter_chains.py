"""Filter chains: what they match, and the network filters that do the work."""

from ipaddress import ip_network

from envoy.config.core.v3 import address_pb2, base_pb2
from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.extensions.filters.network.mongo_proxy.v3 import mongo_proxy_pb2
from envoy.extensions.filters.network.sni_dynamic_forward_proxy.v3 import sni_dynamic_forward_proxy_pb2
from envoy.extensions.filters.network.tcp_proxy.v3 import tcp_proxy_pb2
from envoy.type.v3 import hash_policy_pb2
from google.protobuf import any_pb2
from google.protobuf.message import Message

from pillion.envoy import http_connection_manager, names, tls
from pillion.envoy.access_log import loggers
from pillion.envoy.capabilities import Capabilities
from pillion.envoy.clusters import dns_cache
from pillion.envoy.messages.wellknown import duration, metadata, optional_duration, packed, typed_struct, uint32
from pillion.ir.model.listener import Chain, ChainMatch, Http, Tcp

TCP_PROXY = "envoy.filters.network.tcp_proxy"
MONGO_PROXY = "envoy.filters.network.mongo_proxy"
SNI_PROXY = "envoy.filters.network.sni_dynamic_forward_proxy"
HANDSHAKE_TIMEOUT = 15 * 10**9
"""A client that opens TLS and then says nothing does not keep memory for ever."""
_TRANSPORTS = {"": "", "tls": "tls", "raw": "raw_buffer"}


def filter_chain(chain: Chain, statistics: str, capabilities: Capabilities) -> components.FilterChain:
    """Return a chain; `statistics` is its listener's prefix."""
    made = components.FilterChain(name=chain.name, filters=_filters(chain, statistics, capabilities))
    if chain.match is not None:
        made.filter_chain_match.CopyFrom(_match(chain.match))
    if chain.tls is not None:
        made.transport_socket.CopyFrom(tls.server_socket(chain.tls))
    if chain.handshake_timeout:
        made.transport_socket_connect_timeout.CopyFrom(duration(HANDSHAKE_TIMEOUT))
    if chain.origin:
        made.metadata.CopyFrom(_origin(chain.origin))
    return made


def _origin(origin: str) -> base_pb2.Metadata:
    namespace, _, name = origin.partition("/")
    path = f"/apis/networking.istio.io/v1alpha3/namespaces/{namespace}/virtual-service/{name}"
    return metadata("istio", {"config": path})


def _match(match: ChainMatch) -> components.FilterChainMatch:
    made = components.FilterChainMatch(
        prefix_ranges=_ranges(match.prefixes),
        server_names=() if "*" in match.server_names else sorted(match.server_names),
        transport_protocol=_TRANSPORTS[match.transport],
        application_protocols=match.protocols,
    )
    if match.port:
        made.destination_port.CopyFrom(uint32(match.port))
    return made


def _ranges(prefixes: tuple[str, ...]) -> list[address_pb2.CidrRange]:
    found: list[address_pb2.CidrRange] = []
    for prefix in sorted(prefixes):
        try:
            network = ip_network(prefix, strict=False)
        except ValueError:
            continue
        address = prefix.partition("/")[0]
        if address != "0.0.0.0":  # noqa: S104  # it means no restriction
            found.append(address_pb2.CidrRange(address_prefix=address, prefix_len=uint32(network.prefixlen)))
    return found


def network_filter(name: str, config: Message | any_pb2.Any) -> components.Filter:
    """Return a named network filter."""
    return components.Filter(name=name, typed_config=config if isinstance(config, any_pb2.Any) else packed(config))


def _filters(chain: Chain, statistics: str, capabilities: Capabilities) -> list[components.Filter]:
    filters: list[components.Filter] = []
    if capabilities.metadata_exchange and chain.inbound:
        exchange = typed_struct(
            "envoy.tcp.metadataexchange.config.MetadataExchange",
            {"enable_discovery": True, "protocol": "istio-peer-exchange"},
        )
        filters.append(network_filter("istio.metadata_exchange", exchange))
    match chain.handler:
        case Http():
            manager = http_connection_manager.connection_manager(chain.handler, statistics, capabilities)
            filters.append(network_filter(http_connection_manager.NAME, manager))
        case Tcp():
            if chain.handler.sni_port:
                filters.append(network_filter(SNI_PROXY, _by_name(chain.handler)))
            if chain.handler.inspect == "mongo":
                prefix = chain.handler.statistics or names.cluster(chain.handler.targets[0].backend)
                filters.append(network_filter(MONGO_PROXY, mongo_proxy_pb2.MongoProxy(stat_prefix=prefix)))
            filters.append(network_filter(TCP_PROXY, _tcp_proxy(chain.handler)))
    return filters


def _by_name(handler: Tcp) -> sni_dynamic_forward_proxy_pb2.FilterConfig:
    return sni_dynamic_forward_proxy_pb2.FilterConfig(
        dns_cache_config=dns_cache(handler.sni_names), port_value=handler.sni_port
    )


def _tcp_proxy(handler: Tcp) -> tcp_proxy_pb2.TcpProxy:
    first = names.cluster(handler.targets[0].backend)
    made = tcp_proxy_pb2.TcpProxy(
        stat_prefix=handler.statistics or first,
        access_log=loggers(handler.access_logs),
        idle_timeout=optional_duration(handler.idle_timeout),
        max_downstream_connection_duration=optional_duration(handler.max_duration),
    )
    if handler.split:
        weights = [
            tcp_proxy_pb2.TcpProxy.WeightedCluster.ClusterWeight(
                name=names.cluster(target.backend), weight=target.weight
            )
            for target in handler.targets
        ]
        made.weighted_clusters.CopyFrom(tcp_proxy_pb2.TcpProxy.WeightedCluster(clusters=weights))
    else:
        made.cluster = first
    if handler.hash_source:
        made.hash_policy.append(hash_policy_pb2.HashPolicy(source_ip=hash_policy_pb2.HashPolicy.SourceIp()))
    if handler.tunnel_target:
        made.tunneling_config.hostname = handler.tunnel_target
        made.tunneling_config.use_post = handler.tunnel_post
    return made
