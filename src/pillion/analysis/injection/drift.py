"""What would change for workloads with other settings: fleet drift."""

import json
from collections.abc import Iterable, Mapping

from pillion.analysis.injection.cases import Case
from pillion.analysis.injection.diagnosis import injection_of
from pillion.inject.injection import Injector, Options
from pillion.inject.patch import difference
from pillion.inject.policy import Namespace
from pillion.value import Value, has_errors


class Drift(Value):
    """The difference between two injections of one workload."""

    workload: str
    before: str
    """The verdict with the settings in use: `injected`, `skipped` or `failed`."""
    after: str
    operations: tuple[str, ...]
    """What turns the one result into the other, each operation as JSON."""


def drift(
    cases: Iterable[Case],
    injectors: tuple[Injector, Injector],
    namespaces: Mapping[str, Namespace],
    options: Options,
) -> tuple[Drift, ...]:
    """Return the workloads that come out differently, in order."""
    found: list[Drift] = []
    for case in cases:
        old, new = (injection_of(case, injector, namespaces, options) for injector in injectors)
        before, after = (
            "failed" if has_errors(each.diagnostics) else "injected" if each.is_injected else "skipped"
            for each in (old, new)
        )
        operations = tuple(json.dumps(each) for each in difference(old.document, new.document))
        if operations or before != after:
            found.append(Drift(workload=case.title, before=before, after=after, operations=operations))
    return tuple(found)
