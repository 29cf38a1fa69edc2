from typing import Any

import pytest

from pillion.resources.decode import decode, decode_mesh_config
from pillion.resources.duration import Duration
from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.sidecar import IstioEgressListener, Sidecar
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.kubernetes.cluster import Namespace
from pillion.resources.kubernetes.service import Service
from pillion.value import Diagnostic, FrozenMap, Origin

ORIGIN = Origin(file="mesh.yaml", document=1)


def istio(kind: str, spec: Any, version: str = "networking.istio.io/v1") -> dict[str, Any]:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "x", "namespace": "shop"}, "spec": spec}


def only(document: dict[str, Any]) -> Diagnostic:
    resource, diagnostics = decode(document, ORIGIN)
    assert resource is None
    assert len(diagnostics) == 1
    return diagnostics[0]


def test_reads_a_sidecar() -> None:
    document = istio("Sidecar", {"egress": [{"hosts": ["./*"], "port": {"number": 80}}], "outboundTrafficPolicy": {}})
    resource, diagnostics = decode(document, ORIGIN)
    assert diagnostics == ()
    assert isinstance(resource, Sidecar)
    assert resource.metadata.namespace == "shop"
    assert resource.spec.egress[0].hosts == ("./*",)
    assert resource.spec.outbound_traffic_policy is not None
    assert resource.spec.outbound_traffic_policy.mode == "REGISTRY_ONLY"


def test_equal_documents_are_equal_resources_wherever_they_stand() -> None:
    document = istio("Sidecar", {"egress": [{"hosts": ["./*"]}]})
    first, _ = decode(document, Origin(file="a"))
    second, _ = decode(document, Origin(file="b", document=7))
    assert first == second
    assert hash(first) == hash(second)


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_every_served_version_is_the_same_resource(version: str) -> None:
    resource, diagnostics = decode(istio("Sidecar", {}, f"networking.istio.io/{version}"))
    assert (resource, diagnostics) == decode(istio("Sidecar", {}))


def test_a_misspelt_field_is_an_error_that_names_the_right_one() -> None:
    diagnostic = only(istio("Sidecar", {"workloadselector": {"labels": {}}}))
    assert diagnostic.code == "unknown-field"
    assert diagnostic.hint == "did you mean workloadSelector?"
    assert diagnostic.where.path == ("spec", "workloadselector")
    assert diagnostic.where.origin == ORIGIN
    assert diagnostic.where.resource == "Sidecar shop/x"


def test_a_field_of_another_time_is_a_warning() -> None:
    resource, diagnostics = decode(istio("Sidecar", {"quantumEntanglement": True}))
    assert isinstance(resource, Sidecar)
    assert [(d.code, d.severity) for d in diagnostics] == [("unknown-field", "warning")]


def test_kubernetes_kinds_keep_quiet_about_what_a_mesh_does_not_need() -> None:
    spec = {"healthCheckNodePort": 1, "ports": [{"port": 80, "targetPort": "http"}, {"port": 81, "targetPort": 8081}]}
    resource, diagnostics = decode({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": spec})
    assert diagnostics == ()
    assert isinstance(resource, Service)
    assert [port.target_port for port in resource.spec.ports] == ["http", 8081]
    assert resource.metadata.namespace == "default"


@pytest.mark.parametrize(
    ("spec", "code", "field", "hint"),
    [
        ({"egress": {}}, "wrong-type", "spec.egress", "put it into a list: a - in front of it"),
        ({"egress": [{"hosts": [3]}]}, "wrong-type", "spec.egress[0].hosts[0]", 'put it in quotes: "3"'),
        (
            {"egress": [{"port": {"number": "80"}}]},
            "wrong-type",
            "spec.egress[0].port.number",
            "write 80 without quotes",
        ),
        ({"egress": [{"port": {"number": -1}}]}, "out-of-range", "spec.egress[0].port.number", ""),
        ({"egress": [{"captureMode": "NON"}]}, "unknown-value", "spec.egress[0].captureMode", "did you mean NONE?"),
        ({"workloadSelector": []}, "wrong-type", "spec.workloadSelector", ""),
        ([], "wrong-type", "spec", ""),
    ],
)
def test_mistakes_are_told_with_their_place_and_remedy(spec: Any, code: str, field: str, hint: str) -> None:
    diagnostic = only(istio("Sidecar", spec))
    assert (diagnostic.code, diagnostic.where.field, diagnostic.hint) == (code, field, hint)


def test_all_mistakes_are_told_at_once() -> None:
    _, diagnostics = decode(istio("Sidecar", {"egress": [{"hosts": 1}, {"hots": []}], "ingress": "x"}))
    assert [d.where.field for d in diagnostics] == ["spec.egress[0].hosts", "spec.egress[1].hots", "spec.ingress"]


def test_null_is_absent_but_an_empty_message_in_a_list() -> None:
    resource, diagnostics = decode(istio("Sidecar", {"workloadSelector": None, "egress": [None]}))
    assert diagnostics == ()
    assert isinstance(resource, Sidecar)
    assert resource.spec.workload_selector is None
    assert resource.spec.egress == (IstioEgressListener(),)


def test_only_one_member_of_a_oneof() -> None:
    spec = {"hosts": ["a"], "http": [{"match": [{"uri": {"exact": "/a", "prefix": "/"}}]}]}
    diagnostic = only(istio("VirtualService", spec))
    assert (diagnostic.code, diagnostic.where.field) == ("oneof-conflict", "spec.http[0].match[0].uri.prefix")


def test_enum_numbers_durations_wrappers_and_numbered_names() -> None:
    spec = {"host": "a", "trafficPolicy": {"tls": {"mode": 3}, "outlierDetection": {"consecutive5xxErrors": 7}}}
    resource, diagnostics = decode(istio("DestinationRule", spec))
    assert diagnostics == ()
    assert isinstance(resource, DestinationRule)
    policy = resource.spec.traffic_policy
    assert policy is not None
    assert policy.tls is not None
    assert policy.tls.mode == "ISTIO_MUTUAL"
    assert policy.outlier_detection is not None
    assert policy.outlier_detection.consecutive_5xx_errors == 7
    assert policy.outlier_detection.interval is None
    route, _ = decode(istio("VirtualService", {"http": [{"timeout": "1h30m"}]}))
    assert isinstance(route, VirtualService)
    assert route.spec.http[0].timeout == Duration(nanoseconds=5400 * 10**9)
    assert only(istio("VirtualService", {"http": [{"timeout": 5}]})).hint == 'write "5s" for seconds'


def test_a_patch_is_frozen_json() -> None:
    patch = {"operation": "MERGE", "value": {"a": [1, {"b": 2}]}}
    document = istio("EnvoyFilter", {"configPatches": [{"applyTo": "CLUSTER", "patch": patch}]})
    resource, _ = decode({**document, "apiVersion": "networking.istio.io/v1alpha3"})
    assert isinstance(resource, EnvoyFilter)
    value = resource.spec.config_patches[0].patch
    assert value is not None
    assert value.value == FrozenMap({"a": (1, FrozenMap({"b": 2}))})


def test_times_are_told_in_utc() -> None:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "namespace": "y"}}
    document["metadata"] = {"name": "x", "creationTimestamp": "2026-01-01T00:30:00+01:00"}
    resource, diagnostics = decode(document)
    assert diagnostics == ()
    assert isinstance(resource, Namespace)
    assert resource.metadata.creation_timestamp == "2025-12-31T23:30:00Z"
    assert resource.metadata.namespace == ""
    document["metadata"] = {"name": "x", "creationTimestamp": "yesterday"}
    assert only(document).code == "bad-timestamp"


ISTIO = "networking.istio.io"


@pytest.mark.parametrize(
    ("document", "code", "hint"),
    [
        ({"apiVersion": "networking.istio.io/v1", "kind": "sidecar"}, "unknown-kind", "did you mean Sidecar?"),
        ({"apiversion": "v1", "kind": "Service"}, "unknown-field", "did you mean apiVersion?"),
        ({"apiVersion": "v1", "Kind": "Service"}, "unknown-field", "did you mean kind?"),
        ({"apiVersion": "v1", "kind": "Sidecar"}, "unknown-version", "did you mean networking.istio.io/v1?"),
        ({"apiVersion": "networking.istio.oi/v1", "kind": "Sidecar"}, "unknown-version", f"did you mean {ISTIO}/v1?"),
        ({"apiVersion": f"{ISTIO}/v2", "kind": "EnvoyFilter"}, "unknown-version", f"use one of {ISTIO}/v1alpha3"),
        ({"kind": "Service"}, "not-a-resource", "set apiVersion"),
        ({"apiVersion": 1, "kind": "Service"}, "wrong-type", ""),
        ({"apiVersion": "v1", "kind": "Service", "metadata": {}}, "missing-name", ""),
    ],
)  # fmt: skip
def test_what_is_no_resource_is_explained(document: dict[str, Any], code: str, hint: str) -> None:
    diagnostic = only(document)
    assert (diagnostic.code, diagnostic.severity, diagnostic.hint) == (code, "error", hint)


def test_foreign_kinds_are_an_info() -> None:
    diagnostic = only({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "metadata": {"name": "x"}})
    assert (diagnostic.code, diagnostic.severity) == ("unknown-kind", "info")


def test_a_mesh_config_may_use_protobufs_names() -> None:
    first, diagnostics = decode_mesh_config({"rootNamespace": "a", "meshMTLS": {"minProtocolVersion": "TLSV1_3"}})
    assert diagnostics == ()
    assert first.mesh_mtls is not None
    second, diagnostics = decode_mesh_config({"root_namespace": "a"})
    assert diagnostics == ()
    assert first.root_namespace == second.root_namespace
    _, diagnostics = decode_mesh_config({"outboundTrafficPolicy": {"mode": 3}})
    assert diagnostics == ()


ROUTE = {"destination": {"host": "a"}}
HASH = "consistentHash"


@pytest.mark.parametrize(
    ("kind", "spec", "field"),
    [
        ("VirtualService", {"http": [{"route": [{**ROUTE, "weight": -1}]}]}, "http[0].route[0].weight"),
        ("VirtualService", {"tcp": [{"route": [{**ROUTE, "weight": 2**31}]}]}, "tcp[0].route[0].weight"),
        ("VirtualService", {"http": [{"fault": {"abort": {"httpStatus": -1}}}]}, "http[0].fault.abort.httpStatus"),
        ("Sidecar", {"ingress": [{"port": {"number": 2**31 - 1}}]}, "ingress[0].port.number"),
        (
            "DestinationRule",
            {"trafficPolicy": {"loadBalancer": {HASH: {"ringHash": {"minimumRingSize": -1}}}}},
            "trafficPolicy.loadBalancer.consistentHash.ringHash.minimumRingSize",
        ),
        (
            "DestinationRule",
            {"trafficPolicy": {"outlierDetection": {"maxEjectionPercent": 2**32}}},
            "trafficPolicy.outlierDetection.maxEjectionPercent",
        ),
        (
            "DestinationRule",
            {"trafficPolicy": {"connectionPool": {"http": {"maxRequestsPerConnection": 2**32}}}},
            "trafficPolicy.connectionPool.http.maxRequestsPerConnection",
        ),
    ],
)
def test_a_number_that_no_field_can_hold_is_refused(kind: str, spec: Any, field: str) -> None:
    found = only(istio(kind, spec))
    assert (found.code, found.where.field) == ("out-of-range", f"spec.{field}")


@pytest.mark.parametrize(
    ("port", "field"),
    [({"port": -1}, "port"), ({"port": 80, "targetPort": 70000}, "targetPort"), ({"port": 2**32}, "port")],
)
def test_a_port_of_a_service_is_one(port: dict[str, int], field: str) -> None:
    document = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "x"}, "spec": {"ports": [port]}}
    found = only(document)
    assert (found.code, found.where.field) == ("out-of-range", f"spec.ports[0].{field}")


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 10**400])
def test_a_share_is_a_number_that_can_be_counted_with(value: float) -> None:
    found = only(istio("VirtualService", {"http": [{"mirrorPercentage": {"value": value}}]}))
    assert (found.code, found.where.field) == ("out-of-range", "spec.http[0].mirrorPercentage.value")


HALF = "a\ud800"


@pytest.mark.parametrize(
    ("kind", "spec", "version", "field"),
    [
        ("VirtualService", {"hosts": [HALF]}, "networking.istio.io/v1", "hosts[0]"),
        ("VirtualService", {"http": [{"match": [{"sourceLabels": {HALF: "a"}}]}]}, "networking.istio.io/v1", ""),
        (
            "EnvoyFilter",
            {"configPatches": [{"patch": {"value": {"a": [{"b": HALF}]}}}]},
            "networking.istio.io/v1alpha3",
            "configPatches[0].patch.value",
        ),
    ],
)
def test_half_a_surrogate_pair_is_no_text(kind: str, spec: Any, version: str, field: str) -> None:
    found = only(istio(kind, spec, version))
    assert found.code == "wrong-type"
    assert found.where.field == f"spec.{field or 'http[0].match[0].sourceLabels'}"
