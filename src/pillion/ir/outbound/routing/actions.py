"""What an HTTP route does: forward, redirect, answer; and the faults and cross-origin rules on the way.

Mirrors `route.go` (`applyHTTPRouteDestination`, `ApplyRedirect`, `ApplyDirectResponse`, `TranslateFault`).
"""

import base64
import binascii

from pillion.ir.model.match import StringMatch
from pillion.ir.model.route import (
    Cors,
    DirectResponse,
    Fault,
    Fraction,
    NoAction,
    Redirect,
)
from pillion.ir.outbound.routing.matches import string_test
from pillion.resources.istio.virtual_service import (
    CorsPolicy,
    HTTPDirectResponse,
    HTTPFaultInjection,
    HTTPRedirect,
    Percent,
)

_REDIRECTS = {0: 301, 301: 301, 302: 302, 303: 303, 307: 307, 308: 308}
_DEFAULT_PORTS = {"http": 80, "https": 443}
_GRPC = (
    "OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED",
    "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
)  # fmt: skip


def redirect(rule: HTTPRedirect, listener_port: int) -> Redirect | NoAction:
    """Return a redirect; a port that the scheme implies is left out."""
    code = _REDIRECTS.get(rule.redirect_code)
    if code is None:
        return NoAction()
    port = 0
    if rule.derive_port == "FROM_REQUEST_PORT":
        port = listener_port
    elif rule.port is not None:
        port = rule.port
    if port == _DEFAULT_PORTS.get(rule.scheme or "http"):
        port = 0
    return Redirect(
        host=rule.authority,
        path="" if rule.prefix_rewrite else rule.uri,
        prefix=rule.prefix_rewrite or None,
        scheme=rule.scheme,
        port=port,
        code=code,
    )


def direct_response(rule: HTTPDirectResponse) -> DirectResponse:
    """Return an answer in place of a backend."""
    body = rule.body
    if body is None:
        return DirectResponse(status=rule.status)
    if body.bytes is not None:
        try:
            return DirectResponse(status=rule.status, raw=base64.b64decode(body.bytes, validate=False))
        except binascii.Error:
            return DirectResponse(status=rule.status)
    return DirectResponse(status=rule.status, text=body.string)


def share(percentage: Percent) -> Fraction:
    """Return a percentage as exactly as the proxy knows it: in millionths, and never more than all."""
    value = min(max(percentage.value, 0.0), 100.0)
    return Fraction(numerator=int(value * 10000), denominator=1_000_000)


def fault(rule: HTTPFaultInjection | None) -> Fault | None:
    """Return delays and aborts; kinds that no proxy knows are left out."""
    if rule is None:
        return None
    delay = rule.delay if rule.delay and rule.delay.fixed_delay is not None else None
    abort = rule.abort if rule.abort and (rule.abort.http_status is not None or rule.abort.grpc_status) else None
    status = abort.http_status if abort else None
    grpc = _GRPC.index(abort.grpc_status) if abort and status is None and abort.grpc_status in _GRPC else None
    if delay is None and abort is None:
        return Fault()
    delay_share = None
    if delay is not None:
        delay_share = share(delay.percentage) if delay.percentage else Fraction(numerator=delay.percent)
    return Fault(
        delay=delay.fixed_delay.nanoseconds if delay and delay.fixed_delay else None,
        delay_share=delay_share,
        abort_status=status,
        abort_grpc=grpc if status is not None or grpc is not None or abort is None else 0,
        abort_share=share(abort.percentage) if abort and abort.percentage else None,
    )


def cors(rule: CorsPolicy | None) -> Cors | None:
    """Return cross-origin rules; `allowOrigins` replaces the older `allowOrigin`."""
    if rule is None:
        return None
    if rule.allow_origins:
        origins = tuple(string_test(origin) for origin in rule.allow_origins)
    else:
        origins = tuple(StringMatch(kind="exact", value=origin) for origin in rule.allow_origin)
    return Cors(
        origins=origins,
        methods=",".join(rule.allow_methods),
        headers=",".join(rule.allow_headers),
        expose=",".join(rule.expose_headers),
        max_age=str(rule.max_age.nanoseconds // 10**9) if rule.max_age is not None else "",
        credentials=rule.allow_credentials,
        forward_unmatched=rule.unmatched_preflights != "IGNORE",
    )
