"""Listeners from JSON with keys in snake case."""

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from pillion.envoy.view.listener import (
    Always,
    ChainMatch,
    Every,
    FilterChain,
    Http,
    Listener,
    ListenerFilter,
    Not,
    PortRange,
    Predicate,
    Some,
    Tcp,
    Tls,
)
from pillion.envoy.view.read_route import EMPTY, Message, read_table, read_weights

MANAGER = "HttpConnectionManager"
TCP_PROXY = "TcpProxy"
PLAIN_SOCKETS = ("RawBuffer", "")


def read_listener(message: Message) -> Listener:
    """Read a listener."""
    default = message.get("default_filter_chain")
    addresses = [message.get("address") or EMPTY]
    addresses.extend(each.get("address") or EMPTY for each in message.get("additional_addresses", ()))
    old_bind = message.get("deprecated_v1") or EMPTY
    return Listener(
        name=message.get("name", ""),
        addresses=tuple(_sockets(addresses)),
        bind_to_port=message.get("bind_to_port", old_bind.get("bind_to_port", True)) is not False,
        use_original_dst=bool(message.get("use_original_dst")),
        direction=message.get("traffic_direction", ""),
        filters=tuple(_filters(message.get("listener_filters", ()))),
        chains=tuple(_chain(each) for each in message.get("filter_chains", ())),
        default_chain=_chain(default) if default is not None else None,
    )


def _sockets(addresses: Iterable[Message]) -> Iterator[tuple[str, int]]:
    for each in addresses:
        socket = each.get("socket_address")
        if socket is None or socket.get("protocol") == "UDP":
            continue
        address, port = str(socket.get("address", "")), int(socket.get("port_value", 0))
        yield address, port
        if address == "::" and socket.get("ipv4_compat"):
            yield "0.0.0.0", port  # noqa: S104  # read, not bound


def _filters(messages: Iterable[Message]) -> Iterator[ListenerFilter]:
    for each in messages:
        disabled = each.get("filter_disabled")
        yield ListenerFilter(name=each.get("name", ""), disabled=None if disabled is None else _predicate(disabled))


def _predicate(message: Message) -> Predicate:
    if "destination_port_range" in message:
        bounds = message["destination_port_range"]
        return PortRange(start=int(bounds.get("start", 0)), end=int(bounds.get("end", 0)))
    if "not_match" in message:
        return Not(rule=_predicate(message["not_match"]))
    if "or_match" in message:
        return Some(rules=tuple(map(_predicate, message["or_match"].get("rules", ()))))
    if "and_match" in message:
        return Every(rules=tuple(map(_predicate, message["and_match"].get("rules", ()))))
    return Always() if message.get("any_match") else Some(rules=())


def _chain(message: Message) -> FilterChain:
    filters: tuple[Message, ...] = tuple(message.get("filters", ()))
    return FilterChain(
        name=message.get("name", ""),
        match=_chain_match(message.get("filter_chain_match") or EMPTY),
        tls=_tls(message.get("transport_socket")),
        handler=next(_handlers(filters), None),
        filters=tuple(each.get("name", "") for each in filters),
    )


def _chain_match(message: Message) -> ChainMatch:
    return ChainMatch(
        port=int(message.get("destination_port", 0)),
        prefixes=_prefixes(message.get("prefix_ranges", ())),
        server_names=tuple(message.get("server_names", ())),
        transport=message.get("transport_protocol", ""),
        application_protocols=tuple(message.get("application_protocols", ())),
        direct_source_prefixes=_prefixes(message.get("direct_source_prefix_ranges", ())),
        source_type=_source_type(message.get("source_type", "ANY")),
        source_prefixes=_prefixes(message.get("source_prefix_ranges", ())),
        source_ports=tuple(map(int, message.get("source_ports", ()))),
    )


def _source_type(name: Any) -> Literal["ANY", "SAME_IP_OR_LOOPBACK", "EXTERNAL"]:
    return name if name in {"SAME_IP_OR_LOOPBACK", "EXTERNAL"} else "ANY"


def _prefixes(messages: Iterable[Message]) -> tuple[str, ...]:
    return tuple(f"{each.get('address_prefix', '')}/{int(each.get('prefix_len') or 0)}" for each in messages)


def _tls(message: Message | None) -> Tls | None:
    if message is None:
        return None
    config: Message = message.get("typed_config") or EMPTY
    if _type(config) in PLAIN_SOCKETS and message.get("name") == "envoy.transport_sockets.raw_buffer":
        return None
    context: Message = config.get("common_tls_context") or EMPTY
    return Tls(
        certificates=tuple(each.get("name", "") for each in context.get("tls_certificate_sds_secret_configs", ())),
        require_client_certificate=bool(config.get("require_client_certificate")),
        alpn=tuple(context.get("alpn_protocols", ())),
    )


def _handlers(filters: Iterable[Message]) -> Iterator[Http | Tcp]:
    for each in filters:
        config: Message = each.get("typed_config") or EMPTY
        if _type(config) == MANAGER:
            yield _http(config)
        elif _type(config) == TCP_PROXY:
            yield Tcp(
                cluster=config.get("cluster", ""), weighted=read_weights(config.get("weighted_clusters") or EMPTY)
            )


def _http(config: Message) -> Http:
    inline = config.get("route_config")
    strip = "any" if config.get("strip_any_host_port") else "matching" if _strips_matching(config) else "none"
    return Http(
        route_config=(config.get("rds") or EMPTY).get("route_config_name", ""),
        inline=read_table(inline) if inline is not None else None,
        unread="scoped_routes" if "scoped_routes" in config else "",
        normalize_path=bool(config.get("normalize_path")),
        merge_slashes=bool(config.get("merge_slashes")),
        escaped_slashes=config.get("path_with_escaped_slashes_action", "KEEP_UNCHANGED"),
        strip_port=strip,
        strip_trailing_dot=bool(config.get("strip_trailing_host_dot")),
        filters=tuple(each.get("name", "") for each in config.get("http_filters", ())),
    )


def _strips_matching(config: Message) -> bool:
    return bool(config.get("strip_matching_host_port"))


def _type(config: Message) -> str:
    return str(config.get("@type", "")).rpartition(".")[2]
