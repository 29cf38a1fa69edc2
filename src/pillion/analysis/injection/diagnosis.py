"""A workload's verdict: the rules that were asked, the patch, and what follows from it."""

import json
from collections.abc import Mapping

from pillion.analysis.injection.cases import Case
from pillion.analysis.injection.consequences import consequences, in_document
from pillion.analysis.injection.resources import Totals, added
from pillion.inject.documents import pod_in
from pillion.inject.injection import Injection, Injector, Options
from pillion.inject.patch import difference
from pillion.inject.pod.slips import slips
from pillion.inject.policy import Decision, Namespace
from pillion.value import Diagnostic, Diagnostics, Value, Where, has_errors


class Diagnosis(Value):
    """What becomes of one workload."""

    workload: str
    """`Deployment shop/web`."""
    verdict: str
    """`injected`, `skipped` or `failed`."""
    where: Where
    rules: Diagnostics
    """Each rule that was asked, in order, as a diagnostic whose code is its name; the last one decided."""
    is_namespace_known: bool
    """Whether labels of its namespace are known: without them the webhook's own selectors could not be asked."""
    patch: tuple[str, ...] = ()
    """The operations that injection makes, each as JSON."""
    findings: Diagnostics = ()
    added: Totals = Totals()

    @property
    def is_wrong(self) -> bool:
        """Whether there is something to do about it."""
        return any(each.severity != "info" for each in self.findings)


def injection_of(case: Case, injector: Injector, namespaces: Mapping[str, Namespace], options: Options) -> Injection:
    """Inject a workload's pods as a cluster would."""
    namespace = namespaces.get(case.namespace) or Namespace(name=case.namespace, labels=None)
    return injector.inject(case.document, namespace, options)


def diagnose(case: Case, injector: Injector, namespaces: Mapping[str, Namespace], options: Options) -> Diagnosis:
    """Say what becomes of a workload, and why."""
    result = injection_of(case, injector, namespaces, options)
    given = (*slips(case.document), *result.diagnostics)
    failed = has_errors(given)
    verdict = "failed" if failed else "injected" if result.is_injected else "skipped"
    before, after = pod_in(case.document, case.place), pod_in(result.document, case.place)
    told = tuple(_placed(case, each) for each in given if each.code != "injection-skipped")
    return Diagnosis(
        workload=case.title,
        verdict=verdict,
        where=Where(origin=case.origin, resource=case.title),
        rules=tuple(rule for decision in result.decisions for rule in _rules(case, decision)),
        is_namespace_known=case.namespace in namespaces,
        patch=() if failed else tuple(json.dumps(each) for each in difference(case.document, result.document)),
        findings=(*told, *(consequences(case, before, after) if verdict == "injected" else ())),
        added=added(before, after) if verdict == "injected" else Totals(),
    )


def _rules(case: Case, decision: Decision) -> Diagnostics:
    return tuple(
        Diagnostic(
            code=rule.name,
            severity="info",
            message=rule.reason,
            where=Where(origin=case.origin if rule.path else None, path=in_document(case, rule.path)),
            hint=rule.outcome,
        )
        for rule in decision.rules
    )


def _placed(case: Case, found: Diagnostic) -> Diagnostic:
    where = Where(origin=case.origin, resource=case.title, path=found.where.path)
    return Diagnostic(code=found.code, severity=found.severity, message=found.message, where=where, hint=found.hint)
