"""What to create and what to delete next, so that the pods that there are become those that are wanted.

A pure step: it is asked again whenever a pod came, went, or became ready. New pods are ready before old ones leave, as
far as the workload's strategy allows.
"""

from collections.abc import Sequence
from typing import NamedTuple

from pillion.local.workloads import DesiredPod, Workload
from pillion.resources.meta import Ref
from pillion.value import Value


class ExistingPod(Value):
    """A pod that there is."""

    name: str
    namespace: str
    revision: str
    owner: Ref
    """The workload that it was made for: `DesiredPod`'s, not the ReplicaSet in between."""
    ready: bool = False
    leaving: bool = False
    """Whether it was told to end already."""


class Step(NamedTuple):
    """What to do now; the rest follows when this had its effect."""

    create: tuple[DesiredPod, ...] = ()
    delete: tuple[ExistingPod, ...] = ()


def next_step(workloads: Sequence[Workload], existing: Sequence[ExistingPod]) -> Step:
    """Return the next step for all workloads together; pods of workloads that are gone leave at once."""
    mine: dict[Ref, list[ExistingPod]] = {}
    for pod in existing:
        mine.setdefault(pod.owner, []).append(pod)
    wanted = {workload.ref for workload in workloads}
    steps = [_step(workload, mine.get(workload.ref, [])) for workload in workloads]
    orphans = [pod for pod in existing if pod.owner not in wanted and not pod.leaving]
    return Step(
        create=tuple(pod for step in steps for pod in step.create),
        delete=(*orphans, *(pod for step in steps for pod in step.delete)),
    )


def _step(workload: Workload, existing: Sequence[ExistingPod]) -> Step:
    match workload.rollout.strategy:
        case "RollingUpdate":
            return _rolling(workload, existing)
        case "Recreate":
            return _recreate(workload, existing)
        case "OnDelete":
            return _on_delete(workload, existing)
        case "Ordered":
            return _ordered(workload, existing)


def _rolling(workload: Workload, existing: Sequence[ExistingPod]) -> Step:
    count, rollout = len(workload.pods), workload.rollout
    names = {pod.name: pod.revision for pod in workload.pods}
    staying = [pod for pod in existing if not pod.leaving]
    old = [pod for pod in staying if names.get(pod.name) != pod.revision]
    ready = sum(pod.ready for pod in staying)
    # an old pod that is not ready helps nobody; a ready one goes when enough others are
    spare = max(ready - (count - rollout.unavailable), 0)
    delete = [pod for pod in old if not pod.ready] + [pod for pod in old if pod.ready][:spare]
    there = {pod.name for pod in existing}
    missing = [pod for pod in workload.pods if pod.name not in there]
    room = max(count + rollout.surge - len(staying) + len(delete), 0)
    return Step(create=tuple(missing[:room]), delete=tuple(delete))


def _recreate(workload: Workload, existing: Sequence[ExistingPod]) -> Step:
    names = {pod.name: pod.revision for pod in workload.pods}
    old = [pod for pod in existing if names.get(pod.name) != pod.revision]
    if old:
        return Step(delete=tuple(pod for pod in old if not pod.leaving))
    return Step(create=_missing(workload, existing))


def _on_delete(workload: Workload, existing: Sequence[ExistingPod]) -> Step:
    """Make up for pods that are missing; those of an older template stay until somebody deletes them."""
    staying = [pod for pod in existing if not pod.leaving]
    names = {pod.name for pod in workload.pods}
    surplus = len(staying) - len(workload.pods)
    if surplus > 0:
        candidates = sorted(staying, key=lambda pod: (pod.name in names, pod.ready, pod.name))
        return Step(delete=tuple(candidates[:surplus]))
    return Step(create=_missing(workload, existing)[:-surplus] if surplus else ())


def _ordered(workload: Workload, existing: Sequence[ExistingPod]) -> Step:
    """Replace and remove the pods of a StatefulSet one by one, the last one first; create them in order."""
    there = {pod.name: pod for pod in existing}
    names = {pod.name for pod in workload.pods}
    surplus = sorted((pod for pod in existing if pod.name not in names), key=lambda pod: (len(pod.name), pod.name))
    if surplus:
        last = surplus[-1:] if workload.rollout.ordered else surplus
        return Step(delete=tuple(pod for pod in last if not pod.leaving))
    missing = _missing(workload, existing)
    if not workload.rollout.ordered and missing:
        return Step(create=missing)
    for pod in workload.pods:
        found = there.get(pod.name)
        if found is None:
            return Step(create=(pod,))
        if found.leaving or (workload.rollout.ordered and not found.ready and found.revision == pod.revision):
            return Step()
    outdated = [there[pod.name] for pod in workload.pods if there[pod.name].revision != pod.revision]
    broken = [pod for pod in outdated if not pod.ready]
    up_to_date_but_not_ready = any(not pod.ready for pod in existing if pod not in outdated)
    return Step(delete=() if up_to_date_but_not_ready else tuple((broken or outdated)[-1:]))


def _missing(workload: Workload, existing: Sequence[ExistingPod]) -> tuple[DesiredPod, ...]:
    there = {pod.name for pod in existing}
    return tuple(pod for pod in workload.pods if pod.name not in there)
