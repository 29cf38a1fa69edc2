"""Workload documents to the pods that they ask for: Deployment, ReplicaSet, StatefulSet, DaemonSet, Job, and Pod.

Works on documents: what is not understood here must reach the pod as it was written. Names are the same at every
start, `<deployment>-<hash of its template>-<suffix>` as Kubernetes' look, so that a pod keeps its address and its logs.
"""

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

from pillion.inject.pod.slips import hint_of_containers
from pillion.resources.meta import Ref
from pillion.value import Diagnostic, Diagnostics, Value, Where

KINDS = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Pod"})
MOST_PODS = 500
"""Of one workload; each is a set of namespaces and processes of this machine."""
_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Kubernetes' letters for generated names: no vowels, so no words."""

Document = Mapping[str, Any]
Strategy = Literal["RollingUpdate", "Recreate", "OnDelete", "Ordered"]


class DesiredPod(NamedTuple):
    """A pod as its workload wants it. A tuple, not a `Value`, for a document has no hash."""

    name: str
    revision: str
    """A hash of the template; another one means that the pod must be replaced."""
    document: Document


class Rollout(Value):
    """How a workload's pods are replaced."""

    strategy: Strategy = "RollingUpdate"
    surge: int = 0
    """How many pods more than wanted there may be meanwhile."""
    unavailable: int = 0
    """How many pods fewer than wanted may be ready meanwhile."""
    ordered: bool = False
    """Whether a pod waits until those before it are ready."""


class Workload(NamedTuple):
    """A workload and all the pods that it wants, in order."""

    ref: Ref
    pods: tuple[DesiredPod, ...]
    rollout: Rollout


def read(document: Document) -> tuple[Workload | None, Diagnostics]:
    """Read a workload's document; nothing, and why, if it has no usable template."""
    reader = _Reader(document)
    workload = reader.read()
    return workload, tuple(reader.diagnostics)


def short_hash(value: object, length: int = 10) -> str:
    """Return a hash of a JSON value in Kubernetes' letters."""
    digest = hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":"), default=str).encode()).digest()
    number = int.from_bytes(digest)
    letters: list[str] = []
    for _ in range(length):
        number, letter = divmod(number, len(_ALPHABET))
        letters.append(_ALPHABET[letter])
    return "".join(letters)


class _Reader:
    """Reads one workload document; it does not outlive `read`."""

    def __init__(self, document: Document) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._document: Document = document
        self._spec: Document = _mapping(document.get("spec"))
        metadata = _mapping(document.get("metadata"))
        self._name: str = str(metadata.get("name", ""))
        self._namespace: str = str(metadata.get("namespace") or "default")
        self._kind: str = str(document.get("kind", ""))
        self._template: Document = document if self._kind == "Pod" else _mapping(self._spec.get("template"))
        self._hash: str = short_hash(_without_status(self._template))
        self._uid: str = str(metadata.get("uid") or self._made_uid(self._kind, self._name))

    def read(self) -> Workload | None:
        spec = _mapping(self._template.get("spec"))
        containers = spec.get("containers")
        if not isinstance(containers, list) or not containers:
            path = ("spec",) if self._kind == "Pod" else ("spec", "template", "spec")
            message = "is missing, expected at least one container"
            self._tell("no-containers", (*path, "containers"), message, hint_of_containers(spec))
            return None
        match self._kind:
            case "Deployment":
                pods, rollout = self._of_replica_set(f"{self._name}-{self._hash}"), self._deployment_rollout()
            case "ReplicaSet":
                pods, rollout = self._of_replica_set(self._name), Rollout(strategy="OnDelete")
            case "StatefulSet":
                pods, rollout = self._of_stateful_set(), self._stateful_rollout()
            case "DaemonSet":
                pods, rollout = self._of_daemon_set(), self._daemon_rollout()
            case "Job":
                pods, rollout = self._of_job(), Rollout(strategy="Recreate")
            case "Pod":
                pods, rollout = [self._as_it_is()], Rollout(strategy="Recreate")
            case _:
                self._tell("unknown-workload", ("kind",), f"{self._kind} does not make pods")
                return None
        ref = Ref(kind=self._kind, namespace=self._namespace, name=self._name)
        return Workload(ref=ref, pods=tuple(pods), rollout=rollout)

    def _of_replica_set(self, base: str) -> list[DesiredPod]:
        labels = {"pod-template-hash": self._hash} if self._kind == "Deployment" else {}
        owner = self._owner("ReplicaSet", base)
        return [
            self._pod(f"{base}-{suffix}", {"generateName": f"{base}-"}, labels, owner)
            for suffix in self._suffixes(self._count("replicas"))
        ]

    def _of_stateful_set(self) -> list[DesiredPod]:
        start = _mapping(self._spec.get("ordinals")).get("start", 0)
        first = start if isinstance(start, int) else 0
        owner = self._owner("StatefulSet", self._name)
        revision = f"{self._name}-{self._hash}"
        pods: list[DesiredPod] = []
        for ordinal in range(first, first + self._count("replicas")):
            name = f"{self._name}-{ordinal}"
            labels = {
                "statefulset.kubernetes.io/pod-name": name,
                "apps.kubernetes.io/pod-index": str(ordinal),
                "controller-revision-hash": revision,
            }
            identity = {"hostname": name, "subdomain": str(self._spec.get("serviceName", ""))}
            pods.append(self._pod(name, {"generateName": f"{self._name}-"}, labels, owner, identity))
        return pods

    def _of_daemon_set(self) -> list[DesiredPod]:
        labels = {"controller-revision-hash": self._hash}
        owner = self._owner("DaemonSet", self._name)
        suffix = next(self._suffixes(1))
        return [self._pod(f"{self._name}-{suffix}", {"generateName": f"{self._name}-"}, labels, owner)]

    def _of_job(self) -> list[DesiredPod]:
        labels = {"batch.kubernetes.io/job-name": self._name, "job-name": self._name}
        owner = self._owner("Job", self._name)
        count = self._count("parallelism")
        if "completions" in self._spec:
            count = min(count, self._count("completions"))
        return [
            self._pod(f"{self._name}-{suffix}", {"generateName": f"{self._name}-"}, labels, owner)
            for suffix in self._suffixes(count)
        ]

    def _as_it_is(self) -> DesiredPod:
        metadata = {**_mapping(self._document.get("metadata")), "namespace": self._namespace}
        document = {**_without_status(self._document), "metadata": metadata}
        return DesiredPod(name=self._name, revision=self._hash, document=document)

    def _pod(
        self,
        name: str,
        extra: Mapping[str, str],
        labels: Mapping[str, str],
        owner: Mapping[str, Any],
        identity: Mapping[str, str] | None = None,
    ) -> DesiredPod:
        written = _mapping(self._template.get("metadata"))
        metadata = {
            **written,
            **extra,
            "name": name,
            "namespace": self._namespace,
            "labels": {**_mapping(written.get("labels")), **labels},
            "ownerReferences": [owner],
        }
        spec = {**_mapping(self._template.get("spec")), **(identity or {})}
        document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}
        return DesiredPod(name=name, revision=self._hash, document=document)

    def _owner(self, kind: str, name: str) -> Mapping[str, Any]:
        return {
            "apiVersion": "batch/v1" if kind == "Job" else "apps/v1",
            "kind": kind,
            "name": name,
            "uid": self._uid if kind == self._kind else self._made_uid(kind, name),
            "controller": True,
            "blockOwnerDeletion": True,
        }

    def _suffixes(self, count: int) -> Iterator[str]:
        """Yield distinct endings for the pods of one template; the first ones stay the same when there are more."""
        seen: set[str] = set()
        number = 0
        while len(seen) < count:
            suffix = short_hash([self._kind, self._namespace, self._name, self._hash, number], 5)
            number += 1
            if suffix not in seen:
                seen.add(suffix)
                yield suffix

    def _deployment_rollout(self) -> Rollout:
        strategy = _mapping(self._spec.get("strategy"))
        if strategy.get("type") == "Recreate":
            return Rollout(strategy="Recreate")
        settings = _mapping(strategy.get("rollingUpdate"))
        replicas = self._count("replicas")
        surge = _share(settings.get("maxSurge", "25%"), replicas, up=True)
        unavailable = _share(settings.get("maxUnavailable", "25%"), replicas, up=False)
        return Rollout(surge=surge, unavailable=unavailable if surge or unavailable else 1)

    def _stateful_rollout(self) -> Rollout:
        on_delete = _mapping(self._spec.get("updateStrategy")).get("type") == "OnDelete"
        ordered = self._spec.get("podManagementPolicy") != "Parallel"
        return Rollout(strategy="OnDelete" if on_delete else "Ordered", unavailable=1, ordered=ordered)

    def _daemon_rollout(self) -> Rollout:
        strategy = _mapping(self._spec.get("updateStrategy"))
        settings = _mapping(strategy.get("rollingUpdate"))
        surge = _share(settings.get("maxSurge", 0), 1, up=True)
        if strategy.get("type") == "OnDelete":
            return Rollout(strategy="OnDelete")
        return Rollout(surge=surge, unavailable=0 if surge else 1)

    def _count(self, field: str) -> int:
        value = self._spec.get(field)
        if value is None:
            return 1
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            if value > MOST_PODS:
                self._tell(
                    "too-many-pods", ("spec", field), f"is {value}, expected {MOST_PODS} or fewer on one machine"
                )
            return min(value, MOST_PODS)
        self._tell("bad-count", ("spec", field), f"is {value!r}, expected a number that is not negative")
        return 1

    def _made_uid(self, kind: str, name: str) -> str:
        key = f"{kind}/{self._namespace}/{name}"
        return str(uuid.UUID(bytes=hashlib.sha256(key.encode()).digest()[:16], version=4))

    def _tell(self, code: str, path: tuple[str | int, ...], message: str, hint: str = "") -> None:
        where = Where(resource=f"{self._kind} {self._namespace}/{self._name}", path=path)
        self.diagnostics.append(Diagnostic(code=code, severity="error", message=message, where=where, hint=hint))


def _without_status(document: Document) -> Document:
    return {key: value for key, value in document.items() if key != "status"}


def _share(value: object, of: int, *, up: bool) -> int:
    """Return a number that may be written as a percentage."""
    text = str(value)
    if text.endswith("%") and text[:-1].isdigit():
        product = int(text[:-1]) * of
        return -(-product // 100) if up else product // 100
    return int(text) if text.isdigit() else 0


def _mapping(value: object) -> Document:
    return cast(Document, value) if isinstance(value, Mapping) else {}
