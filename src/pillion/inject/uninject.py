"""The document before injection: exactly, where our own settings injected it, otherwise as far as it tells.

Istio's output remembers its containers, volumes and secrets (`sidecar.istio.io/status`), the user's own settings for
them (`proxy.istio.io/overrides`), the application's probes and metrics (in the proxy's environment). What it does not
remember (whether a label that the template always sets was there before, a probe's port by name) is said in
diagnostics.
"""

from typing import cast

from pillion.inject.documents import is_list, place_of, pod_in, with_pod, with_pod_as_written
from pillion.inject.pod import metrics, overrides, probes, status
from pillion.inject.pod.containers import (
    PROXY,
    annotations,
    everything,
    find,
    labels,
    listed,
    named,
    replace,
    with_annotations,
)
from pillion.inject.reversal import restored
from pillion.inject.schema.encode import read_json
from pillion.inject.schema.types import Json, items, section
from pillion.value import Diagnostic, Diagnostics, Value, Where

_LABELS = (
    "security.istio.io/tlsMode",
    "service.istio.io/canonical-name",
    "service.istio.io/canonical-revision",
    "topology.istio.io/network",
)
_ANNOTATIONS = (
    "istio.io/rev",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/default-logs-container",
)
_PROBE_OF = {
    "readyz": ("readinessProbe",),
    "livez": ("livenessProbe",),
    "startupz": ("startupProbe",),
    "prestopz": ("lifecycle", "preStop"),
    "poststartz": ("lifecycle", "postStart"),
}


class Uninjection(Value):
    """A document without its sidecar."""

    document: Json
    is_exact: bool = True
    """Whether it is the document that was injected, and not just the best that can be known."""
    diagnostics: Diagnostics = ()
    """What could not be known."""


def uninject(document: Json) -> Uninjection:
    """Take an injection off a document again; one without a sidecar comes back as it is."""
    if is_list(document):
        results = [uninject(item) for item in document["items"]]
        found = tuple(each for result in results for each in result.diagnostics)
        whole = document | {"items": [result.document for result in results]}
        return Uninjection(document=whole, is_exact=all(each.is_exact for each in results), diagnostics=found)
    place = place_of(document)
    if place is None:
        return Uninjection(document=document)
    pod = pod_in(document, place)
    before = restored(pod)
    if before is not None:
        return Uninjection(document=with_pod_as_written(document, place, before))
    if status.ANNOTATION not in annotations(pod):
        return Uninjection(document=document)
    notes: list[str] = []
    pod = _guessed(pod, notes)
    metadata = section(document, "metadata")
    where = Where(resource=f"{document.get('kind', '')} {metadata.get('namespace', '')}/{metadata.get('name', '')}")
    found = tuple(Diagnostic(code="not-restorable", severity="info", message=note, where=where) for note in notes)
    return Uninjection(document=with_pod(document, place, pod), is_exact=False, diagnostics=found)


def _guessed(pod: Json, notes: list[str]) -> Json:
    """Take off what the pod's own records name."""
    record = status.read(pod)
    if record is None:
        notes.append(f"annotation {status.ANNOTATION} cannot be read: nothing was taken off")
        return pod
    proxy = find(PROXY, pod)
    own = overrides.remembered(pod)
    pod = _without_injected(pod, record, own)
    pod = _with_probes(pod, _variable(proxy, probes.VARIABLE), notes)
    pod = _with_metrics(pod, _variable(proxy, metrics.VARIABLE))
    return _without_marks(pod, notes)


def _variable(proxy: Json | None, name: str) -> Json:
    found = named(name, items(proxy or {}, "env"))
    value = read_json(str((found or {}).get("value", "")))
    return cast(Json, value) if isinstance(value, dict) else {}


def _without_injected(pod: Json, record: Json, own: dict[str, list[Json]]) -> Json:
    spec = dict(section(pod, "spec"))
    for group in ("containers", "initContainers", "volumes", "imagePullSecrets"):
        gone = status.names(record, group)
        users = {item.get("name"): item for item in own.get(group, [])}
        kept = [
            ({"image": overrides.AUTO_IMAGE} | users[item["name"]]) if item.get("name") in users else item
            for item in listed(pod, group)
            if item.get("name") not in gone or item.get("name") in users
        ]
        if kept:
            spec[group] = kept
        else:
            spec.pop(group, None)
    return pod | {"spec": spec}


def _with_probes(pod: Json, probers: Json, notes: list[str]) -> Json:
    for container in everything(pod):
        back = container
        for path, prober in probers.items():
            _, _, name, action = path.split("/") if path.count("/") == 3 else ("", "", "", "")
            if name == container.get("name") and action in _PROBE_OF and isinstance(prober, dict):
                back = _with_probe(back, _PROBE_OF[action], cast(Json, prober))
                notes.append(f"container {name}: a probe's port may have been a name, its number was kept")
        if back is not container:
            pod = replace(pod, container, back)
    return pod


def _with_probe(container: Json, path: tuple[str, ...], prober: Json) -> Json:
    field, *rest = path
    if rest:
        return container | {field: _with_probe(section(container, field), tuple(rest), prober)}
    action = {key: value for key, value in prober.items() if key != "timeoutSeconds"}
    before = {key: value for key, value in section(container, field).items() if key != "httpGet"}
    return container | {field: before | action}


def _with_metrics(pod: Json, found: Json) -> Json:
    if annotations(pod).get("prometheus.io/path") != "/stats/prometheus":
        return pod
    pod = metrics.without_scraping(pod)
    own = {f"prometheus.io/{key}": str(found[key]) for key in ("scrape", "path", "port") if found.get(key)}
    targets = ",".join(f"{each['port']}:{each['path']}" for each in items(found, "targets"))
    return with_annotations(pod, own | ({"prometheus.istio.io/scrape-targets": targets} if targets else {}))


def _without_marks(pod: Json, notes: list[str]) -> Json:
    words = {"label": (labels(pod), _LABELS), "annotation": (annotations(pod), _ANNOTATIONS)}
    for kind, (found, names) in words.items():
        notes.extend(
            f"{kind} {name} was taken off; it is lost if it was the user's own" for name in names if name in found
        )
    kept = {key: value for key, value in labels(pod).items() if key not in _LABELS}
    gone = {*_ANNOTATIONS, status.ANNOTATION, overrides.ANNOTATION}
    rest = {key: value for key, value in annotations(pod).items() if key not in gone}
    metadata = section(pod, "metadata")
    for key, value in (("labels", kept), ("annotations", rest)):
        metadata = {name: item for name, item in metadata.items() if name != key} | ({key: value} if value else {})
    return pod | {"metadata": metadata}
