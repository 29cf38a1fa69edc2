"""What a document of workloads says that Kubernetes will not understand: fields, kinds, a pod without containers.

Injection passes all of it through, as Istio's does, so that it is told beside injection, for those who wrote the file.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, cast

from pillion.inject.documents import KINDS, go_type_of, is_list, place_of, pod_as_written, resource_of
from pillion.inject.schema.check import Checker
from pillion.inject.schema.types import Json, section, table
from pillion.inject.schema.unknown import unknown_fields
from pillion.resources.suggest import nearest
from pillion.value import Diagnostic, Diagnostics, Path, Where

_TEMPLATES = "inject.istio.io/templates"


def slips(document: Json, path: Path = ()) -> Diagnostics:
    """Return what is wrong with a document and, if it is a List, with its items; `path` is where it stands."""
    if is_list(document):
        every = enumerate(cast(list[object], document["items"]))
        return tuple(
            found
            for index, item in every
            if isinstance(item, dict)
            for found in slips(cast(Json, item), (*path, "items", index))
        )
    kind = go_type_of(document)
    if kind is None:
        return _kind(document, path)
    return (*_fields(document, kind, path), *_containers(document, path))


def _kind(document: Json, path: Path) -> Diagnostics:
    version, kind = document.get("apiVersion"), document.get("kind")
    if not isinstance(version, str) or not isinstance(kind, str):
        return ()
    meant = nearest(kind, [name for known, name in KINDS if known == version])
    if meant is None:
        return ()
    where = Where(resource=resource_of(document), path=(*path, "kind"))
    message, hint = f"{version} has no kind {kind}, so nothing is injected", f"did you mean {meant}?"
    return (Diagnostic(code="unknown-kind", severity="warning", message=message, where=where, hint=hint),)


@cache
def _closed(kind: str) -> Checker:
    return Checker(table("kubernetes"), kind, is_closed=True)


def _fields(document: Json, kind: str, path: Path) -> Diagnostics:
    written = {key: value for key, value in document.items() if key != "status"}  # nobody writes it
    if _closed(kind).fits(written):
        return ()
    return tuple(
        Diagnostic(
            code="unknown-field",
            severity="warning",
            message=f"unknown field {each.path[-1]}",
            where=Where(resource=resource_of(document), path=(*path, *each.path)),
            hint=f"did you mean {each.meant}?" if each.meant else "",
        )
        for each in unknown_fields(table("kubernetes"), written, kind)
    )


def _containers(document: Json, path: Path) -> Diagnostics:
    place = place_of(document)
    pod = {} if place is None else pod_as_written(document, place)
    spec = pod.get("spec")
    if place is None or not isinstance(spec, dict) or cast(Json, spec).get("containers"):
        return ()
    if section(pod, "metadata", "annotations").get(_TEMPLATES) is not None:
        return ()  # a template of one's own may bring all of them, as that of gateways does
    return (
        Diagnostic(
            code="no-containers",
            severity="error",
            message="is missing, expected at least one container",
            where=Where(resource=resource_of(document), path=(*path, *place.spec, "containers")),
            hint=hint_of_containers(cast(Json, spec)),
        ),
    )


def hint_of_containers(spec: Mapping[str, Any]) -> str:
    """Return the remedy for a pod's spec without containers, if one of its fields is a slip of them."""
    known = table("kubernetes").structs["PodSpec"].by_json
    slip = next((key for key in map(str, spec) if key not in known and nearest(key, ["containers"])), "")
    return f"did you mean containers, where it says {slip}?" if slip else ""
