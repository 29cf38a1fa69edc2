"""Our CustomResourceDefinitions in a real API server: it refuses what admission refuses, and takes the rest."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest

from kubernetes.kit.control import Control
from pillion.install.crd.definitions import SPELLINGS, definitions
from pillion.resources.admission.admit import admit
from pillion.value import has_errors

pytestmark = pytest.mark.root
LABELS = {"matchLabels": {"app": "web"}}
TARGET = {"kind": "Service", "name": "web"}


@pytest.fixture(scope="module")
def defined(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Control]:
    """An API server that knows our kinds."""
    control = Control(tmp_path_factory.mktemp("definitions"))
    try:
        control.start()
        words = ["install", "--no-wait", "--kubeconfig", str(control.kubeconfig)]
        done = subprocess.run([sys.executable, "-m", "pillion", *words], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        for name, spec in definitions().items():
            for version in spec["versions"]:
                path = f"/apis/{spec['group']}/{version['name']}/{name.partition('.')[0]}"
                while control.request("GET", path)[0] != 200:
                    pass
        yield control
    finally:
        control.stop()


def entry(**fields: Any) -> dict[str, Any]:
    return {"hosts": ["a.example"], "ports": [{"number": 80, "name": "http"}], "resolution": "STATIC", **fields}


def rule(**fields: Any) -> dict[str, Any]:
    return {"host": "web", "trafficPolicy": fields}


GOOD: list[tuple[str, dict[str, Any]]] = [
    (
        "Sidecar",
        {"egress": [{"hosts": ["./*"], "captureMode": "IPTABLES"}], "workloadSelector": {"labels": {"a": "b"}}},
    ),
    ("ServiceEntry", entry(endpoints=[{"address": "1.2.3.4", "ports": {"http": 8080}}], addresses=["10.0.0.0/8"])),
    ("ServiceEntry", entry(resolution="DNS_ROUND_ROBIN", endpoints=[{"address": "a.example"}])),
    ("WorkloadEntry", {"address": "unix:///var/run/a.sock"}),
    ("WorkloadGroup", {"template": {"serviceAccount": "a"}, "probe": {"httpGet": {"port": 80, "scheme": "HTTPS"}}}),
    ("VirtualService", {"hosts": ["web"], "http": [{"route": [{"destination": {"host": "web"}}], "timeout": "1s"}]}),
    ("DestinationRule", rule(loadBalancer={"simple": "ROUND_ROBIN"}, connectionPool={"tcp": {"idleTimeout": "0s"}})),
    ("DestinationRule", rule(outlierDetection={"consecutive5xxErrors": None, "interval": "1ms"})),
    ("Gateway", {"servers": [{"port": {"number": 80, "protocol": "HTTP", "name": "a"}, "hosts": ["*"]}]}),
    ("EnvoyFilter", {"configPatches": [{"applyTo": "CLUSTER", "patch": {"operation": "ADD", "value": {"any": [1]}}}]}),
    ("ProxyConfig", {"concurrency": 0, "environmentVariables": {"A": "B"}}),
    ("PeerAuthentication", {"selector": LABELS, "portLevelMtls": {"80": {"mode": "STRICT"}}}),
    ("AuthorizationPolicy", {"rules": [{"from": [{"source": {"serviceAccounts": ["a/b"]}}]}], "action": "DENY"}),
    ("RequestAuthentication", {"jwtRules": [{"issuer": "a", "jwksUri": "https://a.example/keys"}]}),
    ("Telemetry", {"tracing": [{"customTags": {"a": {"literal": {"value": "b"}}}, "randomSamplingPercentage": 100}]}),
    ("WasmPlugin", {"url": "registry.example/plugin:1", "pluginConfig": {"any": "thing"}, "vmConfig": {"env": []}}),
    ("TrafficExtension", {"lua": {"inlineCode": "return"}, "match": [{"ports": [{"number": 80}, {"number": 81}]}]}),
]
BAD: list[tuple[str, dict[str, Any]]] = [
    ("Sidecar", {"egress": [{"host": ["./*"]}]}),
    ("Sidecar", {"egress": [{"hosts": "./*"}]}),
    ("Sidecar", {"workloadSelector": {"labels": {"a": "b*"}}}),
    ("Sidecar", {"ingress": [{"port": {"number": 1}, "tls": {"credentialName": "a", "credentialNames": ["b"]}}]}),
    ("ServiceEntry", {"ports": []}),
    ("ServiceEntry", entry(hosts=["*"])),
    ("ServiceEntry", entry(hosts=[])),
    ("ServiceEntry", entry(ports=[{"number": 80, "name": "a"}, {"number": 80, "name": "b"}])),
    ("ServiceEntry", entry(ports=[{"number": 80, "name": "a"}, {"number": 81, "name": "a"}])),
    ("ServiceEntry", entry(ports=[{"number": 65536, "name": "a"}])),
    ("ServiceEntry", entry(resolution="DNS", addresses=["10.0.0.0/8"])),
    ("ServiceEntry", entry(resolution="NONE", endpoints=[{"address": "1.2.3.4"}])),
    ("ServiceEntry", entry(resolution="DNS_ROUND_ROBIN", endpoints=[{"address": "a"}, {"address": "b"}])),
    ("ServiceEntry", entry(endpoints=[{"labels": {"a": "b"}}])),
    ("ServiceEntry", entry(endpoints=[{"address": "1.2.3.4"}], workloadSelector={"labels": {"a": "b"}})),
    ("WorkloadEntry", {"labels": {"a": "b"}}),
    ("WorkloadEntry", {"address": "unix://a.sock"}),
    ("WorkloadEntry", {"address": "unix:///a/"}),
    ("WorkloadEntry", {"address": "unix:///a.sock", "ports": {"http": 80}}),
    ("WorkloadEntry", {"address": "1.2.3.4", "ports": {"not a name": 80}}),
    ("WorkloadGroup", {"template": {}, "probe": {"httpGet": {"port": 80, "scheme": "FTP"}}}),
    ("WorkloadGroup", {"template": {}, "probe": {"httpGet": {"port": 80}, "tcpSocket": {"port": 80}}}),
    ("VirtualService", {"hosts": ["web"], "http": [{"route": [{"weight": 1}]}]}),
    ("DestinationRule", {"trafficPolicy": {}}),
    ("DestinationRule", rule(loadBalancer={"simple": "FASTEST"})),
    ("DestinationRule", rule(loadBalancer={"simple": "RANDOM", "consistentHash": {"useSourceIp": True}})),
    ("DestinationRule", rule(connectionPool={"tcp": {"connectTimeout": "1us"}})),
    ("DestinationRule", rule(connectionPool={"tcp": {"connectTimeout": "soon"}})),
    ("Gateway", {"servers": [{"port": {"number": 80, "protocol": "HTTP"}, "hosts": ["*"]}]}),
    ("EnvoyFilter", {"configPatches": [{"match": {"context": "WAYPOINT"}}]}),
    ("EnvoyFilter", {"configPatches": [{"match": {"context": "WAYPOINT", "waypoint": {"portNumber": 0}}}]}),
    ("EnvoyFilter", {"workloadSelector": {}, "targetRefs": [TARGET]}),
    ("ProxyConfig", {"concurrency": -1}),
    ("PeerAuthentication", {"portLevelMtls": {"80": {"mode": "STRICT"}}}),
    ("PeerAuthentication", {"selector": LABELS, "portLevelMtls": {"0": {"mode": "STRICT"}}}),
    ("PeerAuthentication", {"selector": {"matchLabels": {"a*": "b"}}}),
    ("AuthorizationPolicy", {"selector": LABELS, "targetRefs": [TARGET]}),
    ("AuthorizationPolicy", {"targetRef": {**TARGET, "namespace": "other"}}),
    ("AuthorizationPolicy", {"rules": [{"from": [{"source": {"serviceAccounts": ["a"], "namespaces": ["b"]}}]}]}),
    ("RequestAuthentication", {"jwtRules": [{"issuer": "a", "jwksUri": "ftp://a.example"}]}),
    ("RequestAuthentication", {"jwtRules": [{"issuer": "a", "jwksUri": "https://a.example", "jwks": "{}"}]}),
    ("Telemetry", {"metrics": [{"overrides": [{"tagOverrides": {"a": {"operation": "UPSERT"}}}]}]}),
    ("Telemetry", {"metrics": [{"overrides": [{"tagOverrides": {"a": {"operation": "REMOVE", "value": "b"}}}]}]}),
    ("Telemetry", {"tracing": [{"randomSamplingPercentage": 101}]}),
    ("WasmPlugin", {"url": "ftp://a.example/plugin"}),
    ("WasmPlugin", {"url": "a", "sha256": "b"}),
    ("WasmPlugin", {"url": "a", "vmConfig": {"env": [{"name": "a", "valueFrom": "HOST", "value": "b"}]}}),
    ("WasmPlugin", {"url": "a", "vmConfig": {"env": [{"name": "a"}, {"name": "a"}]}}),
    ("TrafficExtension", {"phase": "AUTHN"}),
    ("TrafficExtension", {"wasm": {"url": "a"}, "lua": {"inlineCode": "b"}}),
    ("TrafficExtension", {"lua": {"inlineCode": "b"}, "match": [{"ports": [{"number": 80}, {"number": 80}]}]}),
]


def resources(kind: str, spec: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Write a resource in every version that its kind is served in."""
    definition = next(each for each in definitions().values() if each["names"]["kind"] == kind)
    for version in definition["versions"]:
        yield {
            "apiVersion": f"{definition['group']}/{version['name']}",
            "kind": kind,
            "metadata": {"name": "one", "namespace": "default"},
            "spec": spec,
        }


def refusal(control: Control, resource: dict[str, Any]) -> str:
    path = f"/apis/{resource['apiVersion']}/namespaces/default/{SPELLINGS[resource['kind']].plural}"
    status, answer = control.request("POST", f"{path}?dryRun=All&fieldValidation=Strict", resource)
    assert status in {201, 400, 422}, answer
    return "" if status == 201 else str(answer["message"])


def test_good_resources_are_taken_in_every_version(defined: Control) -> None:
    assert {kind for kind, _ in GOOD} == SPELLINGS.keys()
    for kind, spec in GOOD:
        for resource in resources(kind, spec):
            assert (resource, refusal(defined, resource)) == (resource, "")
            assert not has_errors(admit(resource)), resource


def test_bad_resources_are_refused_as_admission_refuses_them(defined: Control) -> None:
    for kind, spec in BAD:
        for resource in resources(kind, spec):
            assert (resource, refusal(defined, resource)) != (resource, "")
            assert has_errors(admit(resource)), resource
