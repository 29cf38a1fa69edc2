"""The decision: which rules are asked, in which order, and which one decides."""

from typing import Any

import pytest

from pillion.inject.policy import Namespace, Policy, Requirement, Selector, decide, selector_of
from pillion.value import Labels

APP = Selector(match_labels=Labels({"app": "web"}))


def pod(labels: dict[str, str] | None = None, annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "labels": labels or {}, "annotations": annotations or {}}, "spec": spec}


def namespace(**labels: str) -> Namespace:
    return Namespace(
        name="shop", labels=Labels({key.replace("__", "-").replace("_", "."): value for key, value in labels.items()})
    )


@pytest.mark.parametrize(
    ("document", "policy", "injects", "rule"),
    [
        (pod(), Policy(), True, "policy"),
        (pod(), Policy(policy="disabled"), False, "policy"),
        (pod(), Policy(policy="on"), False, "policy"),
        (pod(hostNetwork=True), Policy(), False, "host-network"),
        (pod({"sidecar.istio.io/inject": "true"}), Policy(policy="disabled"), True, "pod-label"),
        (pod({"sidecar.istio.io/inject": "false"}), Policy(), False, "pod-label"),
        (pod({"sidecar.istio.io/inject": "false"}, {"sidecar.istio.io/inject": "true"}), Policy(), False, "pod-label"),
        (pod(None, {"sidecar.istio.io/inject": "false"}), Policy(), False, "pod-annotation"),
        (pod(None, {"sidecar.istio.io/inject": "yes"}), Policy(policy="disabled"), False, "policy"),
        (pod({"app": "web"}), Policy(never=(APP,)), False, "never-inject-selector"),
        (pod({"app": "web"}), Policy(policy="disabled", always=(APP,)), True, "always-inject-selector"),
        (pod({"app": "web"}), Policy(never=(APP,), always=(APP,)), False, "never-inject-selector"),
        (pod({"app": "web", "sidecar.istio.io/inject": "true"}), Policy(never=(APP,)), True, "pod-label"),
        (pod({"app": "web"}), Policy(never=(Selector(),)), True, "policy"),
    ],
)
def test_the_injectors_own_rules(document: dict[str, Any], policy: Policy, injects: bool, rule: str) -> None:
    decision = decide(document, policy, None, "")
    assert (decision.injects, decision.deciding.name) == (injects, rule)


def test_the_systems_namespaces_are_left_alone() -> None:
    document = pod()
    document["metadata"]["namespace"] = "kube-system"
    assert decide(document, Policy(), None, "").deciding.name == "ignored-namespace"


def test_every_rule_that_was_asked_is_kept_in_order() -> None:
    names = [rule.name for rule in decide(pod(), Policy(), None, "").rules]
    assert names == [
        *("host-network", "ignored-namespace", "pod-label"),
        *("never-inject-selector", "always-inject-selector", "policy"),
    ]


def test_an_earlier_injection_is_noticed() -> None:
    first = decide(pod(None, {"sidecar.istio.io/status": "{}"}), Policy(), None, "").rules[0]
    assert (first.name, first.outcome) == ("already-injected", "next")


@pytest.mark.parametrize(
    ("labels", "place", "revision", "injects", "rule"),
    [
        ({}, namespace(istio__injection="enabled"), "", True, "policy"),
        ({}, namespace(istio__injection="disabled"), "", False, "namespace-label"),
        ({}, namespace(istio__injection="enabled"), "blue", False, "namespace-label"),
        ({}, namespace(), "", False, "pod-label"),
        ({"sidecar.istio.io/inject": "true"}, namespace(), "", True, "pod-label"),
        ({"sidecar.istio.io/inject": "false"}, namespace(istio__injection="enabled"), "", False, "pod-label"),
        ({"istio.io/rev": "blue"}, namespace(), "blue", True, "policy"),
        ({"istio.io/rev": "green"}, namespace(), "blue", False, "pod-revision"),
        ({}, Namespace(labels=Labels({"istio.io/rev": "blue"})), "blue", True, "policy"),
        ({}, Namespace(labels=Labels({"istio.io/rev": "green"})), "blue", False, "namespace-revision"),
        ({}, Namespace(labels=None), "", True, "policy"),
    ],
)
def test_the_webhooks_selectors(
    labels: dict[str, str], place: Namespace, revision: str, injects: bool, rule: str
) -> None:
    decision = decide(pod(labels), Policy(), place, revision)
    assert (decision.injects, decision.deciding.name) == (injects, rule)


@pytest.mark.parametrize(
    ("requirement", "labels", "selects"),
    [
        (Requirement(key="a", operator="In", values=("1",)), {"a": "1"}, True),
        (Requirement(key="a", operator="In", values=("1",)), {}, False),
        (Requirement(key="a", operator="NotIn", values=("1",)), {}, True),
        (Requirement(key="a", operator="NotIn", values=("1",)), {"a": "1"}, False),
        (Requirement(key="a", operator="Exists"), {"a": ""}, True),
        (Requirement(key="a", operator="DoesNotExist"), {"a": ""}, False),
    ],
)
def test_expressions_of_selectors(requirement: Requirement, labels: dict[str, str], selects: bool) -> None:
    assert Selector(match_expressions=(requirement,)).selects(labels) is selects


@pytest.mark.parametrize("operator", ["In", "Exists", "Gt"])
def test_an_expression_that_kubernetes_refuses_counts_for_nothing(operator: str) -> None:
    values = ["1"] if operator == "Exists" else []
    selector = selector_of({"matchExpressions": [{"key": "app", "operator": operator, "values": values}]})
    assert not selector.is_valid
    assert decide(pod({"app": "1"}), Policy(never=(selector,)), None, "").injects
