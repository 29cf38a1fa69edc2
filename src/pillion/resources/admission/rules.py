"""What Istio's CRDs say in CEL, by the type that it is about.

A rule takes a value as it stands in the document and says what is wrong with it, or `None`. "Set" means that the field
is there at all, as in CEL's `has`.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from pillion.resources.istio import envoy_filter as ef
from pillion.resources.istio import extension as ext
from pillion.resources.istio import gateway as gw
from pillion.resources.istio import security as sec
from pillion.resources.istio import service_entry as se
from pillion.resources.istio import sidecar as sc
from pillion.resources.istio import telemetry as tm
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.resources.validation.names import UNIX, url_scheme

Fields: TypeAlias = Mapping[str, Any]
Rule: TypeAlias = Callable[[Any], str | None]

_SCHEMES = frozenset({"", "http", "https", "file", "oci"})
_PORT_NAME = re.compile(r"[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?")


def one_of(*names: str) -> Rule:
    """Return the rule that at most one of some fields is set."""

    def rule(fields: Fields) -> str | None:
        chosen = [name for name in names if name in fields]
        return f"only one of {', '.join(names)} may be set" if len(chosen) > 1 else None

    return rule


def _as_map(value: Any) -> Fields:
    return cast(Fields, value) if isinstance(value, Mapping) else {}


def _as_list(value: Any) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def _policy_selector(spec: Fields) -> str | None:
    return one_of("selector", "targetRef", "targetRefs")(spec)


def _no_wildcard_key(labels: Fields) -> str | None:
    if any("*" in key for key in labels):
        return "the key of a label has no wildcard"
    return "the key of a label must not be empty" if "" in labels else None


def _no_wildcard_value(labels: Fields) -> str | None:
    found = any(isinstance(value, str) and "*" in value for value in labels.values())
    return "the value of a label has no wildcard" if found else None


def _no_namespace(namespace: str) -> str | None:
    return "a target is in the namespace of its policy" if namespace else None


def _code_url(url: str) -> str | None:
    scheme = url_scheme(url)
    if scheme is None:
        scheme = url_scheme(f"http://{url}")
    return None if scheme in _SCHEMES else f"is {url!r}, expected http, https, file or oci"


def _web_url(url: str) -> str | None:
    return None if url_scheme(url) in {"http", "https"} else f"is {url!r}, expected http:// or https://"


def _environment_value(variable: Fields) -> str | None:
    if variable.get("valueFrom") == "HOST" and "value" in variable:
        return "a value from HOST is not given here"
    return None


def _unique(field: str) -> Rule:
    """Return the rule that the items of a list differ in a field."""

    def rule(items: list[Any]) -> str | None:
        values = [item.get(field) for item in map(_as_map, items)]
        return f"two items have the same {field}" if len(set(map(str, values))) < len(values) else None

    return rule


def _waypoint(match: Fields) -> str | None:
    if (match.get("context") == "WAYPOINT") == ("waypoint" in match):
        return None
    return "waypoint goes with context WAYPOINT, and with no other"


def _accounts(source: Fields) -> str | None:
    has_account = "serviceAccounts" in source or "notServiceAccounts" in source
    others = ("principals", "notPrincipals", "namespaces", "notNamespaces")
    if has_account and any(name in source for name in others):
        return "serviceAccounts do not go with namespaces or principals"
    return None


def _port_levels(spec: Fields) -> str | None:
    labels = _as_map(spec.get("selector")).get("matchLabels")
    return "portLevelMtls needs a selector" if "portLevelMtls" in spec and not labels else None


def _port_keys(ports: Fields) -> str | None:
    is_valid = all(key.isascii() and key.isdigit() and 1 <= int(key) <= 65535 for key in ports)
    return None if is_valid else "the keys are ports from 1 to 65535"


def _tag_value(tag: Fields) -> str | None:
    if tag.get("operation") == "UPSERT" and not tag.get("value"):
        return "UPSERT needs a value"
    return "REMOVE has no value" if tag.get("operation") == "REMOVE" and "value" in tag else None


def _blocks(spec: Fields) -> str | None:
    has_block = any("/" in str(address) for address in _as_list(spec.get("addresses")))
    is_static = spec.get("resolution", "NONE") in {"STATIC", "NONE"}
    return "CIDR blocks go with resolution NONE and STATIC" if has_block and not is_static else None


def _no_endpoints(spec: Fields) -> str | None:
    is_none = spec.get("resolution", "NONE") == "NONE"
    return "resolution NONE has no endpoints" if is_none and "endpoints" in spec else None


def _round_robin(spec: Fields) -> str | None:
    several = len(_as_list(spec.get("endpoints"))) > 1
    return "DNS_ROUND_ROBIN has one endpoint" if several and spec.get("resolution") == "DNS_ROUND_ROBIN" else None


def _not_everything(hosts: list[Any]) -> str | None:
    return "a ServiceEntry cannot be every host" if "*" in hosts else None


def _has_place(entry: Fields) -> str | None:
    return None if "address" in entry or "network" in entry else "an address or a network is needed"


def _socket_ports(entry: Fields) -> str | None:
    is_socket = str(entry.get("address", "")).startswith(UNIX)
    return "a Unix domain socket has no ports" if is_socket and "ports" in entry else None


def _socket_path(address: str) -> str | None:
    if not address.startswith(UNIX):
        return None
    path = address.removeprefix(UNIX)
    if path[:1] not in {"/", "@"}:
        return "the path of a Unix domain socket begins with / or @"
    return "the path of a Unix domain socket is a file's" if address.endswith("/") else None


def _port_names(ports: Fields) -> str | None:
    is_valid = all(len(name) < 63 and _PORT_NAME.fullmatch(name) for name in ports)
    return None if is_valid else "the keys are port names, which are DNS labels"


def _probe_scheme(scheme: str) -> str | None:
    return None if scheme in {"", "HTTP", "HTTPS"} else "is HTTP or HTTPS"


def _one_filter(spec: Fields) -> str | None:
    return None if ("wasm" in spec) != ("lua" in spec) else "exactly one of wasm and lua must be set"


OF_OBJECTS: dict[type, tuple[Rule, ...]] = {
    sec.AuthorizationPolicySpec: (_policy_selector,),
    sec.RequestAuthenticationSpec: (_policy_selector,),
    sec.PeerAuthenticationSpec: (_port_levels,),
    sec.Source: (_accounts,),
    sec.JWTRule: (one_of("jwksUri", "jwks_uri", "jwks"),),
    tm.TelemetrySpec: (_policy_selector,),
    tm.TagOverride: (_tag_value,),
    ext.WasmPluginSpec: (_policy_selector,),
    ext.TrafficExtensionSpec: (one_of("selector", "targetRefs"), _one_filter),
    ext.EnvVar: (_environment_value,),
    ef.EnvoyFilterSpec: (one_of("workloadSelector", "targetRefs"),),
    ef.EnvoyConfigObjectMatch: (_waypoint,),
    gw.ServerTLSSettings: (
        one_of("tlsCertificates", "credentialNames"),
        one_of("credentialName", "credentialNames"),
    ),
    se.ServiceEntrySpec: (one_of("workloadSelector", "endpoints"), _blocks, _no_endpoints, _round_robin),
    se.WorkloadEntrySpec: (_socket_ports,),
}
OF_FIELDS: dict[tuple[type, str], tuple[Rule, ...]] = {
    (PolicyTargetReference, "namespace"): (_no_namespace,),
    (WorkloadSelector, "matchLabels"): (_no_wildcard_key, _no_wildcard_value),
    (sc.WorkloadSelector, "labels"): (_no_wildcard_value,),
    (sec.PeerAuthenticationSpec, "portLevelMtls"): (_port_keys,),
    (sec.JWTRule, "jwksUri"): (_web_url,),
    (sec.JWTRule, "jwks_uri"): (_web_url,),
    (ext.WasmPluginSpec, "url"): (_code_url,),
    (ext.WasmConfig, "url"): (_code_url,),
    (ext.VmConfig, "env"): (_unique("name"),),
    (ext.WasmTrafficSelector, "ports"): (_unique("number"),),
    (ext.TrafficSelector, "ports"): (_unique("number"),),
    (ef.WaypointMatch, "portNumber"): (lambda port: None if 0 < port <= 65535 else "is no port",),
    (se.ServiceEntrySpec, "hosts"): (_not_everything,),
    (se.ServiceEntrySpec, "ports"): (_unique("number"), _unique("name")),
    (se.WorkloadEntrySpec, "address"): (_socket_path,),
    (se.WorkloadEntrySpec, "ports"): (_port_names,),
    (se.HTTPHealthCheckConfig, "scheme"): (_probe_scheme,),
    (se.WorkloadEntry, "spec"): (_has_place,),
    (se.ServiceEntrySpec, "endpoints"): (
        lambda endpoints: next(filter(None, (_has_place(_as_map(one)) for one in _as_list(endpoints))), None),
    ),
}
"""Rules about the value of a field."""
