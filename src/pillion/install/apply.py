"""Installing: read what is there, decide, try without effect, then write in order; and wait until it works."""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import msgspec

from pillion.install.authority import secret_keys, vouched
from pillion.install.cluster import Cluster
from pillion.install.manifest import KINDS, Manifest, ObjectKey
from pillion.install.objects import objects, unwanted
from pillion.install.options import Options
from pillion.install.plan import Step, compared, step_away, step_for
from pillion.install.webhooks import with_what_is_kept
from pillion.sources.kubernetes.client import ApiError
from pillion.value import Value

LOOK_EVERY = 0.2
Say = Callable[[Step], None]


class Manner(Value):
    """How to install."""

    dry_run: bool = False
    adopt: bool = False
    """Take over what somebody else made from our YAML."""
    force: bool = False
    """Take fields that somebody else has set on objects of ours."""
    patience: float = 0.0
    """Seconds to wait until all of it works; 0 to not wait."""


class Outcome(Value):
    """What became of an installation."""

    steps: tuple[Step, ...]
    refused: bool = False
    """Something stood in the way, so nothing was written."""
    waiting: tuple[str, ...] = ()
    """What did not work yet when the patience was over."""


async def install(cluster: Cluster, options: Options, manner: Manner, say: Say) -> Outcome:
    """Install; `say` hears of every step as it is done.

    Raises `ApiError`, and `authority.AuthorityError`.
    """
    wanted = await _wanted(cluster, options)
    leftover = unwanted(options)
    found = await _found(cluster, [each.key for each in (*wanted, *leftover)])
    wanted = tuple(with_what_is_kept(each, found[each.key], options) for each in wanted)
    steps = [step_for(each, found[each.key], adopt=manner.adopt) for each in wanted]
    steps = await _tried(cluster, steps, found, manner)
    away = (step_away(each, found[each.key]) for each in leftover)
    steps += [step for step in away if step is not None]
    refused = any(step.action == "refuse" for step in steps)
    if refused or manner.dry_run:
        for step in steps:
            say(step)
        return Outcome(steps=tuple(steps), refused=refused)
    done = [await _done(cluster, step, found, manner, say) for step in steps]
    waiting = await healthy(cluster, [step.key for step in done if step.key.kind == "Deployment"], manner.patience)
    return Outcome(steps=tuple(done), waiting=waiting)


async def healthy(cluster: Cluster, deployments: Iterable[ObjectKey], patience: float) -> tuple[str, ...]:
    """Wait until Deployments have all their replicas, up to date and available; tell which have not."""
    if not patience:
        return ()
    deadline = time.monotonic() + patience
    left = list(deployments)
    problems: dict[ObjectKey, str] = {}
    while left:
        for key in list(left):
            problem = rollout_problem(await cluster.get(key))
            if problem:
                problems[key] = f"{key}: {problem}"
            else:
                left.remove(key)
        if time.monotonic() > deadline:
            break
        if left:
            await asyncio.sleep(LOOK_EVERY)
    return tuple(problems[key] for key in left)


def rollout_problem(deployment: Mapping[str, Any] | None) -> str:
    """Say what a Deployment lacks; empty when it lacks nothing."""
    if deployment is None:
        return "is gone"
    status: Mapping[str, Any] = deployment.get("status") or {}
    count = int(deployment["spec"].get("replicas", 1))
    if int(status.get("observedGeneration", 0)) < int(deployment["metadata"].get("generation", 0)):
        return "is not looked at yet by the cluster's controllers"
    updated, available = int(status.get("updatedReplicas", 0)), int(status.get("availableReplicas", 0))
    if updated < count or available < count or int(status.get("replicas", 0)) > count:
        return f"{available} of {count} replicas are available, {updated} up to date"
    return ""


async def _wanted(cluster: Cluster, options: Options) -> tuple[Manifest, ...]:
    if not options.is_certificate_ours:
        return objects(options)
    of_authority, of_leaf = secret_keys(options)
    bundle, secrets = vouched(
        options, (await cluster.get(of_authority), await cluster.get(of_leaf)), dt.datetime.now(dt.UTC)
    )
    made = (*objects(msgspec.structs.replace(options, roots=bundle)), *secrets)
    order = list(KINDS)
    return tuple(sorted(made, key=lambda each: order.index(each.key.kind)))


async def _found(cluster: Cluster, keys: Iterable[ObjectKey]) -> dict[ObjectKey, dict[str, Any] | None]:
    found: dict[ObjectKey, dict[str, Any] | None] = {}

    async def one(key: ObjectKey) -> None:
        found[key] = await cluster.get(key)

    await _together(one(key) for key in keys)
    return found


async def _together(many: Iterable[Awaitable[None]]) -> None:
    """Run all; the first failure of the API server is the one that is told."""
    try:
        async with asyncio.TaskGroup() as tasks:
            for each in many:
                tasks.create_task(_waited(each))
    except* ApiError as group:
        first: BaseException = group
        while isinstance(first, BaseExceptionGroup):
            first = first.exceptions[0]
        raise first from None


async def _waited(each: Awaitable[None]) -> None:
    await each


async def _tried(
    cluster: Cluster, steps: list[Step], found: Mapping[ObjectKey, dict[str, Any] | None], manner: Manner
) -> list[Step]:
    """Apply changes without effect first: a conflict is known before anything is written."""
    tried: list[Step] = []
    for step in steps:
        before = found[step.key]
        if step.action != "change" or before is None:
            tried.append(step)
            continue
        try:
            after = await cluster.apply(step.manifest, force=manner.force, dry_run=True)
            tried.append(compared(step, before, after))
        except ApiError as problem:
            if problem.code not in {409, 422}:
                raise
            hint = "; --force-conflicts takes them back" if problem.code == 409 else ""
            tried.append(Step(manifest=step.manifest, action="refuse", reason=f"{problem.message}{hint}"))
    return tried


async def _done(
    cluster: Cluster, step: Step, found: Mapping[ObjectKey, dict[str, Any] | None], manner: Manner, say: Say
) -> Step:
    done = step
    if step.action in {"create", "change"}:
        before = found[step.key]
        after = await cluster.apply(step.manifest, force=manner.force)
        done = step if before is None else compared(step, before, after)
    elif step.action == "remove":
        metadata: Mapping[str, Any] = (found[step.key] or {}).get("metadata") or {}
        await cluster.delete(step.key, KINDS[step.key.kind][1], str(metadata.get("uid", "")))
    elif step.action == "unchanged":
        # Nothing changes, but what is applied now is what we want from here on.
        await cluster.apply(step.manifest, force=manner.force)
    say(done)
    return done
