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
)
from pillion.install.manifest import KINDS, ObjectKey, key_of
from pillion.install.ownership import OWNER, OWNER_LABEL
from pillion.install.removal import Removal, Wish, plan_removal
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
    occupants = await _occupants(cluster, collections, homes)
    pods, problems = await _pods(cluster, collections)
    unseen = {**failed, **also_failed, **problems}
    return Inventory(
        entries=tuple(sorted(entries.values(), key=lambda each: each.key)),
        pods=pods,
        occupants=occupants,
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


async def prove(cluster: Cluster, wish: Wish, refused: dict[str, str], patience: float) -> Proof:
    """Wait until what was deleted is gone, and tell what of ours is left and why.

    A control plane that is still about to end makes its Secret and its Lease anew: these are deleted again.
    """
    deadline = time.monotonic() + patience
    while True:
        found = await survey(cluster)
        removals = plan_removal(found, wish)
        left = [_left(removal, refused) for removal in removals]
        is_waiting = any(each.entry.is_going or not each.reason for each in left)
        if not is_waiting or time.monotonic() > deadline:
            return Proof(left=tuple(left), unseen=found.unseen)
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
