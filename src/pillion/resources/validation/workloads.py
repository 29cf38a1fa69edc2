"""Whom a resource is for: selectors, target references, `exportTo`."""

from pillion.resources.istio.sidecar import WorkloadSelector as LabelsSelector
from pillion.resources.istio.workload import PolicyTargetReference, WorkloadSelector
from pillion.resources.validation.names import is_dns_label
from pillion.resources.validation.report import Report
from pillion.resources.visibility import NOBODY, PRIVATE, PUBLIC
from pillion.value import Labels

_TARGETS = frozenset({
    ("core", "Service"), ("networking.istio.io", "ServiceEntry"), ("gateway.networking.k8s.io", "Gateway"),
    ("gateway.networking.k8s.io", "GatewayClass"),
})  # fmt: skip


def check_labels_selector(selector: LabelsSelector | None, report: Report) -> None:
    """Check the selector of a networking resource (`workloadSelector.labels`)."""
    if selector is None:
        return
    _check_selector_labels(selector.labels, report.at("labels"))
    if not selector.labels:
        report.warn("empty-selector", "a selector without labels selects every workload of the namespace")


def check_selector(selector: WorkloadSelector | None, report: Report) -> None:
    """Check the selector of a policy (`selector.matchLabels`)."""
    if selector is None:
        return
    _check_selector_labels(selector.match_labels, report.at("matchLabels"))
    if not selector.match_labels:
        report.warn("empty-selector", "a selector without labels selects every workload of the namespace")


def check_targets(
    selector: WorkloadSelector | None,
    target: PolicyTargetReference | None,
    targets: tuple[PolicyTargetReference, ...],
    report: Report,
) -> None:
    """Check a policy's selector and target references, of which one kind only may be set."""
    if sum((selector is not None, target is not None, bool(targets))) > 1:
        report.error("oneof-conflict", "only one of selector, targetRef and targetRefs may be set", "targetRefs")
    check_selector(selector, report.at("selector"))
    if target is not None:
        _check_target(target, report.at("targetRef"))
    for index, one in enumerate(targets):
        _check_target(one, report.at("targetRefs", index))


def check_export_to(
    namespace: str, export_to: tuple[str, ...], report: Report, *, may_hide: bool = False, is_bound: bool = False
) -> None:
    """Check the words of `exportTo`.

    `may_hide` allows `~` (ServiceEntries); `is_bound` allows the own namespace only (DestinationRules with selector).
    """
    seen: set[str] = set()
    for index, word in enumerate(export_to):
        meant = namespace if word == PRIVATE else word
        if meant in seen:
            report.error("duplicate", f"{word!r} names a namespace that is already there", index)
        elif _is_audience(meant) or (may_hide and word == NOBODY):
            seen.add(meant)
        else:
            report.error("invalid-name", f"is {word!r}, expected ., * or the name of a namespace", index)
    if is_bound and seen and seen != {namespace}:
        report.error("invalid-export", "a rule with a workloadSelector is for its own namespace only", hint="use [.]")
    if PUBLIC in seen and len(export_to) > 1:
        report.error("oneof-conflict", "* beside other namespaces")
    if NOBODY in seen and len(export_to) > 1:
        report.error("oneof-conflict", "~ (nobody) beside somebody")


def _is_audience(word: str) -> bool:
    return word == PUBLIC or is_dns_label(word)


def _check_selector_labels(labels: Labels, report: Report) -> None:
    for key, value in labels.items():
        if not key:
            report.error("invalid-label", "a label of a selector needs a key")
        if "*" in key or "*" in value:
            report.error("invalid-label", f"label {key}={value} has a wildcard, selectors know none", key)


def _check_target(target: PolicyTargetReference, report: Report) -> None:
    if not target.name:
        report.error("required", "a target needs a name", "name")
    if target.namespace:
        report.error("invalid-target", "a target is in the namespace of its policy", "namespace")
    if (target.group or "core", target.kind) not in _TARGETS:
        known = ", ".join(sorted(kind for _, kind in _TARGETS))
        report.error("invalid-target", f"is a {target.group}/{target.kind}, expected one of {known}", "kind")
