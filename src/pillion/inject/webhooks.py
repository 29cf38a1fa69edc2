"""Which webhooks of a cluster would inject a pod: their selectors asked about the labels of pod and namespace.

The words are those of `istioctl experimental check-inject`, so that runbooks keep working.
"""

from typing import Any

from pillion.inject.policy import INJECTION, REVISION, Selector, selector_of
from pillion.inject.schema.types import Json, items, section
from pillion.value import Labels, Value

_NEVER = {"matchLabels": {"istio.io/deactivated": "never-match"}}


class WebhookVerdict(Value):
    """What one webhook configuration does with a pod."""

    name: str
    revision: str
    is_injected: bool
    reason: str


def verdicts(configurations: list[Json], pod: Labels, namespace: Labels) -> tuple[WebhookVerdict, ...]:
    """Ask every injection webhook among MutatingWebhookConfigurations, by name."""
    found: list[WebhookVerdict] = []
    for configuration in configurations:
        webhooks = items(configuration, "webhooks")
        if not any(str(webhook.get("name", "")).endswith("istio.io") for webhook in webhooks):
            continue
        is_injected, reason = _verdict(webhooks, pod, namespace)
        name = str(section(configuration, "metadata").get("name", ""))
        revision = str(section(configuration, "metadata", "labels").get(REVISION, ""))
        found.append(WebhookVerdict(name=name, revision=revision, is_injected=is_injected, reason=reason))
    return tuple(sorted(found, key=lambda verdict: verdict.name))


def _verdict(webhooks: list[Json], pod: Labels, namespace: Labels) -> tuple[bool, str]:
    for webhook in webhooks:
        by_namespace, namespace_label = _match(webhook.get("namespaceSelector"), namespace)
        by_pod, pod_label = _match(webhook.get("objectSelector"), pod)
        if by_namespace and by_pod:
            if reason := _matching(namespace_label, pod_label):
                return True, reason
        elif by_namespace:
            if prevented := _preventing(selector_of(webhook.get("objectSelector")), pod):
                return False, prevented
        elif by_pod and namespace.get(INJECTION, "enabled") != "enabled":
            return False, f"Namespace has {INJECTION}={namespace[INJECTION]} label, preventing injection"
    return False, _nothing_matches(webhooks)


def _match(document: Any, found: Labels) -> tuple[bool, str]:
    """Whether a selector fits, and the label that made it so."""
    if document is None:
        return True, ""
    selector = selector_of(document)
    if not selector.is_valid or not selector.selects(dict(found)):
        return False, ""
    for item in selector.match_expressions:
        if item.operator in {"In", "NotIn"} and item.key in found:
            return True, f"{item.key}={found[item.key]}"
    return True, ""


def _matching(namespace_label: str, pod_label: str) -> str:
    if namespace_label and pod_label:
        return f"Namespace label {namespace_label} matches, and pod label {pod_label} matches"
    if namespace_label:
        everywhere = "kubernetes.io/metadata.name" in namespace_label
        note = " (Automatic injection is enabled in all namespaces)." if everywhere else ""
        return f"Namespace label {namespace_label} matches{note}"
    return f"Pod label {pod_label} matches" if pod_label else ""


def _preventing(selector: Selector, pod: Labels) -> str:
    for item in selector.match_expressions:
        is_there = item.key in pod
        if is_there and (
            item.operator == "DoesNotExist" or (item.operator == "NotIn" and pod[item.key] in item.values)
        ):
            return f"Pod has {item.key}={pod[item.key]} label, preventing injection"
    return ""


def _nothing_matches(webhooks: list[Json]) -> str:
    if any(webhook.get("namespaceSelector") == webhook.get("objectSelector") == _NEVER for webhook in webhooks):
        return "The injection webhook is deactivated, and will never match labels."
    namespaces = ", ".join(label for webhook in webhooks for label in _wanted(webhook.get("namespaceSelector")))
    pods = ", ".join(label for webhook in webhooks for label in _wanted(webhook.get("objectSelector")))
    return f"No matching namespace labels ({namespaces}) or pod labels ({pods})"


def _wanted(document: Any) -> list[str]:
    expressions = selector_of(document).match_expressions
    return [f"{item.key}={value}" for item in expressions if item.operator == "In" for value in item.values]
