"""What of ours is in a cluster: from the documents of a live one or of a dump, by label and by who wrote them.

The proof of a removal is a second inventory: it is made from what is there, never from what was removed.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from pillion.install.manifest import KINDS, ObjectKey, key_of
from pillion.install.ownership import FIELD_MANAGER, Ownership, managers, metadata_of, ownership, revision_of
from pillion.value import Value

STATUS = "sidecar.istio.io/status"
"""Injection records itself in this annotation."""
EVER_THERE = frozenset({("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")})
"""Kubernetes puts these into every namespace."""
FOLLOWERS = frozenset({"Event", "Endpoints", "EndpointSlice", "PodMetrics", "ControllerRevision"})
"""Kinds that come and go with others."""


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


class Inventory(Value):
    """What is there."""

    entries: tuple[Entry, ...] = ()
    pods: tuple[InjectedPod, ...] = ()
    occupants: tuple[ObjectKey, ...] = ()
    """What others keep in namespaces of ours."""
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
    plurals = {(version, kind): plural for kind, (version, plural) in KINDS.items()}
    entries: list[Entry] = []
    for document in all_of_them:
        key = key_of(dict(document))
        entry = entry_of(document, plurals.get((key.api_version, key.kind), f"{key.kind.lower()}s"))
        if entry is not None:
            entries.append(entry)
    owners = owners_of(all_of_them)
    pods = (injected_pod(each, owners) for each in all_of_them if each.get("kind") == "Pod")
    homes = {entry.key.name for entry in entries if entry.key.kind == "Namespace"}
    inside = (each for each in all_of_them if metadata_of(each).get("namespace") in homes and is_occupant(each))
    return Inventory(
        entries=tuple(sorted(entries, key=lambda each: each.key)),
        pods=tuple(sorted((pod for pod in pods if pod is not None), key=lambda pod: (pod.namespace, pod.name))),
        occupants=tuple(sorted(key_of(dict(each)) for each in inside)),
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
