"""AdmissionReviews, as bytes."""

import base64
import json
from typing import Any

import pytest

from pillion.inject.injection import Injector, Options
from pillion.inject.patch import apply
from pillion.inject.policy import Namespace
from pillion.inject.review import Reviewer, variables_in
from pillion.inject.settings import Settings, default_settings

OURS = Injector(default_settings())
WEBHOOK = Options(by_hand=False)
OWNER = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-abc", "controller": True}


def pod(name: str = "web", **metadata: Any) -> dict[str, Any]:
    return {"metadata": {"name": name} | metadata, "spec": {"containers": [{"name": "app", "image": "a"}]}}


def ask(
    document: Any, reviewer: Reviewer | None = None, version: str = "v1", **request: Any
) -> tuple[int, dict[str, Any]]:
    asked = {"apiVersion": f"admission.k8s.io/{version}", "kind": "AdmissionReview"}
    asked["request"] = {"uid": "u1", "namespace": "shop", "object": document} | request
    answer = (reviewer or Reviewer(OURS)).respond(
        "application/json; charset=utf-8", json.dumps(asked).encode(), WEBHOOK
    )
    return answer.status, json.loads(answer.body)


def patched(document: dict[str, Any], answer: dict[str, Any]) -> dict[str, Any]:
    return apply(document, json.loads(base64.b64decode(answer["response"]["patch"])))


@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_a_pod_is_patched_in_the_version_that_asked(version: str) -> None:
    status, answer = ask(pod(), version=version)
    assert status == 200
    assert answer["apiVersion"] == f"admission.k8s.io/{version}"
    assert answer["response"] | {"patch": ""} == {"uid": "u1", "allowed": True, "patchType": "JSONPatch", "patch": ""}
    injected = patched(pod(), answer)
    assert [each["name"] for each in injected["spec"]["containers"]] == ["app", "istio-proxy"]
    assert "namespace" not in injected["metadata"]


def test_what_is_not_injected_is_allowed_without_a_patch() -> None:
    _, answer = ask(pod(labels={"sidecar.istio.io/inject": "false"}))
    assert answer["response"] == {"uid": "u1", "allowed": True}


def test_the_namespace_of_the_request_is_the_pods() -> None:
    _, answer = ask(pod(), namespace="kube-system")
    assert "patch" not in answer["response"]


def test_a_mistake_is_refused_with_its_reason() -> None:
    _, answer = ask(pod(annotations={"status.sidecar.istio.io/port": "http"}))
    assert answer["response"]["allowed"] is False
    assert "status.sidecar.istio.io/port" in answer["response"]["status"]["message"]


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [("application/json", b"", 400), ("application/yaml", b"{}", 415), ("application/json", b"\x00\x01", 200)],
)
def test_requests_that_are_none(content_type: str, body: bytes, status: int) -> None:
    answer = Reviewer(OURS).respond(content_type, body, WEBHOOK)
    assert answer.status == status
    assert answer.injection is None
    if status == 200:
        assert json.loads(answer.body)["response"]["allowed"] is False


@pytest.mark.parametrize("document", [None, [], {"metadata": 1, "spec": {}}, {"metadata": {}}])
def test_a_request_without_a_pod_is_refused(document: Any) -> None:
    _, answer = ask(document)
    assert answer["response"]["allowed"] is False


def test_another_kind_is_refused() -> None:
    body = json.dumps({"apiVersion": "v1", "kind": "Pod"}).encode()
    answer = json.loads(Reviewer(OURS).respond("application/json", body, WEBHOOK).body)
    assert "not v1 Pod" in answer["response"]["status"]["message"]


def test_a_rollout_gets_one_patch() -> None:
    reviewer = Reviewer(OURS)
    owned = {"generateName": "web-abc-", "ownerReferences": [OWNER], "labels": {"pod-template-hash": "abc"}}
    first, second = (pod(name, **owned) for name in ("web-abc-1", "web-abc-2"))
    _, one = ask(first, reviewer)
    answer = reviewer.respond(
        "application/json",
        json.dumps(
            {
                "apiVersion": "admission.k8s.io/v1",
                "kind": "AdmissionReview",
                "request": {"namespace": "shop", "object": second},
            }
        ).encode(),
        WEBHOOK,
    )
    assert answer.injection is None
    two = json.loads(answer.body)
    assert two["response"]["patch"] == one["response"]["patch"]
    assert patched(second, two) == patched(second, ask(second)[1])


def test_a_template_that_reads_the_name_gets_its_own_patch_for_each() -> None:
    template = "metadata: {labels: {own: '{{ .ObjectMeta.Name }}'}}"
    reviewer = Reviewer(
        Injector(Settings(config=json.dumps({"policy": "enabled", "templates": {"sidecar": template}})))
    )
    owned = {"generateName": "web-abc-", "ownerReferences": [OWNER]}
    for name in ("web-abc-1", "web-abc-2"):
        document = pod(name, **owned)
        assert patched(document, ask(document, reviewer)[1])["metadata"]["labels"]["own"] == name


def test_what_is_known_of_the_namespace_counts() -> None:
    namespace = Namespace(name="shop")
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"object": pod()}}
    answer = Reviewer(OURS).respond("application/json", json.dumps(asked).encode(), WEBHOOK, namespace)
    assert answer.injection is not None
    assert not answer.injection.is_injected


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/inject", {}),
        ("/inject/cluster/c1/net/n1/", {"ISTIO_META_CLUSTER_ID": "c1", "ISTIO_META_NETWORK": "n1"}),
        ("/inject/own/a--slash--b", {"OWN": "a/b"}),
        ("/inject/cluster", {}),
        ("/inject/:ENV:cluster=c1:ENV:=x:ENV:path=/a/b", {"ISTIO_META_CLUSTER_ID": "c1", "PATH": "/a/b"}),
    ],
)
def test_the_urls_variables(path: str, wanted: dict[str, str]) -> None:
    assert dict(variables_in(path)) == wanted
