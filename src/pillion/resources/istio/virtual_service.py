"""Istio resources."""

from typing import ClassVar, Literal

from pillion.resources.duration import Duration
from pillion.resources.meta import Metadata
from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

RedirectPortSelection = Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"]
UnmatchedPreflights = Literal["UNSPECIFIED", "FORWARD", "IGNORE"]


class StringMatch(Value, rename="camel"):
    """`StringMatch` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("exact", "prefix", "regex"),)

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None


class HTTPMatchRequest(Value, rename="camel"):
    """`HTTPMatchRequest` of the API."""

    name: str = ""
    uri: StringMatch | None = None
    scheme: StringMatch | None = None
    method: StringMatch | None = None
    authority: StringMatch | None = None
    headers: FrozenMap[StringMatch] = FrozenMap()
    port: Unsigned = 0
    source_labels: Labels = NO_LABELS
    gateways: tuple[str, ...] = ()
    query_params: FrozenMap[StringMatch] = FrozenMap()
    ignore_uri_case: bool = False
    without_headers: FrozenMap[StringMatch] = FrozenMap()
    source_namespace: str = ""
    stat_prefix: str = ""


class PortSelector(Value, rename="camel"):
    """`PortSelector` of the API."""

    number: Unsigned = 0


class Destination(Value, rename="camel"):
    """`Destination` of the API."""

    host: str = ""
    subset: str = ""
    port: PortSelector | None = None


class HeaderOperations(Value, rename="camel"):
    """`Headers.HeaderOperations` of the API."""

    set: Labels = NO_LABELS
    add: Labels = NO_LABELS
    remove: tuple[str, ...] = ()


class Headers(Value, rename="camel"):
    """`Headers` of the API."""

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class HTTPRouteDestination(Value, rename="camel"):
    """`HTTPRouteDestination` of the API."""

    destination: Destination | None = None
    weight: int = 0
    headers: Headers | None = None


class HTTPRedirect(Value, rename="camel"):
    """`HTTPRedirect` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("port", "derive_port"),)

    uri: str = ""
    authority: str = ""
    port: Unsigned | None = None
    derive_port: RedirectPortSelection | None = None
    scheme: str = ""
    redirect_code: Unsigned = 0
    prefix_rewrite: str = ""


class HTTPBody(Value, rename="camel"):
    """`HTTPBody` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("string", "bytes"),)

    string: str | None = None
    bytes: str | None = None


class HTTPDirectResponse(Value, rename="camel"):
    """`HTTPDirectResponse` of the API."""

    status: Unsigned = 0
    body: HTTPBody | None = None


class Delegate(Value, rename="camel"):
    """`Delegate` of the API."""

    name: str = ""
    namespace: str = ""


class RegexRewrite(Value, rename="camel"):
    """`RegexRewrite` of the API."""

    match: str = ""
    rewrite: str = ""


class HTTPRewrite(Value, rename="camel"):
    """`HTTPRewrite` of the API."""

    uri: str = ""
    authority: str = ""
    uri_regex_rewrite: RegexRewrite | None = None


class HTTPRetry(Value, rename="camel"):
    """`HTTPRetry` of the API."""

    attempts: int = 0
    per_try_timeout: Duration | None = None
    retry_on: str = ""
    retry_remote_localities: bool | None = None
    retry_ignore_previous_hosts: bool | None = None
    backoff: Duration | None = None


class Percent(Value, rename="camel"):
    """`Percent` of the API."""

    value: float = 0.0


class Delay(Value, rename="camel"):
    """`HTTPFaultInjection.Delay` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("fixed_delay", "exponential_delay"),)

    percent: int = 0
    fixed_delay: Duration | None = None
    exponential_delay: Duration | None = None
    percentage: Percent | None = None


class Abort(Value, rename="camel"):
    """`HTTPFaultInjection.Abort` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("http_status", "grpc_status", "http2_error"),)

    http_status: int | None = None
    grpc_status: str | None = None
    http2_error: str | None = None
    percentage: Percent | None = None


class HTTPFaultInjection(Value, rename="camel"):
    """`HTTPFaultInjection` of the API."""

    delay: Delay | None = None
    abort: Abort | None = None


class HTTPMirrorPolicy(Value, rename="camel"):
    """`HTTPMirrorPolicy` of the API."""

    destination: Destination | None = None
    percentage: Percent | None = None


class CorsPolicy(Value, rename="camel"):
    """`CorsPolicy` of the API."""

    allow_origin: tuple[str, ...] = ()
    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: Duration | None = None
    allow_credentials: bool | None = None
    unmatched_preflights: UnmatchedPreflights = "UNSPECIFIED"


class HTTPRoute(Value, rename="camel"):
    """`HTTPRoute` of the API."""

    name: str = ""
    match: tuple[HTTPMatchRequest, ...] = ()
    route: tuple[HTTPRouteDestination, ...] = ()
    redirect: HTTPRedirect | None = None
    direct_response: HTTPDirectResponse | None = None
    delegate: Delegate | None = None
    rewrite: HTTPRewrite | None = None
    timeout: Duration | None = None
    retries: HTTPRetry | None = None
    fault: HTTPFaultInjection | None = None
    mirror: Destination | None = None
    mirrors: tuple[HTTPMirrorPolicy, ...] = ()
    mirror_percent: Unsigned | None = None
    mirror_percentage: Percent | None = None
    cors_policy: CorsPolicy | None = None
    headers: Headers | None = None


class TLSMatchAttributes(Value, rename="camel"):
    """`TLSMatchAttributes` of the API."""

    sni_hosts: tuple[str, ...] = ()
    destination_subnets: tuple[str, ...] = ()
    port: Unsigned = 0
    source_labels: Labels = NO_LABELS
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class RouteDestination(Value, rename="camel"):
    """`RouteDestination` of the API."""

    destination: Destination | None = None
    weight: int = 0


class TLSRoute(Value, rename="camel"):
    """`TLSRoute` of the API."""

    match: tuple[TLSMatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class L4MatchAttributes(Value, rename="camel"):
    """`L4MatchAttributes` of the API."""

    destination_subnets: tuple[str, ...] = ()
    port: Unsigned = 0
    source_subnet: str = ""
    source_labels: Labels = NO_LABELS
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class TCPRoute(Value, rename="camel"):
    """`TCPRoute` of the API."""

    match: tuple[L4MatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class VirtualServiceSpec(Value, rename="camel"):
    """`VirtualService` of the API."""

    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    http: tuple[HTTPRoute, ...] = ()
    tls: tuple[TLSRoute, ...] = ()
    tcp: tuple[TCPRoute, ...] = ()
    export_to: tuple[str, ...] = ()


class VirtualService(Value, rename="camel"):
    """The resource."""

    metadata: Metadata = Metadata()
    spec: VirtualServiceSpec = VirtualServiceSpec()
