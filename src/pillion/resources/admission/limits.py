"""Sizes, ranges and patterns of the fields of Istio's CRDs, by the type that holds the field."""

import re

from pillion.resources.istio import destination_rule as dr
from pillion.resources.istio import extension as ext
from pillion.resources.istio import gateway as gw
from pillion.resources.istio import security as sec
from pillion.resources.istio import service_entry as se
from pillion.resources.istio import sidecar as sc
from pillion.resources.istio import telemetry as tm
from pillion.resources.istio import virtual_service as vs
from pillion.resources.istio.proxy_config import ProxyConfigSpec
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.value import Value


class Limit(Value):
    """What a value must keep to; `None` means no limit."""

    at_least: float | None = None
    at_most: float | None = None
    """The range of a number."""
    shortest: int = 0
    longest: int | None = None
    """The length of a text, in letters; of a list, in items; of a map, in pairs."""
    pattern: str = ""
    """A regular expression that a text matches whole."""
    each: "Limit | None" = None
    """What the items of a list, or the values of a map, must keep to."""

    def problem(self, value: object) -> str | None:
        """Say what is wrong with a value, if it is a number or has a length."""
        if isinstance(value, bool) or value is None:
            return None
        if isinstance(value, int | float):
            return self._range_problem(value)
        if not isinstance(value, str | list | dict):
            return None
        size = len(value)  # pyright: ignore[reportUnknownArgumentType]  # a document's leaves are unknown
        if size < self.shortest or (self.longest is not None and size > self.longest):
            unit = "letters" if isinstance(value, str) else "entries"
            return f"has {size} {unit}, expected {self.shortest} to {self.longest or 'any number'}"
        if isinstance(value, str) and self.pattern and not re.fullmatch(self.pattern, value):
            return f"is {value!r}, expected a text of the form {self.pattern}"
        return None

    def _range_problem(self, value: float) -> str | None:
        if (self.at_least is None or value >= self.at_least) and (self.at_most is None or value <= self.at_most):
            return None
        return f"is {value}, expected {self.at_least:g} or more" + (f", up to {self.at_most:g}" if self.at_most else "")


NATURAL = Limit(at_least=0)
PERCENT = Limit(at_least=0, at_most=100)
PORT = Limit(at_least=1, at_most=65535)
SOME_TEXT = Limit(shortest=1)
HEADER = "[-_A-Za-z0-9]+"
DIGEST = "|[a-f0-9]{64}"
DNS_SUBDOMAIN = r"|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"

_TARGETS = Limit(longest=16)
_LABEL = Limit(longest=63)
_ACCOUNTS = Limit(longest=16, each=Limit(longest=320))
_CODE = {
    "url": SOME_TEXT,
    "imagePullSecret": Limit(shortest=1, longest=253),
    "pluginName": Limit(shortest=1, longest=256),
    "sha256": Limit(pattern=DIGEST),
    "targetRefs": _TARGETS,
}

LIMITS: dict[type, dict[str, Limit]] = {
    PolicyTargetReference: {
        "group": Limit(longest=253, pattern=DNS_SUBDOMAIN),
        "kind": Limit(shortest=1, longest=63, pattern="[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?"),
        "name": Limit(shortest=1, longest=253),
    },
    WorkloadSelector: {"matchLabels": Limit(longest=4096, each=_LABEL)},
    sc.WorkloadSelector: {"labels": Limit(longest=256, each=_LABEL)},
    sec.AuthorizationPolicySpec: {"rules": Limit(longest=512), "targetRefs": _TARGETS},
    sec.Rule: {"from": Limit(longest=512)},
    sec.Source: {"serviceAccounts": _ACCOUNTS, "notServiceAccounts": _ACCOUNTS},
    sec.PeerAuthenticationSpec: {"portLevelMtls": Limit(shortest=1)},
    sec.RequestAuthenticationSpec: {"jwtRules": Limit(longest=4096), "targetRefs": _TARGETS},
    sec.JWTRule: {
        "issuer": SOME_TEXT,
        "jwksUri": Limit(shortest=1, longest=2048),
        "jwks_uri": Limit(shortest=1, longest=2048),
        "audiences": Limit(each=SOME_TEXT),
        "fromParams": Limit(each=SOME_TEXT),
        "fromCookies": Limit(each=SOME_TEXT),
        "spaceDelimitedClaims": Limit(longest=64, each=SOME_TEXT),
    },
    sec.JWTHeader: {"name": SOME_TEXT},
    sec.ClaimToHeader: {"claim": SOME_TEXT, "header": Limit(shortest=1, pattern=HEADER)},
    se.ServiceEntrySpec: {
        "hosts": Limit(shortest=1, longest=256),
        "addresses": Limit(longest=256, each=Limit(longest=64)),
        "ports": Limit(longest=256),
        "endpoints": Limit(longest=4096),
    },
    se.ServicePort: {"name": Limit(longest=256), "protocol": Limit(longest=256), "number": PORT, "targetPort": PORT},
    se.WorkloadEntrySpec: {
        "address": Limit(longest=256),
        "labels": Limit(longest=256),
        "ports": Limit(longest=128, each=PORT),
        "locality": Limit(longest=2048),
        "network": Limit(longest=2048),
        "serviceAccount": Limit(longest=253),
    },
    se.WorkloadMetadata: {"labels": Limit(longest=256), "annotations": Limit(longest=256)},
    se.ReadinessProbe: dict.fromkeys(
        ("initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"), NATURAL
    ),
    se.HTTPHealthCheckConfig: {"port": PORT},
    se.TCPHealthCheckConfig: {"port": PORT},
    se.GrpcHealthCheckConfig: {"port": PORT},
    se.ExecHealthCheckConfig: {"command": Limit(each=SOME_TEXT)},
    se.HTTPHeader: {"name": Limit(pattern=HEADER)},
    gw.ServerTLSSettings: {
        "credentialNames": Limit(shortest=1, longest=2),
        "tlsCertificates": Limit(shortest=1, longest=2),
    },
    dr.TrafficPolicy: {"portLevelSettings": Limit(longest=4096)},
    dr.RetryBudget: {"percent": PERCENT},
    dr.OutlierDetection: {"outlierDetectionHttpErrorCodes": Limit(each=Limit(at_least=100, at_most=599))},
    dr.WarmupConfiguration: {"minimumPercent": PERCENT, "aggression": NATURAL},
    dr.ZoneAwareLoadBalancerSetting: {"minClusterSize": Limit(at_least=1)},
    dr.ConsistentHashLB: {"minimumRingSize": NATURAL},
    dr.RingHash: {"minimumRingSize": NATURAL},
    dr.MagLev: {"tableSize": NATURAL},
    tm.TelemetrySpec: {"targetRefs": _TARGETS},
    tm.Tracing: {"randomSamplingPercentage": PERCENT},
    tm.ProviderRef: {"name": SOME_TEXT},
    tm.MetricSelector: {"customMetric": SOME_TEXT},
    tm.LiteralTag: {"value": SOME_TEXT},
    tm.Environment: {"name": SOME_TEXT},
    tm.RequestHeader: {"name": SOME_TEXT},
    tm.Formatter: {"value": SOME_TEXT},
    ext.WasmPluginSpec: _CODE,
    ext.WasmConfig: _CODE,
    ext.TrafficExtensionSpec: {"targetRefs": _TARGETS},
    ext.LuaConfig: {"inlineCode": Limit(shortest=1, longest=65536)},
    ext.VmConfig: {"env": Limit(longest=256)},
    ext.EnvVar: {"name": Limit(shortest=1, longest=256), "value": Limit(longest=2048)},
    ProxyConfigSpec: {"concurrency": NATURAL, "environmentVariables": Limit(each=Limit(longest=2048))},
}

REQUIRED: dict[type, tuple[str, ...]] = {
    se.ServiceEntry: ("spec",),
    se.WorkloadEntry: ("spec",),
    se.WorkloadGroup: ("spec",),
    ext.WasmPlugin: ("spec",),
    ext.TrafficExtension: ("spec",),
    PolicyTargetReference: ("kind", "name"),
    sec.Condition: ("key",),
    sec.ClaimToHeader: ("header", "claim"),
    sec.JWTHeader: ("name",),
    se.ServiceEntrySpec: ("hosts",),
    se.ServicePort: ("number", "name"),
    se.WorkloadGroupSpec: ("template",),
    se.ExecHealthCheckConfig: ("command",),
    se.HTTPHealthCheckConfig: ("port",),
    se.TCPHealthCheckConfig: ("port",),
    sc.IstioEgressListener: ("hosts",),
    sc.IstioIngressListener: ("port",),
    gw.Server: ("port", "hosts"),
    gw.Port: ("number", "protocol", "name"),
    dr.DestinationRuleSpec: ("host",),
    dr.Subset: ("name",),
    dr.HTTPCookie: ("name",),
    dr.Attribute: ("name",),
    dr.WarmupConfiguration: ("duration",),
    dr.TunnelSettings: ("targetHost", "targetPort"),
    vs.Destination: ("host",),
    vs.HTTPRouteDestination: ("destination",),
    vs.RouteDestination: ("destination",),
    vs.HTTPMirrorPolicy: ("destination",),
    vs.HTTPDirectResponse: ("status",),
    vs.TLSRoute: ("match",),
    vs.TLSMatchAttributes: ("sniHosts",),
    tm.ProviderRef: ("name",),
    tm.LiteralTag: ("value",),
    tm.Environment: ("name",),
    tm.RequestHeader: ("name",),
    tm.Formatter: ("value",),
    ext.WasmPluginSpec: ("url",),
    ext.WasmConfig: ("url",),
    ext.LuaConfig: ("inlineCode",),
    ext.EnvVar: ("name",),
}
"""Fields that must be there."""
