"""Which part of a document is a pod: in a Deployment, a Job, a CronJob, a List ...

As Istio's kube-inject knows them: kinds by their exact API version; anything else is left alone.
"""

from typing import Any, cast

from pillion.inject.schema.types import Json, section
from pillion.value import Path, Value

_TEMPLATED = {
    ("v1", "ReplicationController"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "Job"),
    ("apps.openshift.io/v1", "DeploymentConfig"),
}


class PodPlace(Value):
    """Where a document holds a pod."""

    metadata: Path
    spec: Path
    is_pod: bool = False
    """The document is a pod, not something that makes pods."""


POD = PodPlace(metadata=("metadata",), spec=("spec",), is_pod=True)
"""Where a pod is a pod itself."""
_TEMPLATE = PodPlace(metadata=("spec", "template", "metadata"), spec=("spec", "template", "spec"))
_CRON_JOB = PodPlace(
    metadata=("spec", "jobTemplate", "metadata"), spec=("spec", "jobTemplate", "spec", "template", "spec")
)
"""Istio puts the labels and annotations of a CronJob's pods on its job template; so do we."""


KINDS = frozenset({*_TEMPLATED, ("v1", "Pod"), ("v1", "List"), ("batch/v1", "CronJob")})
"""The documents that injection knows, by API version and kind."""


def go_type_of(document: Json) -> str | None:
    """Return the Go type of a document that injection knows; `None` for any other."""
    key = (str(document.get("apiVersion", "")), str(document.get("kind", "")))
    if key in KINDS:
        return "OpenShiftDeploymentConfig" if key[1] == "DeploymentConfig" else key[1]
    return None


def resource_of(document: Json) -> str:
    """Return what messages call a document: `Deployment shop/web`."""
    metadata = section(document, "metadata")
    name = metadata.get("name") or metadata.get("generateName") or ""
    namespace = metadata.get("namespace")
    return f"{document.get('kind', '')} {namespace}/{name}" if namespace else f"{document.get('kind', '')} {name}"


def place_of(document: Json) -> PodPlace | None:
    """Return where a document holds a pod; `None` when it holds none."""
    key = (str(document.get("apiVersion", "")), str(document.get("kind", "")))
    if key == ("v1", "Pod"):
        return POD
    if key == ("batch/v1", "CronJob"):
        return _CRON_JOB
    return _TEMPLATE if key in _TEMPLATED else None


def is_list(document: Json) -> bool:
    """Return whether a document is a `List`, whose items are documents."""
    return (
        document.get("kind") == "List"
        and document.get("apiVersion") == "v1"
        and isinstance(document.get("items"), list)
    )


def at(document: Json, path: Path) -> Json:
    """Return the map at a path; an empty one when there is none."""
    found: Any = document
    for step in path:
        found = cast(Json, found).get(str(step)) if isinstance(found, dict) else None
    return cast(Json, found) if isinstance(found, dict) else {}


def pod_in(document: Json, place: PodPlace) -> Json:
    """Return the pod that a document holds."""
    return {"metadata": at(document, place.metadata), "spec": at(document, place.spec)}


def pod_as_written(document: Json, place: PodPlace) -> Json:
    """Return the pod that a document holds, without the metadata or spec that it does not have."""
    paths = {"metadata": place.metadata, "spec": place.spec}
    parents = {key: (at(document, path[:-1]), str(path[-1])) for key, path in paths.items()}
    return {key: parent[last] for key, (parent, last) in parents.items() if last in parent}


def with_pod_as_written(document: Json, place: PodPlace, pod: Json) -> Json:
    """Return the document with its pod replaced; what the pod does not have goes from the document too."""
    for key, path in (("metadata", place.metadata), ("spec", place.spec)):
        if key in pod:
            document = _set(document, path, pod[key])
        elif path[-1] in at(document, path[:-1]):
            document = _without(document, path)
    return document


def _without(document: Json, path: Path) -> Json:
    step = str(path[0])
    if len(path) == 1:
        return {key: value for key, value in document.items() if key != step}
    return document | {step: _without(cast(Json, document[step]), path[1:])}


def with_pod(document: Json, place: PodPlace, pod: Json) -> Json:
    """Return the document with its pod replaced; the rest is shared."""
    return _set(_set(document, place.metadata, pod["metadata"]), place.spec, pod["spec"])


def _set(document: Json, path: Path, value: Any) -> Json:
    step = str(path[0])
    if len(path) == 1:
        return document | {step: value}
    inner = document.get(step)
    return document | {step: _set(cast(Json, inner) if isinstance(inner, dict) else {}, path[1:], value)}
