"""Whose pods stop when a webhook is down."""

from typing import Any

import pytest

from pillion.analysis.injection.blast_radius import BlastRadius, blast_radii
from pillion.analysis.injection.cases import cases, namespaces
from pillion.resources.documents import Document
from pillion.value import Origin

RULE = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}


def radius(**webhook: Any) -> tuple[BlastRadius, ...]:
    hook = {"name": "h", "clientConfig": {"service": {"namespace": "istio-system"}}, "rules": [RULE]} | webhook
    labels = {"shop": {"inject": "yes"}, "istio-system": {}, "kube-system": {}}
    contents: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": each}}
        for name, each in labels.items()
    ]
    for name, label in (("web", "a"), ("db", "b")):
        metadata = {"name": name, "namespace": "shop", "labels": {"app": label}}
        contents.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {}})
    contents.append({"kind": "MutatingWebhookConfiguration", "metadata": {"name": "m"}, "webhooks": [hook]})
    documents = [Document(content, Origin()) for content in contents]
    return blast_radii(documents, cases(documents), namespaces(documents))


def test_selectors_multiply() -> None:
    (found,) = radius(
        namespaceSelector={"matchLabels": {"inject": "yes"}}, objectSelector={"matchLabels": {"app": "a"}}
    )
    assert (found.namespaces, found.workloads) == (("shop",), ("Pod shop/web",))
    assert (found.failure_policy, found.findings) == ("Fail", ())


def test_without_selectors_everything_waits() -> None:
    (found,) = radius()
    assert found.namespaces == ("istio-system", "kube-system", "shop")
    assert [each.code for each in found.findings] == ["webhook-blocks-itself", "webhook-blocks-system"]


def test_what_may_fail_blocks_nobody() -> None:
    (found,) = radius(failurePolicy="Ignore")
    assert (found.failure_policy, found.findings) == ("Ignore", ())


@pytest.mark.parametrize("change", [{"resources": ["services"]}, {"operations": ["DELETE"]}, {"apiGroups": ["apps"]}])
def test_webhooks_that_are_not_about_new_pods_do_not_count(change: dict[str, Any]) -> None:
    assert radius(rules=[RULE | change]) == ()
