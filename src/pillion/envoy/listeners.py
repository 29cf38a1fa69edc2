"""Listeners: where traffic comes in."""

from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.listener.http_inspector.v3 import http_inspector_pb2
from envoy.extensions.filters.listener.original_dst.v3 import original_dst_pb2
from envoy.extensions.filters.listener.original_src.v3 import original_src_pb2
from envoy.extensions.filters.listener.tls_inspector.v3 import tls_inspector_pb2
from envoy.type.v3 import range_pb2
from google.protobuf.message import Message

from pillion.envoy import names
from pillion.envoy.access_log import loggers
from pillion.envoy.capabilities import Capabilities
from pillion.envoy.filter_chains import filter_chain
from pillion.envoy.messages.wellknown import address, boolean, optional_duration, packed, uint32
from pillion.ir.model.listener import Inspection, Listener

ORIGINAL_DESTINATION = "envoy.filters.listener.original_dst"
ORIGINAL_SOURCE = "envoy.filters.listener.original_src"
TLS_INSPECTOR = "envoy.filters.listener.tls_inspector"
HTTP_INSPECTOR = "envoy.filters.listener.http_inspector"
SOURCE_MARK = 1337
"""The packet mark of connections that keep their caller's address (TPROXY); the capture rules know it."""


def listener(value: Listener, capabilities: Capabilities) -> listener_pb2.Listener:
    """Return a listener."""
    name = names.listener(value.key)
    prefix = f"{value.direction}_{name}"
    made = listener_pb2.Listener(
        name=name,
        address=address(value.addresses[0], value.port),
        additional_addresses=[
            listener_pb2.AdditionalAddress(address=address(other, value.port)) for other in value.addresses[1:]
        ],
        traffic_direction=value.direction.upper(),
        filter_chains=[filter_chain(chain, prefix, capabilities) for chain in value.chains],
        listener_filters=_listener_filters(value),
        listener_filters_timeout=optional_duration(value.detection_timeout),
        access_log=loggers(value.access_logs),
        continue_on_listener_filters_timeout=not value.hand_off,
    )
    if value.default is not None:
        made.default_filter_chain.CopyFrom(filter_chain(value.default, prefix, capabilities))
    if value.bound:
        made.max_connections_to_accept_per_socket_event.CopyFrom(uint32(1))
    else:
        made.bind_to_port.CopyFrom(boolean(False))
    if value.transparent:
        made.transparent.CopyFrom(boolean(True))
    if value.hand_off:
        made.use_original_dst.CopyFrom(boolean(True))
    if value.exact_balance:
        made.connection_balance_config.exact_balance.SetInParent()
    return made


def _listener_filters(value: Listener) -> list[components.ListenerFilter]:
    filters: list[components.ListenerFilter] = []
    if value.recover_destination:
        filters.append(_filter(ORIGINAL_DESTINATION, original_dst_pb2.OriginalDst(), None))
    if value.keep_source:
        filters.append(_filter(ORIGINAL_SOURCE, original_src_pb2.OriginalSrc(mark=SOURCE_MARK), None))
    if value.detect_tls is not None:
        filters.append(_filter(TLS_INSPECTOR, tls_inspector_pb2.TlsInspector(), value.detect_tls))
    if value.detect_http is not None:
        filters.append(_filter(HTTP_INSPECTOR, http_inspector_pb2.HttpInspector(), value.detect_http))
    return filters


def _filter(name: str, config: Message, inspection: Inspection | None) -> components.ListenerFilter:
    made = components.ListenerFilter(name=name, typed_config=packed(config))
    if inspection is not None and inspection.only_ports:
        excluded = components.ListenerFilterChainMatchPredicate(not_match=_ports(inspection.only_ports))
        made.filter_disabled.CopyFrom(excluded)
    elif inspection is not None and inspection.except_ports:
        made.filter_disabled.CopyFrom(_ports(inspection.except_ports))
    return made


def _ports(ports: tuple[int, ...]) -> components.ListenerFilterChainMatchPredicate:
    rules = [
        components.ListenerFilterChainMatchPredicate(
            destination_port_range=range_pb2.Int32Range(start=port, end=port + 1)
        )
        for port in ports
    ]
    if len(rules) == 1:
        return rules[0]
    return components.ListenerFilterChainMatchPredicate(
        or_match=components.ListenerFilterChainMatchPredicate.MatchSet(rules=rules)
    )
