"""The workloads among documents, and the namespaces that they are in."""

from collections.abc import Iterable, Mapping
from typing import Any, cast

from pillion.inject.documents import PodPlace, place_of
from pillion.inject.policy import Namespace
from pillion.inject.schema.types import Json, section
from pillion.resources.documents import Document
from pillion.value import FrozenMap, Origin

_NAME = "kubernetes.io/metadata.name"


class Case:
    """A workload to look at; its document is shared, and never changed."""

    def __init__(self, document: Json, origin: Origin, place: PodPlace) -> None:
        self.document: Json = document
        self.origin: Origin = origin
        self.place: PodPlace = place
        metadata = section(document, "metadata")
        self.kind: str = str(document.get("kind", ""))
        self.namespace: str = str(metadata.get("namespace") or "default")
        self.name: str = str(metadata.get("name") or metadata.get("generateName") or "")

    @property
    def title(self) -> str:
        """`Deployment shop/web`."""
        return f"{self.kind} {self.namespace}/{self.name}"


def cases(documents: Iterable[Document]) -> tuple[Case, ...]:
    """Return the workloads, in order; a pod that a workload of the dump made is left to that workload."""
    found: list[Case] = []
    for document in documents:
        content = dict(document.content)
        place = place_of(content)
        if place is not None and not _is_made(content):
            found.append(Case(content, document.origin, place))
    return tuple(found)


def _is_made(document: Json) -> bool:
    """Whether a ReplicaSet or pod belongs to something whose template says the same."""
    owners: Any = section(document, "metadata").get("ownerReferences")
    kinds = {"ReplicaSet", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "ReplicationController"}
    return isinstance(owners, list) and any(
        isinstance(owner, Mapping) and cast(Json, owner).get("kind") in kinds for owner in cast(list[Any], owners)
    )


def namespaces(documents: Iterable[Document]) -> dict[str, Namespace]:
    """Return the namespaces that the documents declare, with the label that Kubernetes gives each."""
    found: dict[str, Namespace] = {}
    for document in documents:
        content = dict(document.content)
        if content.get("kind") == "Namespace" and content.get("apiVersion") == "v1":
            name = str(section(content, "metadata").get("name") or "")
            labels = {_NAME: name} | section(content, "metadata", "labels")
            annotations = section(content, "metadata", "annotations")
            found[name] = Namespace(name=name, labels=FrozenMap(labels), annotations=FrozenMap(annotations))
    return found
