"""What of ours is in a cluster: from the documents of a live one or of a dump, by label and by who wrote them.

The proof of a removal is a second inventory: it is made from what is there, never from what was removed.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pillion.controlplane.writing.status import withdrawal
from pillion.install.crd.definitions import SPELLINGS
from pillion.install.manifest import KINDS, ObjectKey, key_of
from pillion.install.ownership import (
    CONTROL_PLANE,
    FIELD_MANAGER,
    Ownership,
    managers,
    metadata_of,
    ownership,
    revision_of,
)
from pillion.resources.frozen import FrozenJson, freeze, thaw
from pillion.resources.kinds import is_istio_group
from pillion.value import FrozenMap, Value

STATUS = "sidecar.istio.io/status"
"""Injection records itself in this annotation."""
EVER_THERE = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
"""Kubernetes puts these into every namespace."""
FOLLOWERS = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics", "ControllerRevision"})
"""Kinds that come and go with others."""
ADDRESSES = "addresses"
VERDICT = frozenset({"conditions", "validationMessages"})
"""Fields of a status that we write."""


class Entry(Value):
    """An object of ours."""

    key: ObjectKey
    plural: str
    uid: str
    ownership: Ownership
    revision: str
    """Empty for what all revisions share."""
    authors: tuple[str, ...]
    finalizers: tuple[str, ...] = ()
    is_going: bool = False
    """It is deleted already, and waits for its finalizers."""


class InjectedPod(Value, order=True):
    """A pod that carries a sidecar."""

    namespace: str
    name: str
    revision: str
    owner: ObjectKey | None
    """The workload that would make it anew; None for a pod on its own."""


class Statement(Value):
    """What we wrote into the status of an object."""

    key: ObjectKey
    plural: str
    uid: str
    revision: str
    """Of the object: whose control plane says whether it can be read."""
    version: str
    """The `resourceVersion` that was looked at."""
    status: FrozenMap[FrozenJson]
    """The whole status."""
    owned: frozenset[str]
    """The fields of it that the control plane wrote last."""

    def correction(self, *, addresses: bool) -> FrozenMap[FrozenJson]:
        """Return what is to be merged into the status to take off what we said, `addresses` too if told to."""
        status = cast("dict[str, Any]", thaw(self.status))
        found: dict[str, Any] = (withdrawal(status) or {}) if self.owned & VERDICT else {}
        if addresses and ADDRESSES in self.owned:
            found[ADDRESSES] = None
        changed = {name: value for name, value in found.items() if name in status and status[name] != value}
        return cast("FrozenMap[FrozenJson]", freeze(changed))


class Inventory(Value):
    """What is there."""

    entries: tuple[Entry, ...] = ()
    pods: tuple[InjectedPod, ...] = ()
    occupants: tuple[ObjectKey, ...] = ()
    """What others keep in namespaces of ours."""
    statements: tuple[Statement, ...] = ()
    """What we wrote into the status of others' objects."""
    unseen: tuple[str, ...] = ()
    """Collections that could not be listed, and why."""


def entry_of(document: Mapping[str, Any], plural: str) -> Entry | None:
    """Return what is ours; what follows from another object goes with it, and is none."""
    metadata = metadata_of(document)
    key = key_of(dict(document))
    if metadata.get("ownerReferences") or key.kind in FOLLOWERS:
        return None
    whose = ownership(document)
    if whose == "foreign" and not _is_unlabelled(document, key):
        return None
    return Entry(
        key=key,
        plural=plural,
        uid=str(metadata.get("uid", "")),
        ownership="ours" if whose == "foreign" else whose,
        revision=revision_of(document),
        authors=tuple(sorted(managers(document))),
        finalizers=tuple(cast("list[str]", metadata.get("finalizers") or [])),
        is_going=bool(metadata.get("deletionTimestamp")),
    )


def statement_of(document: Mapping[str, Any], plural: str) -> Statement | None:
    """Return what we wrote into the status of a whole object, if anything."""
    key = key_of(dict(document))
    status, metadata = _map(document.get("status")), metadata_of(document)
    owned = _owned(metadata) & status.keys()
    if not owned or not is_istio_group(key.api_version.partition("/")[0]):
        return None
    return Statement(
        key=key,
        plural=plural,
        uid=str(metadata.get("uid", "")),
        revision=revision_of(document) or "default",
        version=str(metadata.get("resourceVersion", "")),
        status=cast("FrozenMap[FrozenJson]", freeze(status)),
        owned=owned,
    )


def injected_pod(document: Mapping[str, Any], owners: Mapping[str, ObjectKey]) -> InjectedPod | None:
    """Return a pod that carries a sidecar; `owners` leads from the uid of a ReplicaSet or Job to who made it."""
    metadata = metadata_of(document)
    annotations = cast("Mapping[str, str]", metadata.get("annotations") or {})
    if STATUS not in annotations or metadata.get("deletionTimestamp"):
        return None
    key = key_of(dict(document))
    owner = controller_of(document)
    return InjectedPod(
        namespace=key.namespace,
        name=key.name,
        revision=_revision(annotations[STATUS]),
        owner=None if owner is None else owners.get(owner[1], owner[0]),
    )


def controller_of(document: Mapping[str, Any]) -> tuple[ObjectKey, str] | None:
    """Name the object that made another one, and its uid."""
    metadata = metadata_of(document)
    for each in cast("list[Mapping[str, Any]]", metadata.get("ownerReferences") or []):
        if each.get("controller"):
            home = str(metadata.get("namespace") or "")
            key = ObjectKey(api_version=each["apiVersion"], kind=each["kind"], namespace=home, name=each["name"])
            return key, str(each["uid"])
    return None


def is_occupant(document: Mapping[str, Any]) -> bool:
    """Return whether somebody else put an object into its namespace, and it is not just a follower."""
    key = key_of(dict(document))
    follows = bool(metadata_of(document).get("ownerReferences")) or key.kind in FOLLOWERS
    return not follows and (key.kind, key.name) not in EVER_THERE and entry_of(document, "") is None


def from_documents(documents: Iterable[Mapping[str, Any]]) -> Inventory:
    """Take the inventory of a dump: what `kubectl get -A -o yaml` shows, Lists taken apart."""
    all_of_them = list(documents)
    plurals = {kind: plural for kind, (_, plural) in KINDS.items()} | {k: each.plural for k, each in SPELLINGS.items()}
    entries: list[Entry] = []
    statements: list[Statement] = []
    for document in all_of_them:
        key = key_of(dict(document))
        plural = plurals.get(key.kind, f"{key.kind.lower()}s")
        entry, statement = entry_of(document, plural), statement_of(document, plural)
        if entry is not None:
            entries.append(entry)
        if statement is not None:
            statements.append(statement)
    owners = owners_of(all_of_them)
    pods = (injected_pod(each, owners) for each in all_of_them if each.get("kind") == "Pod")
    homes = {entry.key.name for entry in entries if entry.key.kind == "Namespace"}
    inside = (each for each in all_of_them if metadata_of(each).get("namespace") in homes and is_occupant(each))
    return Inventory(
        entries=tuple(sorted(entries, key=lambda each: each.key)),
        pods=tuple(sorted((pod for pod in pods if pod is not None), key=lambda pod: (pod.namespace, pod.name))),
        occupants=tuple(sorted(key_of(dict(each)) for each in inside)),
        statements=tuple(sorted(statements, key=lambda each: each.key)),
    )


def owners_of(documents: Iterable[Mapping[str, Any]]) -> dict[str, ObjectKey]:
    """Lead from the uid of a ReplicaSet or Job to the workload that made it."""
    found: dict[str, ObjectKey] = {}
    for document in documents:
        owner = controller_of(document)
        if owner is not None and document.get("kind") in {"ReplicaSet", "Job"}:
            found[str(metadata_of(document).get("uid", ""))] = owner[0]
    return found


def _is_unlabelled(document: Mapping[str, Any], key: ObjectKey) -> bool:
    """Return whether we made an object of a kind of ours and somebody took our label off since."""
    return key.kind in KINDS and FIELD_MANAGER in managers(document) and _applied(document)


def _applied(document: Mapping[str, Any]) -> bool:
    entries = cast("list[Mapping[str, Any]]", metadata_of(document).get("managedFields") or [])
    return any(each.get("manager") == FIELD_MANAGER and each.get("operation") == "Apply" for each in entries)


def _revision(status: str) -> str:
    try:
        record = json.loads(status)
    except ValueError:
        return ""
    return str(cast("Mapping[str, Any]", record).get("revision", "")) if isinstance(record, Mapping) else ""


def _owned(metadata: Mapping[str, Any]) -> frozenset[str]:
    """Name the fields of a status that the control plane was the last to write."""
    entries = cast("list[Mapping[str, Any]]", metadata.get("managedFields") or [])
    ours = (each for each in entries if each.get("manager") == CONTROL_PLANE and each.get("subresource") == "status")
    fields = (_map(_map(each.get("fieldsV1")).get("f:status")) for each in ours)
    return frozenset(name.removeprefix("f:") for each in fields for name in each)


def _map(value: Any) -> Mapping[str, Any]:
    return cast("Mapping[str, Any]", value) if isinstance(value, Mapping) else {}
