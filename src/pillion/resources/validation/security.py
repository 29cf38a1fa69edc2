"""AuthorizationPolicy, PeerAuthentication, RequestAuthentication."""

import re
from urllib.parse import urlsplit

import msgspec

from pillion.resources.frozen import FrozenJson, freeze
from pillion.resources.istio.security import (
    AuthorizationPolicy,
    Condition,
    JWTRule,
    Operation,
    PeerAuthentication,
    RequestAuthentication,
    Rule,
    Source,
)
from pillion.resources.validation.names import is_address, subnet_problem
from pillion.resources.validation.report import Report
from pillion.resources.validation.routing.headers import check_strict_name
from pillion.resources.validation.values import check_duration
from pillion.resources.validation.workloads import check_selector, check_targets
from pillion.value import FrozenMap

DRY_RUN = "istio.io/dry-run"

_NOT_CUSTOM = (
    "principals", "not_principals", "request_principals", "not_request_principals", "namespaces", "not_namespaces",
    "service_accounts", "not_service_accounts", "trust_domains", "not_trust_domains",
)  # fmt: skip
"""What an external authoriser is not asked for."""
_OF_TCP = (
    "principals", "not_principals", "ip_blocks", "not_ip_blocks", "namespaces", "not_namespaces", "remote_ip_blocks",
    "not_remote_ip_blocks", "service_accounts", "not_service_accounts",
)  # fmt: skip
"""What is known of a caller without HTTP."""
_SEGMENT = re.compile(r"[a-zA-Z0-9\-._~%!$&'()+,;:@=]+")
_MAPS = ("request.headers", "request.auth.claims", "experimental.envoy.filters.")
_TEXTS = frozenset({
    "source.namespace", "source.principal", "request.auth.principal", "request.auth.audiences",
    "request.auth.presenter", "connection.sni",
})  # fmt: skip
_ADDRESSES = frozenset({"source.ip", "remote.ip", "destination.ip"})
_MEMBERS = {"RSA": ("n", "e"), "EC": ("crv", "x", "y"), "OKP": ("crv", "x"), "oct": ("k",)}
"""The kinds of JSON web keys, and what each must hold."""
_PRIVATE = frozenset({"d", "k"})
"""The members of a JSON web key that hold its secret."""


def check_authorization_policy(policy: AuthorizationPolicy, report: Report) -> None:
    """Check an AuthorizationPolicy."""
    spec, inside = policy.spec, report.at("spec")
    _check_dry_run(policy, report)
    check_targets(spec.selector, spec.target_ref, spec.target_refs, inside)
    if spec.action == "CUSTOM" and spec.rules and (spec.provider is None or not spec.provider.name):
        inside.error("required", "CUSTOM needs the name of a provider", "provider", "name")
    if spec.action in {"CUSTOM", "DENY"} and not spec.rules:
        hint = "an empty rule {} is for every request"
        inside.error("required", f"{spec.action} without rules never applies", "rules", hint=hint)
    if spec.provider is not None and spec.action != "CUSTOM":
        inside.error("oneof-conflict", f"a provider does not go with {spec.action}", "provider")
    for index, rule in enumerate(spec.rules):
        part = inside.at("rules", index)
        if spec.action == "CUSTOM":
            _check_custom(rule, part)
        _check_rule(rule, part)
        if spec.action == "DENY" and _denies_all_tcp(rule):
            message = "a DENY rule with HTTP attributes alone denies all TCP traffic"
            part.warn("denies-tcp", message, hint="name the ports")


def check_peer_authentication(authentication: PeerAuthentication, report: Report) -> None:
    """Check a PeerAuthentication."""
    spec, inside = authentication.spec, report.at("spec")
    if spec.port_level_mtls and (spec.selector is None or not spec.selector.match_labels):
        inside.error("oneof-conflict", "portLevelMtls needs a selector with labels", "portLevelMtls")
    for port in spec.port_level_mtls:
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            inside.error("invalid-port", f"is {port!r}, expected a port from 1 to 65535", "portLevelMtls", port)
    check_selector(spec.selector, inside.at("selector"))


def check_request_authentication(authentication: RequestAuthentication, report: Report) -> None:
    """Check a RequestAuthentication."""
    spec, inside = authentication.spec, report.at("spec")
    check_targets(spec.selector, spec.target_ref, spec.target_refs, inside)
    for index, rule in enumerate(spec.jwt_rules):
        _check_jwt_rule(rule, inside.at("jwtRules", index))


def _check_dry_run(policy: AuthorizationPolicy, report: Report) -> None:
    word = policy.metadata.annotations.get(DRY_RUN)
    if word is None:
        return
    place = ("metadata", "annotations", DRY_RUN)
    if policy.spec.action not in {"ALLOW", "DENY"}:
        report.error("unsupported", f"only ALLOW and DENY run dry, not {policy.spec.action}", *place)
    elif word not in {"1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False"}:
        report.error("unknown-value", f"is {word!r}, expected true or false", *place)


def _check_custom(rule: Rule, report: Report) -> None:
    for index, caller in enumerate(rule.from_):
        for name in _NOT_CUSTOM if caller.source is not None else ():
            if getattr(caller.source, name):
                report.error("unsupported", f"{_spelt(name)} does not go with CUSTOM", "from", index, _spelt(name))
    for index, condition in enumerate(rule.when):
        words = {"source.namespace", "source.serviceAccount", "source.trustDomain", "source.principal"}
        if condition.key in words or condition.key.startswith("request.auth."):
            report.error("unsupported", f"{condition.key} does not go with CUSTOM", "when", index, "key")


def _check_rule(rule: Rule, report: Report) -> None:
    for index, caller in enumerate(rule.from_):
        if caller.source is None:
            report.error("required", "a caller needs a source", "from", index, "source")
        else:
            _check_source(caller.source, report.at("from", index, "source"))
    for index, one in enumerate(rule.to):
        if one.operation is None:
            report.error("required", "a target needs an operation", "to", index, "operation")
        else:
            _check_operation(one.operation, report.at("to", index, "operation"))
    for index, condition in enumerate(rule.when):
        _check_condition(condition, report.at("when", index))


def _check_source(source: Source, report: Report) -> None:
    if source == Source():
        report.error("required", "an empty source is nobody")
    identities = (source.principals, source.not_principals, source.namespaces, source.not_namespaces)
    if any(identities) and (source.service_accounts or source.not_service_accounts):
        report.error("oneof-conflict", "serviceAccounts beside principals or namespaces", "serviceAccounts")
    for name in source.__struct_fields__:
        values: tuple[str, ...] = getattr(source, name)
        inside = report.at(_spelt(name))
        if name.endswith("service_accounts"):
            _check_accounts(values, inside)
        elif name.endswith("trust_domains"):
            _check_trust_domains(values, inside)
        else:
            _check_not_empty(values, inside)
        if name.endswith("ip_blocks"):
            _check_addresses(values, inside)


def _check_operation(operation: Operation, report: Report) -> None:
    if operation == Operation():
        report.error("required", "an empty operation is nothing")
    for name in operation.__struct_fields__:
        values: tuple[str, ...] = getattr(operation, name)
        inside = report.at(_spelt(name))
        _check_not_empty(values, inside)
        if name.endswith("ports"):
            _check_ports(values, inside)
        elif name.endswith("paths"):
            for index, path in enumerate(values):
                _check_path(path, inside.at(index))


def _check_condition(condition: Condition, report: Report) -> None:
    if not condition.key:
        report.error("required", "a condition needs a key", "key")
    elif not condition.values and not condition.not_values:
        report.error("required", f"{condition.key} needs values or notValues", "values")
    else:
        _check_attribute(condition.key, condition.values, report.at("values"))
        _check_attribute(condition.key, condition.not_values, report.at("notValues"))


def _check_attribute(key: str, values: tuple[str, ...], report: Report) -> None:  # one case an attribute
    _check_not_empty(values, report)
    if key in _ADDRESSES:
        _check_addresses(values, report)
    elif key == "destination.port":
        _check_ports(values, report)
    elif key == "source.serviceAccount":
        _check_accounts(values, report)
    elif key == "source.trustDomain":
        _check_wildcards(values, report)
    elif key.startswith(_MAPS):
        if not (key.endswith("]") and 0 < key.find("[") < len(key) - 2):
            report.error("unknown-attribute", f"is {key!r}, expected a name in brackets such as {key}[x]")
    elif key == "destination.namespace" or key.startswith("destination.labels"):
        report.error("unknown-attribute", f"{key} is said by the policy's namespace and selector")
    elif key not in _TEXTS:
        report.error("unknown-attribute", f"{key} is not an attribute of requests")


def _denies_all_tcp(rule: Rule) -> bool:
    """Return whether a rule says nothing that TCP traffic could fail to match."""
    sources = [caller.source for caller in rule.from_ if caller.source is not None]
    operations = [one.operation for one in rule.to if one.operation is not None]
    has_tcp_source = any(getattr(source, name) for source in sources for name in _OF_TCP)
    has_port = any(operation.ports or operation.not_ports for operation in operations)
    return bool((sources and not operations and not has_tcp_source) or (operations and not has_port))


def _check_not_empty(values: tuple[str, ...], report: Report) -> None:
    for index, value in enumerate(values):
        if not value:
            report.error("required", "an empty text matches nothing", index)


def _check_addresses(values: tuple[str, ...], report: Report) -> None:
    for index, value in enumerate(values):
        if subnet_problem(value) if "/" in value else not is_address(value):
            report.error("invalid-address", f"{value!r} is neither IP address nor CIDR block", index)


def _check_ports(values: tuple[str, ...], report: Report) -> None:
    for index, value in enumerate(values):
        if not (value.isascii() and value.isdigit() and int(value) <= 65535):
            report.error("invalid-port", f"is {value!r}, expected a port number", index)


def _check_accounts(values: tuple[str, ...], report: Report) -> None:
    if len(values) > 16:
        report.error("too-many", "at most 16 service accounts")
    for index, value in enumerate(values):
        parts = value.split("/")
        if "" in parts or len(parts) > 2 or "*" in value or len(value) > 320:
            message = f"is {value!r}, expected ACCOUNT or NAMESPACE/ACCOUNT, without wildcard"
            report.error("invalid-name", message, index)


def _check_trust_domains(values: tuple[str, ...], report: Report) -> None:
    _check_wildcards(values, report)
    for index, value in enumerate(values):
        if "/" in value:
            report.error("invalid-name", f"{value!r} is not a trust domain", index)


def _check_wildcards(values: tuple[str, ...], report: Report) -> None:
    for index, value in enumerate(values):
        if not value or "*" in value[1:-1] or value.count("*") > 1:
            report.error("invalid-name", f"is {value!r}, expected a text with a * at one end at most", index)


def _check_path(path: str, report: Report) -> None:
    """Check a path, in which `{*}` stands for a segment and `{**}`, at the end, for all that follow."""
    is_template = "{*}" in path or "{**}" in path
    ended = False
    for segment in path.strip("/").split("/"):
        if segment in {"{*}", "{**}"}:
            if ended:
                report.error("invalid-path", f"{path!r} goes on after {{**}}")
            ended = ended or segment == "{**}"
        elif "{" in segment or "}" in segment:
            report.error("invalid-path", f"{path!r} has braces that are neither {{*}} nor {{**}}")
        elif is_template and not _SEGMENT.fullmatch(segment):
            report.error("invalid-path", f"{path!r} has the segment {segment!r}, which is no literal")


def _check_jwt_rule(rule: JWTRule, report: Report) -> None:
    if not rule.issuer and not rule.jwks_uri:
        report.error("required", "a rule needs issuer or jwksUri", "issuer")
    if rule.jwks_uri:
        _check_url(rule.jwks_uri, report.at("jwksUri"))
    if rule.jwks:
        _check_keys(rule.jwks, report.at("jwks"))
    named = {"audiences": rule.audiences, "fromParams": rule.from_params, "fromCookies": rule.from_cookies}
    for field, values in named.items():
        _check_not_empty(values, report.at(field))
    for index, header in enumerate(rule.from_headers):
        if not header.name:
            report.error("required", "a header needs a name", "fromHeaders", index, "name")
    for index, claim in enumerate(rule.output_claim_to_headers):
        inside = report.at("outputClaimToHeaders", index)
        if not claim.claim or not claim.header:
            inside.error("required", "both claim and header are needed")
        else:
            check_strict_name(claim.header, inside.at("header"))
    check_duration(rule.timeout, report.at("timeout"))


def _check_url(url: str, report: Report) -> None:
    try:
        parts = urlsplit(url)
        is_valid = parts.scheme in {"http", "https"} and (parts.port or 1) > 0
    except ValueError:
        is_valid = False
    if not is_valid:
        report.error("invalid-url", f"is {url!r}, expected http:// or https://")


def _check_keys(text: str, report: Report) -> None:
    try:
        content: FrozenJson = freeze(msgspec.json.decode(text))
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        report.error("invalid-keys", "is no JSON, expected a set of JSON web keys")
        return
    keys = content.get("keys", (content,)) if isinstance(content, FrozenMap) else None
    if not isinstance(keys, tuple) or not all(isinstance(key, FrozenMap) and _is_key(key) for key in keys):
        report.error("invalid-keys", "is no set of JSON web keys")
        return
    for index, key in enumerate(keys):
        if isinstance(key, FrozenMap) and not _PRIVATE.isdisjoint(key):
            report.warn("private-key", f"key {index} holds its secret, the public part is enough")


def _is_key(key: FrozenMap[FrozenJson]) -> bool:
    members = _MEMBERS.get(str(key.get("kty")))
    return members is not None and all(isinstance(key.get(member), str) and key.get(member) for member in members)


def _spelt(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
