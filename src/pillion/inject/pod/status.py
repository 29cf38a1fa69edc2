"""The record of an injection, in annotation `sidecar.istio.io/status`, and taking an earlier injection off again."""

from typing import Any, cast

from pillion.inject.pod import metrics
from pillion.inject.pod.containers import annotations, listed, move, with_metadata, with_spec
from pillion.inject.schema.encode import go_json, read_json
from pillion.inject.schema.types import Json, section

ANNOTATION = "sidecar.istio.io/status"
_LISTS = ("initContainers", "containers", "volumes", "imagePullSecrets")


def record(template: Json, revision: str) -> str:
    """Return the record of what a rendered template brings: its names, and the revision that brought them."""
    names: Json = {key: [item.get("name", "") for item in listed(template, key)] or None for key in _LISTS}
    return go_json(names | {"revision": revision or "default"})


def read(pod: Json) -> Json | None:
    """Return the record that a pod carries; `None` when it carries none that can be read."""
    text = annotations(pod).get(ANNOTATION)
    status = read_json(text) if isinstance(text, str) else None
    return cast(Json, status) if isinstance(status, dict) else None


def names(status: Json | None, key: str) -> list[str]:
    """Return the names in one list of a record."""
    items = (status or {}).get(key)
    return [item for item in cast(list[Any], items) if isinstance(item, str)] if isinstance(items, list) else []


def stripped(pod: Json, status_port: int) -> Json:
    """Return the pod without the containers and annotations that an earlier injection recorded."""
    status = read(pod)
    if status is None:
        return pod
    for group in ("containers", "initContainers"):
        kept = listed(pod, group)
        for name in names(status, group):
            kept = move(kept, name, "away")
        if group in section(pod, "spec"):
            pod = with_spec(pod, **{group: kept})
    if metrics.scrape_port(annotations(pod)) == str(status_port):
        pod = metrics.without_scraping(pod)
    rest = {key: value for key, value in annotations(pod).items() if key != ANNOTATION}
    return with_metadata(pod, annotations=rest)
