"""Whose pods stop when a webhook is down: failurePolicy, selectors and namespaces multiplied."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pillion.analysis.injection.cases import Case
from pillion.inject.documents import pod_in
from pillion.inject.pod.containers import labels
from pillion.inject.policy import IGNORED_NAMESPACES, Namespace, selector_of
from pillion.inject.schema.types import Json, items, section
from pillion.resources.documents import Document
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Path, Value, Where

_KINDS = frozenset({"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"})
_NAME = "kubernetes.io/metadata.name"


class BlastRadius(Value):
    """What one webhook takes along when it is down."""

    webhook: str
    """`MutatingWebhookConfiguration istio-sidecar-injector, namespace.sidecar-injector.istio.io`."""
    failure_policy: str
    """`Fail`: pods are refused; `Ignore`: pods start without what it does."""
    namespaces: tuple[str, ...]
    """Namespaces in which pods of some kind are sent to it."""
    workloads: tuple[str, ...]
    findings: Diagnostics = ()


def blast_radii(
    documents: Iterable[Document], cases: tuple[Case, ...], namespaces: Mapping[str, Namespace]
) -> tuple[BlastRadius, ...]:
    """Ask every webhook that is called when pods are made."""
    known = dict(namespaces)
    for case in cases:
        known.setdefault(case.namespace, Namespace(name=case.namespace, labels=FrozenMap({_NAME: case.namespace})))
    found: list[BlastRadius] = []
    for document in documents:
        content = dict(document.content)
        if content.get("kind") not in _KINDS:
            continue
        for index, webhook in enumerate(items(content, "webhooks")):
            if _is_about_pods(webhook):
                name = f"{content['kind']} {section(content, 'metadata').get('name', '')}, {webhook.get('name', '')}"
                where = Where(origin=document.origin, resource=name, path=("webhooks", index))
                found.append(_radius(webhook, where, cases, known))
    return tuple(found)


def _is_about_pods(webhook: Json) -> bool:
    return any(
        _covers(rule, "resources", "pods") and _covers(rule, "operations", "CREATE") and _covers(rule, "apiGroups", "")
        for rule in items(webhook, "rules")
    )


def _covers(rule: Json, key: str, wanted: str) -> bool:
    values: Any = rule.get(key)
    return isinstance(values, list) and bool({wanted, "*", "*/*"} & set(map(str, cast(list[Any], values))))


def _radius(webhook: Json, where: Where, cases: tuple[Case, ...], known: Mapping[str, Namespace]) -> BlastRadius:
    of_namespace, of_pod = selector_of(webhook.get("namespaceSelector")), selector_of(webhook.get("objectSelector"))
    inside = {name for name, each in known.items() if of_namespace.selects(dict(each.labels or {}))}
    policy = str(webhook.get("failurePolicy") or "Fail")
    return BlastRadius(
        webhook=where.resource,
        failure_policy=policy,
        namespaces=tuple(sorted(inside)),
        workloads=tuple(
            case.title
            for case in cases
            if case.namespace in inside and of_pod.selects(labels(pod_in(case.document, case.place)))
        ),
        findings=_findings(webhook, where, inside) if policy == "Fail" else (),
    )


def _findings(webhook: Json, where: Where, inside: set[str]) -> Diagnostics:
    found: list[Diagnostic] = []
    own = str(section(webhook, "clientConfig", "service").get("namespace") or "")
    path: Path = (*where.path, "namespaceSelector")
    place = Where(origin=where.origin, resource=where.resource, path=path)
    if own in inside and not webhook.get("objectSelector"):
        message = f"it is asked about pods of its own namespace {own}: once down, it cannot start again"
        hint = f"exclude {own} with a namespaceSelector, or its pods with an objectSelector"
        found.append(
            Diagnostic(code="webhook-blocks-itself", severity="error", message=message, where=place, hint=hint)
        )
    system = sorted(inside & IGNORED_NAMESPACES)
    if system:
        message = f"pods of the system wait for it: {', '.join(system)}"
        hint = "exclude them with a namespaceSelector on kubernetes.io/metadata.name"
        found.append(
            Diagnostic(code="webhook-blocks-system", severity="warning", message=message, where=place, hint=hint)
        )
    return tuple(found)
