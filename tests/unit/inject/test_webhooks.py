"""Which webhook of a cluster injects a pod, in check-inject's words."""

from typing import Any

import pytest

from pillion.inject.webhooks import verdicts
from pillion.value import Labels


def expression(key: str, operator: str, *values: str) -> dict[str, Any]:
    return {"key": key, "operator": operator} | ({"values": list(values)} if values else {})


NOT_FALSE = expression("sidecar.istio.io/inject", "NotIn", "false")
ENABLED = expression("istio-injection", "In", "enabled")


def configuration(name: str, *webhooks: dict[str, Any]) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {"istio.io/rev": "default"}}, "webhooks": list(webhooks)}


def webhook(namespace: dict[str, Any] | None, pod: dict[str, Any] | None) -> dict[str, Any]:
    selectors = {"namespaceSelector": namespace, "objectSelector": pod}
    found = {key: {"matchExpressions": [value]} for key, value in selectors.items() if value}
    return {"name": "sidecar-injector.istio.io"} | found


@pytest.mark.parametrize(
    ("namespace", "pod", "injects", "reason"),
    [
        ({"istio-injection": "enabled"}, {}, True, "Namespace label istio-injection=enabled matches"),
        (
            {"istio-injection": "enabled"},
            {"sidecar.istio.io/inject": "true"},
            True,
            "Namespace label istio-injection=enabled matches, and pod label sidecar.istio.io/inject=true matches",
        ),
        (
            {"istio-injection": "enabled"},
            {"sidecar.istio.io/inject": "false"},
            False,
            "Pod has sidecar.istio.io/inject=false label, preventing injection",
        ),
        (
            {"istio-injection": "disabled"},
            {},
            False,
            "Namespace has istio-injection=disabled label, preventing injection",
        ),
        ({}, {}, False, "No matching namespace labels (istio-injection=enabled) or pod labels ()"),
    ],
)
def test_a_webhook_by_its_selectors(namespace: dict[str, str], pod: dict[str, str], injects: bool, reason: str) -> None:
    (verdict,) = verdicts([configuration("i", webhook(ENABLED, NOT_FALSE))], Labels(pod), Labels(namespace))
    assert (verdict.name, verdict.revision, verdict.is_injected, verdict.reason) == ("i", "default", injects, reason)


def test_a_selector_that_is_absent_matches_everything() -> None:
    (verdict,) = verdicts(
        [configuration("i", webhook(None, expression("app", "In", "a")))], Labels({"app": "a"}), Labels()
    )
    assert verdict.reason == "Pod label app=a matches"


def test_other_peoples_webhooks_are_left_out_and_the_rest_sorted() -> None:
    other = {"metadata": {"name": "a"}, "webhooks": [{"name": "x.example.com"}]}
    found = verdicts(
        [configuration("c", webhook(ENABLED, None)), other, configuration("b", webhook(ENABLED, None))],
        Labels(),
        Labels(),
    )
    assert [each.name for each in found] == ["b", "c"]


def test_a_deactivated_webhook_says_so() -> None:
    never = {"matchLabels": {"istio.io/deactivated": "never-match"}}
    (verdict,) = verdicts(
        [configuration("i", {"name": "x.istio.io", "namespaceSelector": never, "objectSelector": never})],
        Labels(),
        Labels(),
    )
    assert verdict.reason == "The injection webhook is deactivated, and will never match labels."
