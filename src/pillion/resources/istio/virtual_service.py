"""VirtualService: where the requests for a host go."""

from typing import ClassVar, Literal

from pillion.resources.duration import Duration
from pillion.resources.meta import Metadata
from pillion.resources.number import Natural, Signed, Unsigned
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

RedirectPortSelection = Literal["FROM_PROTOCOL_DEFAULT", "FROM_REQUEST_PORT"]
UnmatchedPreflights = Literal["UNSPECIFIED", "FORWARD", "IGNORE"]


class StringMatch(Value, rename="camel"):
    """A text to compare with: whole, by its beginning, or by a regular expression (RE2)."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("exact", "prefix", "regex"),)

    exact: str | None = None
    prefix: str | None = None
    regex: str | None = None


class HTTPMatchRequest(Value, rename="camel"):
    """What a request must be like; all that is set must hold."""

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
    """A port by its number."""

    number: Unsigned = 0


class Destination(Value, rename="camel"):
    """A host, and perhaps one of its subsets and ports."""

    host: str = ""
    subset: str = ""
    port: PortSelector | None = None


class HeaderOperations(Value, rename="camel"):
    """Headers to set, to add and to remove."""

    set: Labels = NO_LABELS
    add: Labels = NO_LABELS
    remove: tuple[str, ...] = ()


class Headers(Value, rename="camel"):
    """What is done to the headers of requests and responses."""

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


class HTTPRouteDestination(Value, rename="camel"):
    """A destination with its share of the requests."""

    destination: Destination | None = None
    weight: Natural = 0
    headers: Headers | None = None


class HTTPRedirect(Value, rename="camel"):
    """A redirect in answer to a request."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("port", "derive_port"),)

    uri: str = ""
    authority: str = ""
    port: Unsigned | None = None
    derive_port: RedirectPortSelection | None = None
    scheme: str = ""
    redirect_code: Unsigned = 0
    prefix_rewrite: str = ""


class HTTPBody(Value, rename="camel"):
    """The body of a direct response."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("string", "bytes"),)

    string: str | None = None
    bytes: str | None = None


class HTTPDirectResponse(Value, rename="camel"):
    """A fixed answer."""

    status: Unsigned = 0
    body: HTTPBody | None = None


class Delegate(Value, rename="camel"):
    """The VirtualService that the routing is left to."""

    name: str = ""
    namespace: str = ""


class RegexRewrite(Value, rename="camel"):
    """A path rewritten by a regular expression."""

    match: str = ""
    rewrite: str = ""


class HTTPRewrite(Value, rename="camel"):
    """What is rewritten before a request is sent on."""

    uri: str = ""
    authority: str = ""
    uri_regex_rewrite: RegexRewrite | None = None


class HTTPRetry(Value, rename="camel"):
    """When and how often a request is tried again."""

    attempts: Signed = 0
    per_try_timeout: Duration | None = None
    retry_on: str = ""
    retry_remote_localities: bool | None = None
    retry_ignore_previous_hosts: bool | None = None
    backoff: Duration | None = None


class Percent(Value, rename="camel"):
    """A share from 0 to 100."""

    value: float = 0.0


class Delay(Value, rename="camel"):
    """A fault: some requests wait."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("fixed_delay", "exponential_delay"),)

    percent: Signed = 0
    fixed_delay: Duration | None = None
    exponential_delay: Duration | None = None
    percentage: Percent | None = None


class Abort(Value, rename="camel"):
    """A fault: some requests are answered with an error."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("http_status", "grpc_status", "http2_error"),)

    http_status: Natural | None = None
    grpc_status: str | None = None
    http2_error: str | None = None
    percentage: Percent | None = None


class HTTPFaultInjection(Value, rename="camel"):
    """Faults that are made on purpose."""

    delay: Delay | None = None
    abort: Abort | None = None


class HTTPMirrorPolicy(Value, rename="camel"):
    """A destination that gets a copy of some requests."""

    destination: Destination | None = None
    percentage: Percent | None = None


class CorsPolicy(Value, rename="camel"):
    """Which origins may call from a browser."""

    allow_origin: tuple[str, ...] = ()
    allow_origins: tuple[StringMatch, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: Duration | None = None
    allow_credentials: bool | None = None
    unmatched_preflights: UnmatchedPreflights = "UNSPECIFIED"


class HTTPRoute(Value, rename="camel"):
    """One rule for HTTP requests: matches, and what is done."""

    ALIASES: ClassVar[tuple[str, ...]] = ("mirror_percent",)

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
    """What a TLS connection must be like, by its SNI above all."""

    sni_hosts: tuple[str, ...] = ()
    destination_subnets: tuple[str, ...] = ()
    port: Unsigned = 0
    source_labels: Labels = NO_LABELS
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class RouteDestination(Value, rename="camel"):
    """A destination with its share of the connections."""

    destination: Destination | None = None
    weight: Natural = 0


class TLSRoute(Value, rename="camel"):
    """One rule for TLS connections that pass through unopened."""

    match: tuple[TLSMatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class L4MatchAttributes(Value, rename="camel"):
    """What a TCP connection must be like."""

    destination_subnets: tuple[str, ...] = ()
    port: Unsigned = 0
    source_subnet: str = ""
    source_labels: Labels = NO_LABELS
    gateways: tuple[str, ...] = ()
    source_namespace: str = ""


class TCPRoute(Value, rename="camel"):
    """One rule for TCP connections."""

    match: tuple[L4MatchAttributes, ...] = ()
    route: tuple[RouteDestination, ...] = ()


class VirtualServiceSpec(Value, rename="camel"):
    """The body of a VirtualService."""

    hosts: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()
    http: tuple[HTTPRoute, ...] = ()
    tls: tuple[TLSRoute, ...] = ()
    tcp: tuple[TCPRoute, ...] = ()
    export_to: tuple[str, ...] = ()


class VirtualService(Value, rename="camel"):
    """A VirtualService: routing for hosts."""

    metadata: Metadata = Metadata()
    spec: VirtualServiceSpec = VirtualServiceSpec()
