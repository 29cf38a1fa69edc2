"""The document before injection: exactly, where our own settings injected it, otherwise as far as it tells.

Istio's output remembers its containers, volumes and secrets (`sidecar.istio.io/status`), the user's own settings for
them (`proxy.istio.io/overrides`), the application's probes and metrics (in the proxy's environment). What it does not
remember (whether a label that the template always sets was there before, a probe's port by name) is said in
diagnostics.
"""

from typing import cast

from pillion.inject.documents import is_list, place_of, pod_in, with_pod, with_pod_as_written
from pillion.inject.pod import identity, metrics, overrides, probes, status
from pillion.inject.pod.containers import (
    PROXY,
    VALIDATION,
    annotations,
    everything,
    find,
    labels,
    listed,
    named,
    replace,
    with_annotations,
    with_metadata,
)
from pillion.inject.reversal import restored
from pillion.inject.schema.encode import read_json
from pillion.inject.schema.types import Json, items, section
from pillion.value import Diagnostic, Diagnostics, Value, Where

_CANONICAL_NAME, _CANONICAL_REVISION = "service.istio.io/canonical-name", "service.istio.io/canonical-revision"
_ANNOTATIONS = (
    "istio.io/rev",
    "kubectl.kubernetes.io/default-container",
    "kubectl.kubernetes.io/default-logs-container",
)
_OF_CNI = {
    "sidecar.istio.io/interceptionMode": "REDIRECT",
    "traffic.sidecar.istio.io/includeOutboundIPRanges": "*",
    "traffic.sidecar.istio.io/includeInboundPorts": "*",
    "traffic.sidecar.istio.io/excludeInboundPorts": "15020",
    "k8s.v1.cni.cncf.io/networks": "default/istio-cni",
}
"""What a template adds for the CNI plugin, with the values that it has when the user gives none."""
_GROUPS = ("containers", "initContainers", "volumes", "imagePullSecrets")
_TEMPLATES = "inject.istio.io/templates"
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
    metadata = section(document, "metadata")
    workload = identity.workload_of(pod).name if place.is_pod else str(metadata.get("name", ""))
    pod = _guessed(pod, workload, notes)
    where = Where(resource=f"{document.get('kind', '')} {metadata.get('namespace', '')}/{metadata.get('name', '')}")
    found = tuple(Diagnostic(code="not-restorable", severity="info", message=note, where=where) for note in notes)
    return Uninjection(document=with_pod(document, place, pod), is_exact=False, diagnostics=found)


def _guessed(pod: Json, workload: str, notes: list[str]) -> Json:
    """Take off what the pod's own records name."""
    record = status.read(pod)
    if record is None:
        notes.append(f"annotation {status.ANNOTATION} cannot be read: nothing was taken off")
        return pod
    proxy = find(PROXY, pod)
    try:
        own = overrides.remembered(pod)
    except overrides.OverrideError as error:
        notes.append(f"{error}: the user's own settings of injected containers are lost")
        own = {}
    pod = _without_injected(pod, record, own)
    pod = _with_probes(pod, _variable(proxy, probes.VARIABLE), notes)
    pod = _with_metrics(pod, _variable(proxy, metrics.VARIABLE))
    if _TEMPLATES in annotations(pod):
        notes.append(
            f"what the templates of annotation {_TEMPLATES} added to metadata cannot be told from the user's own"
        )
    if VALIDATION in status.names(record, "initContainers"):
        pod = _without_annotations(
            pod, {name for name, value in _OF_CNI.items() if annotations(pod).get(name) == value}, notes
        )
    return _without_marks(pod, workload, notes)


def _without_annotations(pod: Json, names: set[str], notes: list[str]) -> Json:
    notes.extend(_taken_off("annotation", name) for name in sorted(names))
    return with_metadata(pod, annotations={key: value for key, value in annotations(pod).items() if key not in names})


def _taken_off(kind: str, name: str) -> str:
    return f"{kind} {name} was taken off; it is lost if it was the user's own"


def _variable(proxy: Json | None, name: str) -> Json:
    found = named(name, items(proxy or {}, "env"))
    value = read_json(str((found or {}).get("value", "")))
    return cast(Json, value) if isinstance(value, dict) else {}


def _without_injected(pod: Json, record: Json, own: dict[str, list[Json]]) -> Json:
    spec = dict(section(pod, "spec"))
    for group in _GROUPS:
        gone = status.names(record, group)
        users = {item.get("name"): item for item in own.get(group, [])}
        kept = [
            ({"image": overrides.AUTO_IMAGE} | users[item["name"]]) if item.get("name") in users else item
            for item in listed(pod, group)
            if item.get("name") not in gone or item.get("name") in users
        ]
        spec[group] = kept
    proxy = named(PROXY, spec["initContainers"])
    if proxy is not None and proxy.get("name") in {item.get("name") for item in own.get("initContainers", [])}:
        # users write their settings for the proxy among the containers; injection moved them
        spec["initContainers"] = [item for item in spec["initContainers"] if item is not proxy]
        spec["containers"] = [*spec["containers"], proxy]
    return pod | {"spec": {key: value for key, value in spec.items() if value or key not in _GROUPS}}


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
    targets = ",".join(f"{each['port']}:{each['path']}" for each in items(found, "targets"))
    fields = ("scrape",) if targets else ("scrape", "path", "port")
    own = {f"prometheus.io/{key}": str(found[key]) for key in fields if found.get(key)}
    return with_annotations(pod, own | ({"prometheus.istio.io/scrape-targets": targets} if targets else {}))


def _without_marks(pod: Json, workload: str, notes: list[str]) -> Json:
    """Take off labels and annotations that a template sets, where they have the value that it gives by itself."""
    found = labels(pod)
    ours = {
        "security.istio.io/tlsMode": "istio",
        _CANONICAL_NAME: (found.get("app.kubernetes.io/name") or found.get("app") or workload)[:63].strip("-_."),
        _CANONICAL_REVISION: found.get("app.kubernetes.io/version") or found.get("version") or "latest",
        "topology.istio.io/network": found.get("topology.istio.io/network"),
    }
    gone_labels = {name for name, value in ours.items() if name in found and found[name] == value}
    had = annotations(pod)
    gone = {name for name in _ANNOTATIONS if name in had}
    for kind, names in (("label", gone_labels), ("annotation", gone)):
        notes.extend(_taken_off(kind, name) for name in sorted(names))
    kept = {key: value for key, value in found.items() if key not in gone_labels}
    rest = {key: value for key, value in had.items() if key not in gone | {status.ANNOTATION, overrides.ANNOTATION}}
    metadata = section(pod, "metadata")
    for key, value in (("labels", kept), ("annotations", rest)):
        metadata = {name: item for name, item in metadata.items() if name != key} | ({key: value} if value else {})
    return pod | {"metadata": metadata}
