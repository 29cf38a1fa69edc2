"""What is done with a request: redirect, direct response, rewrite, retry, fault, mirror, CORS."""

from http import HTTPStatus

from pillion.resources.istio.virtual_service import (
    Abort,
    CorsPolicy,
    Delay,
    HTTPDirectResponse,
    HTTPFaultInjection,
    HTTPMatchRequest,
    HTTPMirrorPolicy,
    HTTPRedirect,
    HTTPRetry,
    HTTPRewrite,
    Percent,
    RegexRewrite,
)
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing.headers import check_cors_name
from pillion.resources.validation.values import (
    check_destination,
    check_duration,
    check_expression,
    check_expression_match,
    check_fraction,
    check_port,
)

KIBIBYTE = 1024
RETRY_ON = frozenset({
    "5xx", "gateway-error", "reset", "reset-before-request", "connect-failure", "retriable-4xx", "refused-stream",
    "retriable-status-codes", "retriable-headers", "envoy-ratelimited", "http3-post-connect-failure", "cancelled",
    "deadline-exceeded", "internal", "resource-exhausted", "unavailable",
})  # fmt: skip
"""What Envoy retries on, over HTTP and gRPC."""
GRPC_STATUS = frozenset({
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
})  # fmt: skip

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE", "*"})
_STATUS = frozenset(status.value for status in HTTPStatus)


def check_redirect(redirect: HTTPRedirect | None, matches: tuple[HTTPMatchRequest, ...], report: Report) -> None:
    """Check a redirect of requests that match."""
    if redirect is None:
        return
    if redirect.uri and redirect.prefix_rewrite:
        report.error("oneof-conflict", "only one of uri and prefixRewrite may be set", "prefixRewrite")
    uris = [match.uri for match in matches if match.uri is not None]
    if redirect.prefix_rewrite and any(uri.prefix is None for uri in uris):
        report.error("oneof-conflict", "prefixRewrite needs matches by prefix", "prefixRewrite")
    has_port = redirect.port is not None or redirect.derive_port is not None
    if not (redirect.uri or redirect.prefix_rewrite or redirect.authority or redirect.scheme or has_port):
        report.error("required", "a redirect needs uri, prefixRewrite, authority, scheme or port")
    if redirect.redirect_code and not 300 <= redirect.redirect_code <= 399:
        report.error("out-of-range", f"is {redirect.redirect_code}, expected 3xx", "redirectCode")
    if redirect.scheme not in {"", "http", "https"}:
        report.error("unknown-value", f"is {redirect.scheme!r}, expected http or https", "scheme")
    if redirect.port:
        check_port(redirect.port, report.at("port"))


def check_direct_response(response: HTTPDirectResponse | None, report: Report) -> None:
    """Check a fixed answer."""
    if response is None:
        return
    body = response.body
    size = len((body.string or body.bytes or "").encode()) if body is not None else 0
    if body is not None and body.string is None and body.bytes is not None:
        size = size * 3 // 4  # bytes are Base64 in JSON
    if size > KIBIBYTE * KIBIBYTE:
        report.error("too-large", "a body of more than 1 MiB goes to every proxy", "body")
    elif size > 100 * KIBIBYTE:
        report.warn("too-large", "a body of more than 100 KiB goes to every proxy", "body")
    check_status(response.status, report.at("status"))


def check_status(status: int, report: Report) -> None:
    """Refuse what is no final HTTP status."""
    if not 200 <= status <= 600:
        report.error("out-of-range", f"is {status}, expected an HTTP status from 200 to 599")


def check_rewrite(rewrite: HTTPRewrite | None, report: Report) -> None:
    """Check a rewrite."""
    if rewrite is None:
        return
    if rewrite.uri and rewrite.uri_regex_rewrite is not None:
        report.error("oneof-conflict", "only one of uri and uriRegexRewrite may be set", "uriRegexRewrite")
    if not rewrite.uri and rewrite.uri_regex_rewrite is None and not rewrite.authority:
        report.error("required", "a rewrite needs uri, uriRegexRewrite or authority")
    check_regex_rewrite(rewrite.uri_regex_rewrite, report.at("uriRegexRewrite"))


def check_regex_rewrite(rewrite: RegexRewrite | None, report: Report) -> None:
    """Check a rewrite by a regular expression."""
    if rewrite is None:
        return
    if not rewrite.match or not rewrite.rewrite:
        report.error("required", "a rewrite by expression needs match and rewrite")
    else:
        check_expression(rewrite.match, report.at("match"))


def check_retry(retry: HTTPRetry | None, report: Report) -> None:
    """Check retries."""
    if retry is None:
        return
    if retry.attempts < 0:
        report.error("out-of-range", f"is {retry.attempts}, expected 0 or more", "attempts")
    is_detailed = retry.per_try_timeout or retry.retry_on or retry.retry_remote_localities is not None
    if not retry.attempts and (is_detailed or retry.per_try_timeout is not None):
        report.error("ignored-field", "attempts 0 means no retries, so the rest says nothing", "attempts")
    check_duration(retry.per_try_timeout, report.at("perTryTimeout"))
    for word in retry.retry_on.split(",") if retry.retry_on else ():
        is_status = word.isascii() and word.isdigit() and int(word) in _STATUS
        if word not in RETRY_ON and not is_status:
            report.error("unknown-value", f"{word!r} is nothing that Envoy retries on", "retryOn")
    check_duration(retry.backoff, report.at("backoff"))


def check_fault(fault: HTTPFaultInjection | None, report: Report) -> None:
    """Check faults made on purpose."""
    if fault is None:
        return
    if fault.abort is None and fault.delay is None:
        report.error("required", "a fault needs abort or delay")
    check_abort(fault.abort, report.at("abort").quiet())
    check_delay(fault.delay, report.at("delay"))


def check_abort(abort: Abort | None, report: Report) -> None:
    """Check a fault that answers with an error."""
    if abort is None:
        return
    check_fraction(abort.percentage, report.at("percentage"))
    if abort.grpc_status is not None:
        if abort.grpc_status not in GRPC_STATUS:
            message = f"is {abort.grpc_status!r}, expected a gRPC status such as NOT_FOUND"
            report.error("unknown-value", message, "grpcStatus")
    elif abort.http2_error is not None:
        report.error("unsupported", "Istio cannot abort with an HTTP/2 error", "http2Error")
    elif abort.http_status is not None:
        check_status(abort.http_status, report.at("httpStatus"))
    else:
        report.warn("required", "an abort without httpStatus or grpcStatus does nothing")


def check_delay(delay: Delay | None, report: Report) -> None:
    """Check a fault that makes requests wait."""
    if delay is None:
        return
    check_fraction(delay.percentage, report.at("percentage"))
    check_duration(delay.fixed_delay, report.at("fixedDelay"))
    if delay.exponential_delay is not None:
        check_duration(delay.exponential_delay, report.at("exponentialDelay"))
        report.error("unsupported", "Istio knows fixed delays only", "exponentialDelay")


def check_mirrors(mirrors: tuple[HTTPMirrorPolicy, ...], report: Report) -> None:
    """Check copies of requests."""
    for index, mirror in enumerate(mirrors):
        inside = report.at(index)
        if mirror.destination is None:
            inside.error("required", "a mirror needs a destination", "destination")
            continue
        check_destination(mirror.destination, inside.at("destination"))
        check_share(mirror.percentage, inside.at("percentage"))


def check_share(percent: Percent | None, report: Report) -> None:
    """Refuse what is not from 0 to 100."""
    if percent is not None and not 0 <= percent.value <= 100:
        report.error("out-of-range", f"is {percent.value}, expected a percentage from 0 to 100", "value")


def check_cors(cors: CorsPolicy | None, report: Report) -> None:
    """Check which origins may call."""
    if cors is None:
        return
    for index, origin in enumerate(cors.allow_origins):
        if not (origin.exact or origin.prefix or origin.regex):
            report.error("required", "an origin needs exact, prefix or regex", "allowOrigins", index)
        else:
            check_expression_match(origin, report.at("allowOrigins", index))
    for index, method in enumerate(cors.allow_methods):
        if method not in _METHODS:
            report.error("unknown-value", f"{method!r} is not an HTTP method", "allowMethods", index)
    for field, names in (("allowHeaders", cors.allow_headers), ("exposeHeaders", cors.expose_headers)):
        for index, name in enumerate(names):
            check_cors_name(name, report.at(field, index))
    if cors.max_age is not None:
        check_duration(cors.max_age, report.at("maxAge"))
        if cors.max_age.nanoseconds % 10**9:
            report.error("invalid-duration", f"is {cors.max_age}, expected whole seconds", "maxAge")
