"""What an API server is told about one of Istio's resources, by the body of its question."""

import json
from typing import Any

import pytest

from pillion.controlplane.validation.review import LONGEST, MOST_TOLD, Ruling, rule

ROUTE = {"route": [{"destination": {"host": "web"}}]}
NETWORKING = "networking.istio.io/v1"


def virtual_service(**spec: Any) -> dict[str, Any]:
    spec = {"hosts": ["web"], "http": [ROUTE]} | spec
    return {"apiVersion": NETWORKING, "kind": "VirtualService", "metadata": {"name": "web", "namespace": "shop"},
            "spec": spec}  # fmt: skip


def review(document: Any, **request: Any) -> dict[str, Any]:
    group, _, version = str((document or {}).get("apiVersion", "")).rpartition("/")
    kind = {"group": group, "version": version, "kind": (document or {}).get("kind", "")}
    resource = {"group": group, "version": version, "resource": "virtualservices"}
    asked = {"uid": "u1", "kind": kind, "resource": resource, "name": "web", "namespace": "shop",
             "operation": "CREATE", "object": document} | request  # fmt: skip
    return {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": asked}


def ruled(question: Any) -> tuple[Ruling, dict[str, Any]]:
    ruling = rule(question if isinstance(question, bytes) else json.dumps(question).encode())
    answer = json.loads(ruling.body)
    assert answer["kind"] == "AdmissionReview"
    return ruling, answer["response"]


def test_a_good_resource_is_let_in_without_a_word() -> None:
    ruling, response = ruled(review(virtual_service()))
    assert response == {"uid": "u1", "allowed": True}
    assert (ruling.fate, ruling.group, ruling.version, ruling.resource) == (
        "passed", "networking.istio.io", "v1", "virtualservices",
    )  # fmt: skip


def test_a_wrong_one_is_refused_with_the_field_as_kubectl_shows_it() -> None:
    ruling, response = ruled(review(virtual_service(hosts=["a b"])))
    status = response["status"]
    assert (response["allowed"], ruling.fate) == (False, "invalid_resource")
    assert (status["status"], status["code"], status["reason"]) == ("Failure", 422, "Invalid")
    assert status["message"].startswith("spec.hosts[0]: ")
    details = status["details"]
    assert (details["name"], details["group"], details["kind"]) == ("web", "networking.istio.io", "VirtualService")
    assert [each["field"] for each in details["causes"]] == ["spec.hosts[0]"]


def test_what_a_schema_refuses_is_told_with_every_field() -> None:
    wrong = virtual_service(hosts="web", http=[{**ROUTE, "timeout": "soon"}])
    ruling, response = ruled(review(wrong))
    assert ruling.fate == "crd_conversion_error"
    fields = {each["field"] for each in response["status"]["details"]["causes"]}
    assert fields == {"spec.hosts", "spec.http[0].timeout"}


def test_warnings_are_shown_of_what_is_let_in() -> None:
    _, response = ruled(review(virtual_service(http=[ROUTE, ROUTE])))
    assert response["allowed"]
    assert any("spec.http[1]" in each for each in response["warnings"])
    old = {**review(virtual_service(http=[ROUTE, ROUTE])), "apiVersion": "admission.k8s.io/v1beta1"}
    assert ruled(old)[1] == {"uid": "u1", "allowed": True}


def test_patches_that_no_envoy_can_read_are_told() -> None:
    patch = {"operation": "MERGE", "value": {"connect_timeout": ["soon"]}}
    spec = {"configPatches": [{"applyTo": "CLUSTER", "match": {"context": "SIDECAR_OUTBOUND"}, "patch": patch}]}
    document = {
        "apiVersion": "networking.istio.io/v1alpha3", "kind": "EnvoyFilter",
        "metadata": {"name": "slow", "namespace": "shop"}, "spec": spec,
    }  # fmt: skip
    _, response = ruled(review(document))
    told = [*response.get("warnings", ()), response.get("status", {}).get("message", "")]
    assert any("spec.configPatches[0]" in each for each in told)


def test_who_writes_a_policy_is_told_that_it_is_not_evaluated() -> None:
    document = {
        "apiVersion": "security.istio.io/v1", "kind": "AuthorizationPolicy",
        "metadata": {"name": "deny", "namespace": "shop"}, "spec": {"action": "DENY", "rules": [{}]},
    }  # fmt: skip
    _, response = ruled(review(document))
    assert response["allowed"]
    assert any("[policy-not-evaluated]" in each for each in response["warnings"])


def test_a_field_of_a_newer_schema_is_a_warning_and_one_beside_the_spec_an_error() -> None:
    _, response = ruled(review(virtual_service(sparkle=1)))
    assert response["allowed"]
    assert response["warnings"][0].startswith("spec.sparkle: ")
    _, response = ruled(review({**virtual_service(), "sparkle": 1}))
    assert not response["allowed"]


def test_a_newer_version_of_a_kind_is_judged_like_those_that_are_known() -> None:
    newer = {**virtual_service(hosts=["a b"]), "apiVersion": "networking.istio.io/v2"}
    assert not ruled(review(newer))[1]["allowed"]


NOT_OURS = [
    (review(virtual_service(hosts=["a b"]), operation="DELETE", object=None), "unsupported_operation"),
    (review(virtual_service(hosts=["a b"]), operation="CONNECT"), "unsupported_operation"),
    (review(virtual_service(hosts=["a b"]), operation="UPDATE", subResource="status"), "ignored"),
    (review({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}), "unknown_type"),
    (review({"apiVersion": "networking.istio.io/v9", "kind": "Wormhole", "metadata": {"name": "a"}}), "unknown_type"),
    (review({}), "unknown_type"),
]


@pytest.mark.parametrize(("question", "fate"), NOT_OURS)
def test_what_is_not_ours_to_judge_is_let_in(question: Any, fate: str) -> None:
    ruling, response = ruled(question)
    assert (response["uid"], response["allowed"], ruling.fate) == ("u1", True, fate)


def test_a_resource_that_is_being_deleted_can_lose_its_finalizers() -> None:
    going = virtual_service(hosts=["a b"])
    going["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    ruling, response = ruled(review(going, operation="UPDATE"))
    assert (response["allowed"], ruling.fate) == (True, "ignored")


def test_a_dry_run_is_judged_like_any_other_and_told_apart() -> None:
    ruling, response = ruled(review(virtual_service(hosts=["a b"]), dryRun=True))
    assert (response["allowed"], ruling.dry_run) == (False, True)


UNREADABLE = [
    (b"", ""),
    (b"\x00", ""),
    (b'{"kind": "AdmissionReview"', ""),
    (b"[" * 100_000, ""),
    ({"apiVersion": "v1", "kind": "Pod"}, ""),
    ({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}, ""),
    (review(None), "u1"),
    ({**review(virtual_service()), "apiVersion": "admission.k8s.io/v7"}, "u1"),
    ({**review(None), "request": {"uid": "u1", "operation": "CREATE", "object": []}}, "u1"),
]


@pytest.mark.parametrize(("question", "uid"), UNREADABLE)
def test_what_is_no_review_is_refused_with_a_review(question: Any, uid: str) -> None:
    ruling, response = ruled(question)
    assert (response["uid"], response["allowed"], ruling.fate) == (uid, False, "yaml_decode_error")
    assert response["status"]["code"] == 400
    assert response["status"]["message"]


def test_a_message_is_one_line_of_bounded_length_and_their_number_is_bounded() -> None:
    hosts = [f"a b\n\x00{index}" + "x" * 5000 for index in range(MOST_TOLD * 2)]
    _, response = ruled(review(virtual_service(hosts=hosts)))
    status = response["status"]
    assert status["message"].isprintable()
    assert status["message"].endswith("more")
    assert len(status["details"]["causes"]) == MOST_TOLD
    assert len(status["message"]) < (MOST_TOLD + 1) * (LONGEST + 100)
