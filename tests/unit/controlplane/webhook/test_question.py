"""What a request asks, and when two ask the same."""

import json
from typing import Any

import pytest

from pillion.controlplane.webhook.question import Question, Refused, read


def question(path: str = "/inject", namespace: str = "shop", **metadata: Any) -> Question:
    pod = {"metadata": {"name": "web-1", "labels": {"app": "web"}} | metadata, "spec": {"containers": []}}
    request = {"uid": "u1", "namespace": namespace, "object": pod}
    review = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
    found = read(json.dumps(review).encode(), path)
    assert isinstance(found, Question)
    return found


def test_another_name_asks_the_same_but_for_the_name() -> None:
    one, two = question(), question(name="web-2")
    assert one.shared == two.shared
    assert one.own != two.own


@pytest.mark.parametrize(
    "other",
    [
        {"labels": {"app": "db"}},
        {"namespace": "bank"},
        {"path": "/inject/cluster/c1"},
        {"annotations": {"a": "b"}},
        {"generateName": "web-"},
    ],
)
def test_everything_else_makes_another_question(other: dict[str, Any]) -> None:
    assert question(**other).shared != question().shared


def test_the_pods_own_namespace_counts_as_the_requests() -> None:
    pod = {"metadata": {"namespace": "shop"}, "spec": {}}
    keys: set[bytes] = set()
    for namespace, each in (("shop", {"metadata": {}, "spec": {}}), ("", pod)):
        request = {"uid": "u", "namespace": namespace, "object": each}
        review = {"apiVersion": "admission.k8s.io/v1beta1", "kind": "AdmissionReview", "request": request}
        found = read(json.dumps(review).encode(), "/inject")
        assert isinstance(found, Question)
        keys.add(found.shared)
    assert len(keys) == 1


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"request": 1}', b"\xff", b"[" * 100_000])
def test_what_is_no_review_is_refused(body: bytes) -> None:
    found = read(body, "/inject")
    assert isinstance(found, Refused)
    assert found.verdict.code == 400
