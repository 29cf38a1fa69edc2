"""Route configurations: virtual hosts, and their routes in order."""

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.common.fault.v3 import fault_pb2 as delay_pb2
from envoy.extensions.filters.http.cors.v3 import cors_pb2
from envoy.extensions.filters.http.fault.v3 import fault_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2

from pillion.envoy import names
from pillion.envoy.messages.wellknown import boolean, duration, metadata, packed, uint32
from pillion.envoy.messages.wire import repeated
from pillion.envoy.routing import route_actions
from pillion.ir.memo import Memo
from pillion.ir.model.match import HeaderMatch, QueryMatch, RouteMatch, StringMatch
from pillion.ir.model.route import Cors, DirectResponse, Fault, Forward, Fraction, NoAction, Redirect, Route
from pillion.ir.model.table import InlineTable, RouteTable, VirtualHost

FAULT, CORS = "envoy.filters.http.fault", "envoy.filters.http.cors"
MAX_DIRECT_RESPONSE = 1024 * 1024
_EVERY = Fraction(numerator=100)


def route_configuration(table: RouteTable, memo: Memo) -> bytes:
    """Return a table that travels by route discovery, in deterministic bytes; each of its hosts is made once."""
    named = route_pb2.RouteConfiguration(name=names.route_table(table.key))
    rest = route_pb2.RouteConfiguration(
        validate_clusters=boolean(False),
        ignore_port_in_host_matching=table.ignore_port,
        max_direct_response_body_size_bytes=uint32(MAX_DIRECT_RESPONSE),
    )
    hosts = (memo(virtual_host, host) for host in table.hosts)
    return b"".join(
        (
            named.SerializeToString(deterministic=True),
            repeated(route_pb2.RouteConfiguration.VIRTUAL_HOSTS_FIELD_NUMBER, hosts),
            rest.SerializeToString(deterministic=True),
        )
    )


def virtual_host(host: VirtualHost) -> bytes:
    """Return a virtual host in deterministic bytes."""
    return _virtual_host(host).SerializeToString(deterministic=True)


def inline_configuration(table: InlineTable) -> route_pb2.RouteConfiguration:
    """Return a table that travels inside its listener."""
    made = route_pb2.RouteConfiguration(
        name=names.cluster(table.backend) if table.backend is not None else table.name,
        virtual_hosts=[_virtual_host(host) for host in table.hosts],
        validate_clusters=boolean(False),
        ignore_port_in_host_matching=table.ignore_port,
    )
    if table.outbound:
        made.max_direct_response_body_size_bytes.CopyFrom(uint32(MAX_DIRECT_RESPONSE))
    return made


def _virtual_host(host: VirtualHost) -> route_components_pb2.VirtualHost:
    return route_components_pb2.VirtualHost(
        name=names.virtual_host(host),
        domains=host.domains,
        routes=[_route(route) for route in host.routes],
        include_request_attempt_count=host.attempt_count,
    )


def _route(route: Route) -> route_components_pb2.Route:
    changes = route.changes
    made = route_components_pb2.Route(
        name=route.name,
        match=_match(route.match),
        request_headers_to_add=[route_actions.header_option(header) for header in changes.request],
        request_headers_to_remove=changes.request_remove,
        response_headers_to_add=[route_actions.header_option(header) for header in changes.response],
        response_headers_to_remove=changes.response_remove,
        stat_prefix=route.statistics,
    )
    match route.action:
        case Forward():
            made.route.CopyFrom(route_actions.forward(route.action))
        case Redirect():
            made.redirect.CopyFrom(route_actions.redirect(route.action))
        case DirectResponse():
            made.direct_response.CopyFrom(route_actions.direct_response(route.action))
        case NoAction():
            pass
    if route.operation:
        made.decorator.operation = route.operation
    if route.origin:
        namespace, _, name = route.origin.partition("/")
        path = f"/apis/networking.istio.io/v1alpha3/namespaces/{namespace}/virtual-service/{name}"
        made.metadata.CopyFrom(metadata("istio", {"config": path}))
    if route.fault is not None:
        made.typed_per_filter_config[FAULT].CopyFrom(packed(_fault(route.fault)))
    if route.cors is not None:
        made.typed_per_filter_config[CORS].CopyFrom(packed(_cors(route.cors)))
    return made


def string_matcher(match: StringMatch) -> string_pb2.StringMatcher:
    """Return a test of a string."""
    match match.kind:
        case "exact":
            return string_pb2.StringMatcher(exact=match.value)
        case "prefix":
            return string_pb2.StringMatcher(prefix=match.value)
        case "regex" | "present":
            return string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=match.value))


def _match(match: RouteMatch) -> route_components_pb2.RouteMatch:
    made = route_components_pb2.RouteMatch(
        headers=[_header(header) for header in match.headers], query_parameters=[_query(item) for item in match.query]
    )
    match match.path.kind:
        case "exact":
            made.path = match.path.value
        case "regex":
            made.safe_regex.regex = match.path.value
        case "prefix" | "present":
            made.prefix = match.path.value
    if match.ignore_case is not None:
        made.case_sensitive.CopyFrom(boolean(not match.ignore_case))
    return made


def _header(header: HeaderMatch) -> route_components_pb2.HeaderMatcher:
    made = route_components_pb2.HeaderMatcher(
        name=header.name, invert_match=header.inverted, treat_missing_header_as_empty=header.missing_as_empty
    )
    if header.match.kind == "present":
        made.present_match = True
    else:
        made.string_match.CopyFrom(string_matcher(header.match))
    return made


def _query(query: QueryMatch) -> route_components_pb2.QueryParameterMatcher:
    if query.match.kind == "present":
        return route_components_pb2.QueryParameterMatcher(name=query.name, present_match=True)
    return route_components_pb2.QueryParameterMatcher(name=query.name, string_match=string_matcher(query.match))


def _fault(fault: Fault) -> fault_pb2.HTTPFault:
    made = fault_pb2.HTTPFault()
    if fault.delay is not None:
        delay = delay_pb2.FaultDelay(fixed_delay=duration(fault.delay))
        if fault.delay_share is not None:
            delay.percentage.CopyFrom(route_actions.fraction(fault.delay_share))
        made.delay.CopyFrom(delay)
    if fault.abort_status is not None or fault.abort_grpc is not None:
        abort = fault_pb2.FaultAbort()
        if fault.abort_status is not None:
            abort.http_status = fault.abort_status
        elif fault.abort_grpc is not None:
            abort.grpc_status = fault.abort_grpc
        if fault.abort_share is not None:
            abort.percentage.CopyFrom(route_actions.fraction(fault.abort_share))
        made.abort.CopyFrom(abort)
    return made


def _cors(cors: Cors) -> cors_pb2.CorsPolicy:
    made = cors_pb2.CorsPolicy(
        allow_origin_string_match=[string_matcher(origin) for origin in cors.origins],
        allow_methods=cors.methods,
        allow_headers=cors.headers,
        expose_headers=cors.expose,
        max_age=cors.max_age,
        filter_enabled=base_pb2.RuntimeFractionalPercent(default_value=route_actions.fraction(_EVERY)),
        forward_not_matching_preflights=boolean(cors.forward_unmatched),
    )
    if cors.credentials is not None:
        made.allow_credentials.CopyFrom(boolean(cors.credentials))
    return made
