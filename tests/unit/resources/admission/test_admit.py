from typing import Any

import pytest
import yaml

from pillion.resources.admission.admit import admit
from pillion.resources.kinds import KINDS
from pillion.value import Diagnostics, has_errors


def admitted(kind: str, spec: str) -> Diagnostics:
    (group, version) = next((group, versions[0]) for (group, name), (_, versions) in KINDS.items() if name == kind)
    document: dict[str, Any] = {"apiVersion": f"{group}/{version}", "kind": kind, "metadata": {"name": "x"}}
    content = yaml.safe_load(spec)
    return admit(document if content is None else {**document, "spec": content})


@pytest.mark.parametrize(
    ("kind", "spec"),
    [
        ("Sidecar", "{egress: [{hosts: ['./*']}]}"),
        ("Sidecar", ""),
        ("ServiceEntry", "{hosts: [a.com], ports: [{number: 80, name: http}]}"),
        ("DestinationRule", "{host: a, trafficPolicy: {outlierDetection: {consecutive5xxErrors: null}}}"),
        ("DestinationRule", "{host: a, trafficPolicy: {connectionPool: {tcp: {idleTimeout: 0s}}}}"),
        ("WasmPlugin", "{url: 'ghcr.io/a:v1', match: [{ports: [{number: 80}]}]}"),
        ("RequestAuthentication", "{jwtRules: [{issuer: a, jwks_uri: 'https://a', presence: REQUIRED}]}"),
        ("VirtualService", "{http: [{mirror_percent: 10, route: [{destination: {host: a}}]}]}"),
        ("EnvoyFilter", "{configPatches: [{match: {context: WAYPOINT, waypoint: {portNumber: 80}}}]}"),
    ],
)
def test_admitted(kind: str, spec: str) -> None:
    assert not has_errors(admitted(kind, spec))


@pytest.mark.parametrize(
    ("kind", "spec", "code", "field"),
    [
        ("Sidecar", "{quantum: 1}", "unknown-field", "spec.quantum"),
        ("Sidecar", "{egress: [{}]}", "required", "spec.egress[0].hosts"),
        ("Sidecar", "{egress: [null]}", "wrong-type", "spec.egress[0]"),
        ("Sidecar", "{egress: [{hosts: null}]}", "wrong-type", "spec.egress[0].hosts"),
        ("Sidecar", "{outboundTrafficPolicy: {mode: 1}}", "wrong-type", "spec.outboundTrafficPolicy.mode"),
        ("Sidecar", "{workloadSelector: {labels: {a: '*'}}}", "rule", "spec.workloadSelector.labels"),
        ("ServiceEntry", "", "required", "spec"),
        ("ServiceEntry", "{hosts: []}", "out-of-range", "spec.hosts"),
        ("ServiceEntry", "{hosts: [a], endpoints: []}", "rule", "spec"),
        ("ServiceEntry", "{hosts: [a], ports: [{number: 1, name: a}, {number: 1, name: b}]}", "rule", "spec.ports"),
        ("ServiceEntry", "{hosts: [a], resolution: STATIC, endpoints: [{}]}", "rule", "spec.endpoints"),
        ("WorkloadEntry", "{}", "rule", "spec"),
        ("WorkloadEntry", "{address: 'unix:///a/'}", "rule", "spec.address"),
        ("WorkloadEntry", "{address: a, ports: {a_b: 1}}", "rule", "spec.ports"),
        ("WorkloadEntry", "{address: a, ports: {a: 70000}}", "out-of-range", "spec.ports.a"),
        (
            "WorkloadGroup",
            "{template: {}, probe: {httpGet: {port: 80, scheme: x}}}",
            "rule",
            "spec.probe.httpGet.scheme",
        ),
        (
            "DestinationRule",
            "{host: a, trafficPolicy: {outlierDetection: {interval: 0s}}}",
            "rule",
            "spec.trafficPolicy.outlierDetection.interval",
        ),
        ("PeerAuthentication", "{portLevelMtls: {80: {}}}", "rule", "spec"),
        (
            "PeerAuthentication",
            "{portLevelMtls: {}, selector: {matchLabels: {a: b}}}",
            "required",
            "spec.portLevelMtls",
        ),
        (
            "AuthorizationPolicy",
            "{rules: [{from: [{source: {principals: [], serviceAccounts: [a]}}]}]}",
            "rule",
            "spec.rules[0].from[0].source",
        ),
        ("Telemetry", "{selector: {}, targetRefs: []}", "rule", "spec"),
        (
            "Telemetry",
            "{metrics: [{overrides: [{tagOverrides: {a: {operation: REMOVE, value: ''}}}]}]}",
            "rule",
            "spec.metrics[0].overrides[0].tagOverrides.a",
        ),
        (
            "Gateway",
            "{servers: [{port: {number: 1, protocol: TLS, name: a}, hosts: [a.b], tls: {credentialNames: []}}]}",
            "out-of-range",
            "spec.servers[0].tls.credentialNames",
        ),
        ("WasmPlugin", "{url: 'ftp://a'}", "rule", "spec.url"),
        ("WasmPlugin", "{url: a, sha256: x}", "out-of-range", "spec.sha256"),
        ("WasmPlugin", "{url: a, match: [{ports: [{}]}]}", "required", "spec.match[0].ports[0].number"),
        ("TrafficExtension", "{}", "rule", "spec"),
        ("ProxyConfig", "{concurrency: -1}", "out-of-range", "spec.concurrency"),
        ("EnvoyFilter", "{configPatches: [{match: {waypoint: {}}}]}", "rule", "spec.configPatches[0].match"),
    ],
)
def test_refused(kind: str, spec: str, code: str, field: str) -> None:
    found = [(one.code, one.where.field) for one in admitted(kind, spec) if one.severity == "error"]
    assert (code, field) in found


def test_kubernetes_kinds_are_only_decoded() -> None:
    assert admit({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"zork": 1}}) == ()
