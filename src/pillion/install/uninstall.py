"""Removing from a live cluster: survey, delete in order, and survey again to prove it."""

import asyncio
import datetime as dt
import time
from collections.abc import Callable, Iterable

from pillion.install.cluster import Cluster, Collection, Document
from pillion.install.inventory import (
    Entry,
    InjectedPod,
    Inventory,
    entry_of,
    injected_pod,
    is_occupant,
    owners_of,
    statement_of,
)
from pillion.install.manifest import KINDS, ObjectKey, key_of
from pillion.install.ownership import OWNER, OWNER_LABEL
from pillion.install.removal import Removal, Wish, Withdrawal, plan_removal, plan_withdrawal
from pillion.resources.frozen import thaw
from pillion.resources.kinds import is_istio_group
from pillion.sources.kubernetes.client import ApiError
from pillion.value import Value

LOOK_EVERY = 0.2
RESTARTABLE = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}
RESTARTED = "kubectl.kubernetes.io/restartedAt"
"""The annotation by which kubectl restarts a workload."""


class Left(Value):
    """An object of ours that is there after a removal."""

    entry: Entry
    reason: str


class Proof(Value):
    """What a second inventory found."""

    left: tuple[Left, ...]
    said: tuple[tuple[Withdrawal, str], ...]
    """What we said in the status of others' objects and could not take off, and why."""
    unseen: tuple[str, ...]
    """Collections that could not be listed: about these nothing is proved."""


async def survey(cluster: Cluster) -> Inventory:
    """List everything of ours. Raises `ApiError` when not even the collections can be asked for."""
    collections = await cluster.collections()
    labelled, failed = await cluster.listed_all(collections, selector=f"{OWNER_LABEL}={OWNER}")
    makeable = {(version, plural) for version, plural in KINDS.values()}
    ours = [each for each in collections if (each.api_version, each.plural) in makeable]
    written, also_failed = await cluster.listed_all(ours)
    entries: dict[str, Entry] = {}
    for found in (labelled, written):
        for collection, documents in found.items():
            for entry in (entry_of(document, collection.plural) for document in documents):
                if entry is not None:
                    entries.setdefault(entry.uid, entry)
    homes = [entry.key.name for entry in entries.values() if entry.key.kind == "Namespace"]
    istio = [each for each in collections if is_istio_group(each.api_version.partition("/")[0])]
    theirs, unread = await cluster.listed_all(istio, whole=True)
    statements = (statement_of(each, of.plural) for of, documents in theirs.items() for each in documents)
    occupants = await _occupants(cluster, collections, homes)
    pods, problems = await _pods(cluster, collections)
    unseen = {**failed, **also_failed, **unread, **problems}
    return Inventory(
        entries=tuple(sorted(entries.values(), key=lambda each: each.key)),
        pods=pods,
        occupants=occupants,
        statements=tuple(sorted((each for each in statements if each is not None), key=lambda each: each.key)),
        unseen=tuple(sorted(f"{of.plural} of {of.api_version}: {problem}" for of, problem in unseen.items())),
    )


async def remove(cluster: Cluster, removals: Iterable[Removal], say: Callable[[Removal], None]) -> dict[str, str]:
    """Delete what is to be deleted, in order; return what the API server refused, by uid."""
    refused: dict[str, str] = {}
    for removal in removals:
        entry = removal.entry
        if removal.action == "delete":
            try:
                await cluster.delete(entry.key, entry.plural, entry.uid)
            except ApiError as problem:
                if problem.code not in {403, 409, 422}:
                    raise
                refused[entry.uid] = f"the API server refused: {problem.message}"
                continue
        say(removal)
    return refused


async def withdraw(cluster: Cluster, withdrawals: Iterable[Withdrawal]) -> dict[str, str]:
    """Take what we said off the status of others' objects; return what the API server refused, by uid."""
    refused: dict[str, str] = {}
    for each in withdrawals:
        statement = each.statement
        # Of exactly the object that was looked at: its author may be writing, too.
        body = {"metadata": {"resourceVersion": statement.version}, "status": thaw(each.status)}
        try:
            await cluster.merge(statement.key, statement.plural, body, "status")
        except ApiError as problem:
            if problem.code in {403, 422}:
                refused[statement.uid] = f"the API server refused: {problem.message}"
            elif problem.code not in {404, 409}:
                raise
    return refused


async def prove(cluster: Cluster, wish: Wish, refused: dict[str, str], patience: float) -> Proof:
    """Wait until what was deleted is gone, take off what we said elsewhere, and tell what of ours is left and why.

    A control plane that is still about to end makes its Secret and its Lease anew: these are deleted again.
    """
    deadline = time.monotonic() + patience
    has_tried = False
    while True:
        found = await survey(cluster)
        removals = plan_removal(found, wish)
        left = [_left(removal, refused) for removal in removals]
        withdrawals = tuple(plan_withdrawal(found, wish))
        takeable = [each for each in withdrawals if each.statement.uid not in refused]
        is_waiting = bool(takeable) or any(each.entry.is_going or not each.reason for each in left)
        if not is_waiting or (time.monotonic() > deadline and has_tried):
            said = tuple((each, refused.get(each.statement.uid, "")) for each in withdrawals)
            return Proof(left=tuple(left), said=said, unseen=found.unseen)
        has_tried = True
        refused |= await withdraw(cluster, takeable)
        anew = (each for each in removals if not each.entry.is_going and each.entry.uid not in refused)
        refused |= await remove(cluster, anew, lambda _: None)
        await asyncio.sleep(LOOK_EVERY)


async def restart(cluster: Cluster, pods: Iterable[InjectedPod], now: dt.datetime) -> dict[ObjectKey, str]:
    """Have the workloads of pods make them anew; return a problem for each, or an empty text."""
    done: dict[ObjectKey, str] = {}
    annotation = {RESTARTED: now.isoformat(timespec="seconds")}
    body: Document = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
    for pod in pods:
        alone = ObjectKey(api_version="v1", kind="Pod", namespace=pod.namespace, name=pod.name)
        owner = pod.owner or alone
        if owner in done:
            continue
        if owner.kind not in RESTARTABLE:
            done[owner] = "makes no pods anew by itself: delete it, and apply it again"
            continue
        try:
            await cluster.merge(owner, RESTARTABLE[owner.kind], body)
            done[owner] = ""
        except ApiError as problem:
            done[owner] = str(problem)
    return done


def _left(removal: Removal, refused: dict[str, str]) -> Left:
    entry = removal.entry
    if entry.is_going and entry.finalizers:
        return Left(entry=entry, reason=f"is being deleted and waits for {', '.join(entry.finalizers)}")
    if entry.is_going:
        return Left(entry=entry, reason="is being deleted")
    return Left(entry=entry, reason=removal.reason or refused.get(entry.uid, ""))


async def _occupants(
    cluster: Cluster, collections: tuple[Collection, ...], namespaces: list[str]
) -> tuple[ObjectKey, ...]:
    found: list[ObjectKey] = []
    inside = [each for each in collections if each.namespaced]
    for namespace in namespaces:
        listed, failed = await cluster.listed_all(inside, namespace)
        found += [key_of(each) for documents in listed.values() for each in documents if is_occupant(each)]
        # What cannot be seen may be there: a namespace is not deleted over it.
        found += [
            ObjectKey(api_version=of.api_version, kind=of.kind, namespace=namespace, name="(cannot be listed)")
            for of in failed
        ]
    return tuple(sorted(found))


async def _pods(
    cluster: Cluster, collections: tuple[Collection, ...]
) -> tuple[tuple[InjectedPod, ...], dict[Collection, ApiError]]:
    wanted = {("v1", "pods"), ("apps/v1", "replicasets"), ("batch/v1", "jobs")}
    listed, failed = await cluster.listed_all(each for each in collections if (each.api_version, each.plural) in wanted)
    documents = [each for found in listed.values() for each in found]
    owners = owners_of(documents)
    pods = (injected_pod(each, owners) for each in documents if each["kind"] == "Pod")
    return tuple(sorted((pod for pod in pods if pod is not None), key=lambda pod: (pod.namespace, pod.name))), failed
