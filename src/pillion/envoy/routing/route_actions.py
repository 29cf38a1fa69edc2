"""What a route does: forward, redirect, answer; retries, mirrors, sticky keys, rewrites on the way."""

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2
from envoy.extensions.retry.priority.previous_priorities.v3 import previous_priorities_config_pb2
from envoy.type.matcher.v3 import regex_pb2
from envoy.type.v3 import percent_pb2

from pillion.envoy import names
from pillion.envoy.messages.wellknown import boolean, duration, optional_duration, packed, uint32
from pillion.ir.model.route import (
    DirectResponse,
    Forward,
    Fraction,
    HashCookie,
    HashHeader,
    HashKey,
    HashQuery,
    HashSource,
    HeaderValue,
    Mirror,
    Redirect,
    Retry,
    Weighted,
)

PREVIOUS_HOSTS = "envoy.retry_host_predicates.previous_hosts"
PREVIOUS_PRIORITIES = "envoy.retry_priorities.previous_priorities"
_REDIRECTS = {301: "MOVED_PERMANENTLY", 302: "FOUND", 303: "SEE_OTHER", 307: "TEMPORARY_REDIRECT",
              308: "PERMANENT_REDIRECT"}  # fmt: skip
_DENOMINATORS = {100: "HUNDRED", 10_000: "TEN_THOUSAND", 1_000_000: "MILLION"}


def fraction(share: Fraction) -> percent_pb2.FractionalPercent:
    """Return a share of requests."""
    return percent_pb2.FractionalPercent(
        numerator=share.numerator,
        denominator=_DENOMINATORS[share.denominator],
    )


def header_option(header: HeaderValue) -> base_pb2.HeaderValueOption:
    """Return a header to write."""
    action = "APPEND_IF_EXISTS_OR_ADD" if header.append else "OVERWRITE_IF_EXISTS_OR_ADD"
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=header.name, value=header.value),
        append_action=action,
    )


def forward(action: Forward) -> route_components_pb2.RouteAction:
    """Return the forwarding of a request."""
    made = route_components_pb2.RouteAction(timeout=duration(action.timeout))
    if action.split:
        clusters = [_weighted(item) for item in action.backends]
        made.weighted_clusters.CopyFrom(route_components_pb2.WeightedCluster(clusters=clusters))
    else:
        made.cluster = names.cluster(action.backends[0].backend)
    if action.inbound:
        made.max_stream_duration.max_stream_duration.CopyFrom(duration(0))
        made.max_stream_duration.grpc_timeout_header_max.CopyFrom(duration(0))
    else:
        made.max_grpc_timeout.CopyFrom(duration(action.timeout))
    if action.retry is not None:
        made.retry_policy.CopyFrom(retry_policy(action.retry))
    _rewrite(made, action)
    made.append_x_forwarded_host = action.forwarded_host
    made.request_mirror_policies.extend(_mirror(mirror) for mirror in action.mirrors)
    made.hash_policy.extend(_hash(key) for key in action.hash_keys)
    return made


def _weighted(item: Weighted) -> route_components_pb2.WeightedCluster.ClusterWeight:
    changes = item.changes
    made = route_components_pb2.WeightedCluster.ClusterWeight(
        name=names.cluster(item.backend),
        weight=uint32(item.weight),
        request_headers_to_add=[header_option(header) for header in changes.request],
        request_headers_to_remove=changes.request_remove,
        response_headers_to_add=[header_option(header) for header in changes.response],
        response_headers_to_remove=changes.response_remove,
    )
    if item.host:
        made.host_rewrite_literal = item.host
    return made


def _rewrite(made: route_components_pb2.RouteAction, action: Forward) -> None:
    rewrite = action.rewrite
    if rewrite is None:
        return
    if rewrite.regex:
        made.regex_rewrite.CopyFrom(
            regex_pb2.RegexMatchAndSubstitute(
                pattern=regex_pb2.RegexMatcher(regex=rewrite.regex), substitution=rewrite.substitution
            )
        )
    elif rewrite.prefix:
        made.prefix_rewrite = rewrite.prefix
    if rewrite.host:
        made.host_rewrite_literal = rewrite.host


def _mirror(mirror: Mirror) -> route_components_pb2.RouteAction.RequestMirrorPolicy:
    return route_components_pb2.RouteAction.RequestMirrorPolicy(
        cluster=names.cluster(mirror.backend),
        runtime_fraction=base_pb2.RuntimeFractionalPercent(default_value=fraction(mirror.share)),
        trace_sampled=boolean(False),
    )


def _hash(key: HashKey) -> route_components_pb2.RouteAction.HashPolicy:
    policy = route_components_pb2.RouteAction.HashPolicy
    match key:
        case HashHeader():
            return policy(header=policy.Header(header_name=key.name))
        case HashCookie():
            attributes = [policy.CookieAttribute(name=name, value=value) for name, value in key.attributes]
            cookie = policy.Cookie(name=key.name, ttl=optional_duration(key.ttl), path=key.path, attributes=attributes)
            return policy(cookie=cookie)
        case HashSource():
            return policy(connection_properties=policy.ConnectionProperties(source_ip=key.source_ip))
        case HashQuery():
            return policy(query_parameter=policy.QueryParameter(name=key.name))


def retry_policy(retry: Retry) -> route_components_pb2.RetryPolicy:
    """Return when a request is tried again."""
    policy = route_components_pb2.RetryPolicy(
        retry_on=retry.on,
        num_retries=uint32(retry.attempts),
        retriable_status_codes=retry.codes,
        per_try_timeout=optional_duration(retry.per_try_timeout),
        host_selection_retry_max_attempts=retry.host_attempts or 0,
    )
    if retry.other_hosts:
        policy.retry_host_predicate.append(
            route_components_pb2.RetryPolicy.RetryHostPredicate(
                name=PREVIOUS_HOSTS, typed_config=packed(previous_hosts_pb2.PreviousHostsPredicate())
            )
        )
    if retry.remote_localities:
        config = previous_priorities_config_pb2.PreviousPrioritiesConfig(update_frequency=2)
        policy.retry_priority.CopyFrom(
            route_components_pb2.RetryPolicy.RetryPriority(name=PREVIOUS_PRIORITIES, typed_config=packed(config))
        )
    if retry.backoff is not None:
        policy.retry_back_off.base_interval.CopyFrom(duration(retry.backoff))
    return policy


def redirect(action: Redirect) -> route_components_pb2.RedirectAction:
    """Return a redirect."""
    made = route_components_pb2.RedirectAction(
        host_redirect=action.host, port_redirect=action.port, response_code=_REDIRECTS[action.code]
    )
    if action.prefix is not None:
        made.prefix_rewrite = action.prefix
    else:
        made.path_redirect = action.path
    if action.scheme:
        made.scheme_redirect = action.scheme
    return made


def direct_response(action: DirectResponse) -> route_components_pb2.DirectResponseAction:
    """Return an answer in place of a cluster."""
    made = route_components_pb2.DirectResponseAction(status=action.status)
    if action.text is not None:
        made.body.inline_string = action.text
    elif action.raw is not None:
        made.body.inline_bytes = action.raw
    return made
