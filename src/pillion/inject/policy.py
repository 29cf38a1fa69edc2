"""Is this pod injected, and because of which rule? The whole decision is a value.

Rules are asked in the order in which a cluster asks them: first the webhook's selectors on labels of namespace and
pod (only if the namespace is known), then the injector's own rules. Each rule that was asked is kept with what it
saw; the last one decided.
"""

from typing import Any, Literal, cast

from pillion.inject.pod.containers import annotations, labels
from pillion.inject.schema.types import Json, items, section
from pillion.value import NO_LABELS, Labels, Path, Value

INJECT = "sidecar.istio.io/inject"
INJECTION = "istio-injection"
REVISION = "istio.io/rev"
_STATUS = "sidecar.istio.io/status"

IGNORED_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
"""Namespaces of the system, where Istio never injects."""

Outcome = Literal["inject", "skip", "next"]


class Rule(Value):
    """One rule that was asked."""

    name: str
    """`host-network`, `namespace-label`, `never-inject-selector`, ..."""
    outcome: Outcome
    """`next`: it had nothing to say."""
    reason: str
    """What it saw, in a sentence without a full stop."""
    path: Path = ()
    """The field of the pod that it looked at."""


class Decision(Value):
    """Whether a pod is injected: the rules that were asked, in order; the last one decided."""

    rules: tuple[Rule, ...]

    @property
    def injects(self) -> bool:
        """Whether the pod is injected."""
        return self.deciding.outcome == "inject"

    @property
    def deciding(self) -> Rule:
        """The rule that decided."""
        return self.rules[-1]


class Requirement(Value):
    """One expression of a label selector."""

    key: str
    operator: str
    values: tuple[str, ...] = ()


class Selector(Value):
    """A label selector."""

    match_labels: Labels = NO_LABELS
    match_expressions: tuple[Requirement, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it asks for nothing; the injector takes such a selector for none."""
        return not self.match_labels and not self.match_expressions

    @property
    def is_valid(self) -> bool:
        """Whether Kubernetes would take it."""
        return all(_is_valid(item) for item in self.match_expressions)

    def selects(self, found: dict[str, str]) -> bool:
        """Return whether labels fulfil it."""
        if any(found.get(key) != value for key, value in self.match_labels.items()):
            return False
        return all(_fulfils(item, found) for item in self.match_expressions)


def _is_valid(requirement: Requirement) -> bool:
    match requirement.operator:
        case "In" | "NotIn":
            return bool(requirement.values)
        case "Exists" | "DoesNotExist":
            return not requirement.values
        case _:
            return False


def _fulfils(requirement: Requirement, found: dict[str, str]) -> bool:
    match requirement.operator:
        case "In":
            return found.get(requirement.key) in requirement.values
        case "NotIn":
            return found.get(requirement.key) not in requirement.values
        case "Exists":
            return requirement.key in found
        case _:
            return requirement.key not in found


class Namespace(Value):
    """The namespace that a pod is in."""

    name: str = ""
    labels: Labels | None = NO_LABELS
    """`None`: unknown, for a webhook was called and the API server asked its selectors already."""
    annotations: Labels = NO_LABELS


class Policy(Value):
    """What the settings say about which pods are injected."""

    policy: str = "enabled"
    never: tuple[Selector, ...] = ()
    always: tuple[Selector, ...] = ()


def decide(pod: Json, policy: Policy, namespace: Namespace | None, revision: str) -> Decision:
    """Decide about a pod. Without a namespace (a pod injected by hand) the webhook's selectors are not asked."""
    asked: list[Rule] = []
    if namespace is not None and namespace.labels is not None:
        asked.extend(webhook_rules(labels(pod), namespace.labels, revision or "default"))
        if asked[-1].outcome == "skip":
            return Decision(rules=tuple(asked))
    name = section(pod, "metadata").get("namespace") or (namespace.name if namespace else "")
    if _STATUS in annotations(pod):
        reason = "the pod carries the record of an earlier injection, which is replaced"
        asked.append(
            Rule(name="already-injected", outcome="next", reason=reason, path=("metadata", "annotations", _STATUS))
        )
    for rule in injector_rules(pod, policy, str(name)):
        asked.append(rule)
        if rule.outcome != "next":
            break
    return Decision(rules=tuple(asked))


def webhook_rules(found: dict[str, str], namespace: Labels, revision: str) -> tuple[Rule, ...]:
    """Ask the selectors of one revision's webhook configuration: does the API server call the injector at all?"""
    wanted = found.get(INJECT)
    if wanted == "false":
        reason = f"pod label {INJECT}=false: the webhook is not called"
        return (Rule(name="pod-label", outcome="skip", reason=reason, path=_LABEL),)
    here = namespace.get(INJECTION)
    if here is not None:
        if here == "enabled" and revision == "default":
            return (
                Rule(name="namespace-label", outcome="next", reason=f"namespace label {INJECTION}=enabled matches"),
            )
        other = "" if here != "enabled" else f", and selects the default revision, not {revision}"
        reason = f"namespace label {INJECTION}={here}: the webhook is not called{other}"
        return (Rule(name="namespace-label", outcome="skip", reason=reason),)
    if REVISION in namespace:
        there = namespace[REVISION]
        outcome: Outcome = "next" if there == revision else "skip"
        verb = "matches" if outcome == "next" else f"selects another revision than {revision}"
        return (Rule(name="namespace-revision", outcome=outcome, reason=f"namespace label {REVISION}={there} {verb}"),)
    no_label = Rule(name="namespace-label", outcome="next", reason=f"namespace has neither {INJECTION} nor {REVISION}")
    return (no_label, _pod_rule(found, revision))


def _pod_rule(found: dict[str, str], revision: str) -> Rule:
    if REVISION in found:
        outcome: Outcome = "next" if found[REVISION] == revision else "skip"
        verb = "matches" if outcome == "next" else f"selects another revision than {revision}"
        path = ("metadata", "labels", REVISION)
        return Rule(
            name="pod-revision", outcome=outcome, reason=f"pod label {REVISION}={found[REVISION]} {verb}", path=path
        )
    if found.get(INJECT) == "true" and revision == "default":
        return Rule(name="pod-label", outcome="next", reason=f"pod label {INJECT}=true matches", path=_LABEL)
    reason = f"no label of namespace or pod asks for injection by revision {revision}"
    return Rule(name="pod-label", outcome="skip", reason=reason)


_LABEL: Path = ("metadata", "labels", INJECT)


def injector_rules(pod: Json, policy: Policy, namespace: str) -> list[Rule]:
    """Ask the injector's own rules; those after the first that says something other than `next` do not count."""
    spec = section(pod, "spec")
    return (
        [
            _host_network(spec),
            _ignored_namespace(namespace),
            _own_word(pod),
            _selected("never-inject-selector", "skip", policy.never, labels(pod)),
            _selected("always-inject-selector", "inject", policy.always, labels(pod)),
            _by_default(policy.policy),
        ]
        if policy.policy in {"enabled", "disabled"}
        else [_host_network(spec), _by_default(policy.policy)]
    )


def _host_network(spec: Json) -> Rule:
    if spec.get("hostNetwork"):
        reason = "hostNetwork: rules for the pod's traffic would change the whole node's"
        return Rule(name="host-network", outcome="skip", reason=reason, path=("spec", "hostNetwork"))
    return Rule(name="host-network", outcome="next", reason="the pod has a network of its own")


def _ignored_namespace(namespace: str) -> Rule:
    if namespace in IGNORED_NAMESPACES:
        return Rule(name="ignored-namespace", outcome="skip", reason=f"namespace {namespace} belongs to the system")
    return Rule(name="ignored-namespace", outcome="next", reason="the namespace is none of the system's")


def _own_word(pod: Json) -> Rule:
    label, annotation = labels(pod).get(INJECT), annotations(pod).get(INJECT)
    if label is not None:
        return _word("pod-label", f"pod label {INJECT}={label}", label, _LABEL)
    if annotation is not None:
        path = ("metadata", "annotations", INJECT)
        return _word("pod-annotation", f"pod annotation {INJECT}={annotation}", annotation, path)
    return Rule(name="pod-label", outcome="next", reason=f"the pod has no label or annotation {INJECT}")


def _word(name: str, subject: str, value: str, path: Path) -> Rule:
    match value:
        case "true":
            return Rule(name=name, outcome="inject", reason=subject, path=path)
        case "false":
            return Rule(name=name, outcome="skip", reason=subject, path=path)
        case "":
            return Rule(name=name, outcome="next", reason=f"{subject} is empty", path=path)
        case _:
            return Rule(name=name, outcome="next", reason=f"{subject} is neither true nor false", path=path)


def _selected(name: str, outcome: Outcome, selectors: tuple[Selector, ...], found: dict[str, str]) -> Rule:
    for index, selector in enumerate(selectors):
        if selector.is_valid and not selector.is_empty and selector.selects(found):
            return Rule(name=name, outcome=outcome, reason=f"the pod's labels match selector {index} of the settings")
    return Rule(name=name, outcome="next", reason="no selector of the settings matches the pod's labels")


def _by_default(policy: str) -> Rule:
    match policy:
        case "enabled":
            return Rule(name="policy", outcome="inject", reason="policy enabled: pods are injected unless they refuse")
        case "disabled":
            return Rule(name="policy", outcome="skip", reason="policy disabled: pods are injected only if they ask")
        case _:
            reason = f"policy {policy!r} is neither enabled nor disabled: nothing is injected"
            return Rule(name="policy", outcome="skip", reason=reason)


def selector_of(document: Any) -> Selector:
    """Read a label selector from a document; parts that are none are left out."""
    if not isinstance(document, dict):
        return Selector()
    selector = cast(Json, document)
    expressions = items(selector, "matchExpressions")
    pairs = section(selector, "matchLabels")
    return Selector(
        match_labels=Labels({str(key): str(value) for key, value in pairs.items()}),
        match_expressions=tuple(
            Requirement(
                key=str(item.get("key", "")),
                operator=str(item.get("operator", "")),
                values=tuple(str(value) for value in item.get("values") or ()),
            )
            for item in expressions
        ),
    )
