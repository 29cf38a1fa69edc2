"""What an API server checks of our resources in CEL: the rules of `resources.admission`, type by type.

A rule stands in the schema of the type that it is about, so that it holds wherever the type is used. The counts and
sizes in `resources.admission.limits` keep what these rules may cost below an API server's budget.
"""

from pillion.resources.istio import destination_rule as dr
from pillion.resources.istio import envoy_filter as ef
from pillion.resources.istio import extension as ext
from pillion.resources.istio import gateway as gw
from pillion.resources.istio import security as sec
from pillion.resources.istio import service_entry as se
from pillion.resources.istio import sidecar as sc
from pillion.resources.istio import telemetry as tm
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.value import Value


class Rule(Value):
    """A CEL expression on `self`, and what to say when it is false."""

    expression: str
    message: str


def at_most_one(*names: str) -> Rule:
    """Say that no two of some fields are set."""
    counted = " + ".join(f"(has(self.{name}) ? 1 : 0)" for name in names)
    return Rule(expression=f"{counted} <= 1", message=f"only one of {', '.join(names)} may be set")


_POLICY = at_most_one("selector", "targetRef", "targetRefs")
_CODE_SCHEMES = '["", "http", "https", "file", "oci"]'
_CODE_URL = Rule(
    # a registry's name without a scheme is no URL to CEL until one stands in front of it
    expression=f"[self, 'http://' + self].exists(text, isURL(text) && url(text).getScheme() in {_CODE_SCHEMES}) && "
    f"(!isURL(self) || url(self).getScheme() in {_CODE_SCHEMES})",
    message="expected a URL with http, https, file or oci",
)
_WEB_URL = Rule(expression='isURL(self) && url(self).getScheme() in ["http", "https"]', message="expected http(s)://")
_PORT = Rule(expression="self > 0 && self <= 65535", message="a port is a number from 1 to 65535")
_NO_STAR_IN_VALUE = Rule(expression='!self.contains("*")', message="the value of a label has no wildcard")
_HAS_PLACE = Rule(expression="has(self.address) || has(self.network)", message="an address or a network is needed")
TELLS_TIME = Rule(expression='duration(self) >= duration("1ms")', message="expected a duration of 1ms or more")
"""For every duration but `ENDLESS`."""
ENDLESS: frozenset[tuple[type, str]] = frozenset({
    (dr.TCPSettings, "idleTimeout"),
    (dr.HTTPCookie, "ttl"),
    # An API server has no budget left for these, and Istio's own definitions leave them free too.
    (dr.RetryBudget, "budgetInterval"),
    (dr.BackendUtilizationLB, "weightStabilizationPeriod"),
    (dr.BackendUtilizationLB, "weightExpirationPeriod"),
    (dr.BackendUtilizationLB, "weightUpdatePeriod"),
})  # fmt: skip
"""Durations that may be of any length."""

OF_OBJECTS: dict[type, tuple[Rule, ...]] = {
    sec.AuthorizationPolicySpec: (_POLICY,),
    sec.RequestAuthenticationSpec: (_POLICY,),
    sec.PeerAuthenticationSpec: (
        Rule(
            expression="!has(self.portLevelMtls) || (has(self.selector) && has(self.selector.matchLabels) && "
            "self.selector.matchLabels.size() > 0)",
            message="portLevelMtls needs a selector",
        ),
    ),
    sec.Source: (
        Rule(
            expression="!(has(self.serviceAccounts) || has(self.notServiceAccounts)) || !(has(self.principals) || "
            "has(self.notPrincipals) || has(self.namespaces) || has(self.notNamespaces))",
            message="serviceAccounts do not go with namespaces or principals",
        ),
    ),
    sec.JWTRule: (at_most_one("jwksUri", "jwks_uri", "jwks"),),
    tm.TelemetrySpec: (_POLICY,),
    tm.TagOverride: (
        Rule(
            expression='!(has(self.operation) && self.operation == "UPSERT") || (has(self.value) && self.value != "")',
            message="UPSERT needs a value",
        ),
        Rule(
            expression='!(has(self.operation) && self.operation == "REMOVE" && has(self.value))',
            message="REMOVE has no value",
        ),
    ),
    ext.WasmPluginSpec: (_POLICY,),
    ext.TrafficExtensionSpec: (
        at_most_one("selector", "targetRefs"),
        Rule(expression="has(self.wasm) != has(self.lua)", message="exactly one of wasm and lua must be set"),
    ),
    ext.EnvVar: (
        Rule(
            expression='!(has(self.valueFrom) && self.valueFrom == "HOST" && has(self.value))',
            message="a value from HOST is not given here",
        ),
    ),
    ef.EnvoyFilterSpec: (at_most_one("workloadSelector", "targetRefs"),),
    ef.EnvoyConfigObjectMatch: (
        Rule(
            expression='(has(self.context) && self.context == "WAYPOINT") == has(self.waypoint)',
            message="waypoint goes with context WAYPOINT, and with no other",
        ),
    ),
    gw.ServerTLSSettings: (
        at_most_one("tlsCertificates", "credentialNames"),
        at_most_one("credentialName", "credentialNames"),
    ),
    se.ServiceEntrySpec: (
        at_most_one("workloadSelector", "endpoints"),
        Rule(
            expression='(has(self.resolution) && !(self.resolution in ["NONE", "STATIC"])) ? '
            '!has(self.addresses) || self.addresses.all(address, !address.contains("/")) : true',
            message="CIDR blocks go with resolution NONE and STATIC",
        ),
        Rule(
            expression='(has(self.resolution) && self.resolution != "NONE") || !has(self.endpoints)',
            message="resolution NONE has no endpoints",
        ),
        Rule(
            expression='!(has(self.resolution) && self.resolution == "DNS_ROUND_ROBIN" && has(self.endpoints)) || '
            "self.endpoints.size() <= 1",
            message="DNS_ROUND_ROBIN has one endpoint",
        ),
    ),
    se.WorkloadEntrySpec: (
        Rule(
            expression='!(has(self.address) && self.address.startsWith("unix://") && has(self.ports))',
            message="a Unix domain socket has no ports",
        ),
    ),
}
"""Rules about an object as a whole."""

OF_FIELDS: dict[tuple[type, str], tuple[Rule, ...]] = {
    (PolicyTargetReference, "namespace"): (
        Rule(expression="self.size() == 0", message="a target is in the namespace of its policy"),
    ),
    (WorkloadSelector, "matchLabels"): (
        Rule(expression='self.all(key, !key.contains("*"))', message="the key of a label has no wildcard"),
        Rule(expression="self.all(key, key.size() != 0)", message="the key of a label must not be empty"),
    ),
    (sec.PeerAuthenticationSpec, "portLevelMtls"): (
        Rule(
            expression="self.all(key, key.matches('^[0-9]{1,5}$') && int(key) > 0 && int(key) <= 65535)",
            message="the keys are ports from 1 to 65535",
        ),
    ),
    (sec.JWTRule, "jwksUri"): (_WEB_URL,),
    (sec.JWTRule, "jwks_uri"): (_WEB_URL,),
    (ext.WasmPluginSpec, "url"): (_CODE_URL,),
    (ext.WasmConfig, "url"): (_CODE_URL,),
    (ef.WaypointMatch, "portNumber"): (_PORT,),
    (se.ServiceEntrySpec, "ports"): (
        Rule(
            expression="self.all(one, self.exists_one(other, other.number == one.number))",
            message="two ports have the same number",
        ),
    ),
    (se.WorkloadEntrySpec, "address"): (
        Rule(
            expression='!self.startsWith("unix://") || self.startsWith("unix:///") || self.startsWith("unix://@")',
            message="the path of a Unix domain socket begins with / or @",
        ),
        Rule(
            expression='!self.startsWith("unix://") || !self.endsWith("/")',
            message="the path of a Unix domain socket is a file's",
        ),
    ),
    (se.WorkloadEntrySpec, "ports"): (
        Rule(
            expression="self.all(key, key.size() < 63 && key.matches('^[a-zA-Z0-9](?:[-a-zA-Z0-9]*[a-zA-Z0-9])?$'))",
            message="the keys are port names, which are DNS labels",
        ),
    ),
    (se.HTTPHealthCheckConfig, "scheme"): (
        Rule(expression='self in ["", "HTTP", "HTTPS"]', message="is HTTP or HTTPS"),
    ),
    (se.WorkloadEntry, "spec"): (_HAS_PLACE,),
}
"""Rules about the value of a field."""

OF_ITEMS: dict[tuple[type, str], tuple[Rule, ...]] = {
    (WorkloadSelector, "matchLabels"): (_NO_STAR_IN_VALUE,),
    (sc.WorkloadSelector, "labels"): (_NO_STAR_IN_VALUE,),
    (se.ServiceEntrySpec, "hosts"): (Rule(expression='self != "*"', message="a ServiceEntry cannot be every host"),),
    (se.ServiceEntrySpec, "endpoints"): (_HAS_PLACE,),
}
"""Rules about each item of a list, or each value of a map."""

KEYS: dict[tuple[type, str], str] = {
    (ext.VmConfig, "env"): "name",
    (ext.WasmTrafficSelector, "ports"): "number",
    (ext.TrafficSelector, "ports"): "number",
    (se.ServiceEntrySpec, "ports"): "name",
}
"""Lists whose items differ in a field."""
