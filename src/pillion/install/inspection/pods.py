"""What became of each pod: injected or not, by which revision, and whether it would come out the same today."""

from collections.abc import Mapping, Sequence
from typing import Literal

from msgspec.structs import replace

from pillion.inject.injection import Injector, Options
from pillion.inject.pod import status
from pillion.inject.pod.containers import PROXY, find, labels
from pillion.inject.policy import Namespace
from pillion.inject.rendering.proxy_configs import Shelves
from pillion.inject.schema.types import Json, section
from pillion.inject.uninject import uninject
from pillion.inject.webhooks import verdicts
from pillion.install.inspection.drift import drift
from pillion.install.inventory import controller_of
from pillion.install.options import DEFAULT
from pillion.value import NO_LABELS, FrozenMap, Value, has_errors

State = Literal["injected", "outdated", "missing", "leftover", "skipped"]
"""`outdated`: injected, and would come out differently today. `missing`: not injected, and would be today. `leftover`:
injected, and nobody would do it today."""


NO_CONFIGS: Shelves = FrozenMap()
NONE_OF_THEM: frozenset[str] = frozenset()
UNKNOWN_BY_HAND = ".env.ISTIO_META_OWNER."
"""A file says nothing of the namespace that it is applied to, which this variable names."""


class PodInjection(Value):
    """What became of one pod."""

    namespace: str
    name: str
    owner: str
    """`ReplicaSet web-6d4f`; empty for a pod on its own."""
    state: State
    revision: str = ""
    """Of the injection that it carries."""
    version: str = ""
    """Tag of the proxy's image."""
    rule: str = ""
    """The rule that decides about it today."""
    reason: str = ""
    drift: tuple[str, ...] = ()

    @property
    def is_wrong(self) -> bool:
        """Whether making it anew would change that."""
        return self.state in {"outdated", "missing", "leftover"}


class Settings:
    """What injects today: webhooks, and the settings of each revision that has usable ones."""

    def __init__(
        self,
        webhooks: Sequence[Json],
        injectors: Mapping[str, Injector],
        native: frozenset[str],
        *,
        openshift: frozenset[str] = NONE_OF_THEM,
        proxy_configs: Shelves = NO_CONFIGS,
    ) -> None:
        """Hold them.

        Args:
            webhooks: the configurations of the cluster.
            injectors: by revision, where its settings are usable.
            native: the revisions whose proxies are native sidecars.
            openshift: the revisions whose proxies have the ids of their namespace.
            proxy_configs: of the cluster; they count for what a webhook injects.
        """
        self.webhooks = list(webhooks)
        self.injectors = injectors
        self.native = native
        self.openshift = openshift
        self.proxy_configs = proxy_configs

    def options(self, revision: str, *, by_hand: bool) -> Options:
        """Say how a revision injects."""
        own = "" if revision == DEFAULT else revision
        return Options(
            by_hand=by_hand,
            revision=own,
            native_sidecars=revision in self.native,
            openshift=revision in self.openshift and not by_hand,
            proxy_configs=NO_CONFIGS if by_hand else self.proxy_configs,
        )


def look(pod: Json, namespace: Namespace, settings: Settings, *, by_hand: bool = False) -> PodInjection:
    """Judge a live pod; `by_hand`: the template that it was made from carries the sidecar already."""
    record = status.read(pod)
    original = uninject(pod).document
    seen = _seen(pod, record)
    revision, rule, reason = _asked(original, namespace, settings)
    if by_hand:
        revision, rule = seen.revision, "by-hand"
        reason = "the template that it was made from carries the sidecar"
    if not revision:
        return replace(seen, state="leftover" if record else "skipped", rule=rule, reason=reason)
    injector = settings.injectors.get(revision)
    if injector is None:
        why = f"revision {revision} injects it, and has no usable settings"
        return replace(seen, state="injected" if record else "missing", rule="settings", reason=why)
    injection = injector.inject(original, None if by_hand else namespace, settings.options(revision, by_hand=by_hand))
    if has_errors(injection.diagnostics):
        why = "; ".join(each.message for each in injection.diagnostics if each.severity == "error")
        return replace(seen, state="outdated" if record else "missing", rule="failed", reason=f"cannot be made: {why}")
    if not by_hand and injection.decisions:
        deciding = injection.decisions[0].deciding
        rule, reason = deciding.name, deciding.reason
    if not injection.is_injected:
        return replace(seen, state="leftover" if record else "skipped", rule=rule, reason=reason)
    if record is None:
        return replace(seen, state="missing", rule=rule, reason=reason)
    changed = drift(pod, injection.document)
    if by_hand:
        changed = tuple(each for each in changed if UNKNOWN_BY_HAND not in each)
    if revision != seen.revision:
        changed = (f"revision is {seen.revision}, would be {revision}", *changed)
    return replace(seen, state="outdated" if changed else "injected", rule=rule, reason=reason, drift=changed)


def _seen(pod: Json, record: Json | None) -> PodInjection:
    metadata = section(pod, "metadata")
    owner = controller_of(pod)
    proxy = find(PROXY, pod) if record is not None else None
    return PodInjection(
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
        owner="" if owner is None else f"{owner[0].kind} {owner[0].name}",
        state="skipped",
        revision="" if record is None else str(record.get("revision") or DEFAULT),
        version=version_of(str((proxy or {}).get("image") or "")),
    )


def _asked(pod: Json, namespace: Namespace, settings: Settings) -> tuple[str, str, str]:
    """Ask the webhooks; return the revision of the first that takes the pod, else the rule and why none does."""
    found = verdicts(settings.webhooks, FrozenMap(labels(pod)), namespace.labels or NO_LABELS)
    if not found:
        return "", "no-webhook", "the cluster has no injection webhook"
    for each in found:
        if each.is_injected:
            return each.revision or DEFAULT, "webhook", each.reason
    return "", "webhook", "; ".join(dict.fromkeys(each.reason for each in found))


def version_of(image: str) -> str:
    """Return the tag of an image."""
    tag = image.partition("@")[0].rpartition("/")[2].partition(":")[2]
    return tag or ("latest" if image else "")
