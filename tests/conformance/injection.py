"""Istio's injection goldens: the same workloads by kube-inject, and as pods through the webhook."""

import base64
import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

import msgspec

from conformance.outcome import Outcome, tally
from pillion.inject import patch, review
from pillion.inject.conversion import inject_as_written
from pillion.inject.documents import place_of, pod_in
from pillion.inject.injection import Injector, Options
from pillion.inject.pod.native import Mode, are_supported
from pillion.inject.policy import Namespace
from pillion.inject.schema.types import Json, section
from pillion.inject.settings import Settings
from pillion.resources.yaml.dump import dump
from pillion.resources.yaml.events import chunks
from pillion.resources.yaml.load import load, load_chunk
from pillion.value import Labels, has_errors

_DECODED = ("PROXY_CONFIG", "ISTIO_KUBE_APP_PROBERS", "ISTIO_META_POD_PORTS", "ISTIO_PROMETHEUS_ANNOTATIONS")
_STATUS = "sidecar.istio.io/status"


def run(data: Path) -> dict[str, Outcome]:
    folder = data / "injection"
    recorded = json.loads((folder / "cases.json").read_text())
    suites: dict[str, Outcome] = {}
    for mode, answer in (("kube-inject", by_hand), ("webhook", by_webhook)):
        cases = [case for case in recorded["cases"] if mode in case["modes"]]
        suites[f"injection/{mode}"] = tally(
            (case["id"], not differences(answer, folder, recorded, case)) for case in cases
        )
    return suites


def differences(answer: Callable[..., list[str]], folder: Path, recorded: Json, case: Json) -> list[str]:
    """Return what a case gives that Istio does not, one line each."""
    try:
        return answer(folder, recorded, case)
    except Exception as error:  # noqa: BLE001  # a crash is an answer that differs
        return [f"{type(error).__name__}: {error}"]


def by_hand(folder: Path, recorded: Json, case: Json) -> list[str]:
    injector = injector_of(folder, recorded, case)
    options = Options(native_sidecars=_native(case), compliance_policy=_compliance(case))
    results = [inject_as_written(document, injector, options) for document in documents(folder / "inputs" / case["in"])]
    found = [each for result in results for each in result.diagnostics]
    messages = [f"{each.where.resource} {each.message}" for each in found]
    wanted_error = case["expected_error_substring_lower"]
    if wanted_error or has_errors(tuple(found)):
        told = [each.message.lower() for each in found if each.severity == "error"]
        return [] if wanted_error and any(wanted_error in text for text in told) else [f"error: {told}"]
    if case["expected_log_substring"] and not any(case["expected_log_substring"] in text for text in messages):
        return [f"log: {messages}"]
    wanted = documents(folder / "expected" / case["want"])
    if len(wanted) != len(results):
        return [f"{len(results)} documents instead of {len(wanted)}"]
    pairs = zip(results, wanted, strict=True)
    return [line for result, want in pairs for line in compare(comparable(result.document), comparable(want))]


def by_webhook(folder: Path, recorded: Json, case: Json) -> list[str]:
    injector = injector_of(folder, recorded, case)
    openshift = case["env"].get("PLATFORM") == "openshift"
    options = Options(
        by_hand=False,
        native_sidecars=_native(case),
        openshift=openshift,
        compliance_policy=_compliance(case),
        revision="default",
    )
    given, wanted = documents(folder / "inputs" / case["in"]), documents(folder / "expected" / case["want"])
    lines: list[str] = []
    for document, want in zip(_unlisted(given), _unlisted(wanted), strict=True):
        pod, expected = pod_of(document), pod_of(want)
        if pod is None or expected is None:
            continue
        namespace = section(document, "metadata").get("namespace") or section(pod, "metadata").get("namespace") or ""
        annotations = next(
            (each["annotations"] for each in recorded["namespace_objects"] if each["name"] == namespace), {}
        )
        place = Namespace(name=namespace, labels=None, annotations=Labels(annotations))
        request = {"uid": "u", "namespace": namespace, "object": pod}
        asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
        status, body, _ = review.Reviewer(injector).respond(
            "application/json", msgspec.json.encode(asked), options, place
        )
        response = json.loads(body)["response"]
        if status != 200 or not response["allowed"]:
            return [f"refused: {response}"]
        operations = json.loads(base64.b64decode(response["patch"])) if "patch" in response else []
        got = patch.apply(pod, operations)
        lines += compare(comparable(got, webhook=True), comparable(expected, webhook=True))
    return lines


def _native(case: Json) -> bool:
    return are_supported(
        cast(Mode, _feature(case, "EnableNativeSidecars", "ENABLE_NATIVE_SIDECARS") or "auto"), case["kubelet_versions"]
    )


def _compliance(case: Json) -> str:
    return _feature(case, "CompliancePolicy", "COMPLIANCE_POLICY")


def _feature(case: Json, name: str, variable: str) -> str:
    """Return a feature's value: written `Go's word (VARIABLE=value)`, or alone, or in the environment."""
    text = next(
        (str(text) for key, text in case["features"].items() if key.endswith(name)), case["env"].get(variable, "")
    )
    return str(text).rpartition("=")[2].rstrip(")").strip('"')


def injector_of(folder: Path, recorded: Json, case: Json) -> Injector:
    override = json.dumps(case["mesh_override"]) if case["mesh_override"] else ""
    return _injector(folder, json.dumps(recorded["template_files"]), case["settings"], override)


@cache
def _injector(folder: Path, template_files: str, name: str, override: str) -> Injector:
    there = folder / "settings" / name
    config = json.loads((there / "injector-config.json").read_text())
    files = json.loads(template_files)
    templates = {each: (folder / files[each]).read_text() for each in config.pop("builtin_templates")}
    config["templates"] = templates | config.pop("custom_templates")
    mesh, _ = load((there / "mesh.yaml").read_text())
    if override:
        mesh = _deep(mesh, json.loads(override))
    values = (there / "values.json").read_text()
    return Injector(Settings(config=json.dumps(config), values=values, mesh=dump(mesh)))


def _deep(base: Any, over: Any) -> Any:
    if isinstance(base, dict) and isinstance(over, dict):
        return base | {key: _deep(base.get(key), value) for key, value in over.items()}
    return base + over if isinstance(base, list) and isinstance(over, list) else over


def documents(path: Path) -> list[Json]:
    contents = [content for chunk in chunks(path.read_text()) for content in load_chunk(chunk).contents]
    return [content for content in contents if content is not None]


def _unlisted(found: list[Json]) -> list[Json]:
    return [item for each in found for item in (each["items"] if each.get("kind") == "List" else [each])]


def pod_of(document: Json) -> Json | None:
    """Return the pod that a workload's controller would make, as Istio's test makes it."""
    place = place_of(document)
    if place is None:
        return None
    if place.is_pod:
        return document
    if document["kind"] == "CronJob":
        pod = section(document, "spec", "jobTemplate", "spec", "template")
    else:
        pod = pod_in(document, place)
    name, owner = document["metadata"]["name"], {"apiVersion": document["apiVersion"], "kind": document["kind"]}
    metadata = dict(section(pod, "metadata"))
    if document["kind"] == "Deployment":
        name, owner = f"{name}-fake", {"apiVersion": "apps/v1", "kind": "ReplicaSet"}
        metadata["labels"] = section(metadata, "labels") | {"pod-template-hash": "fake"}
    suffix = "-" if document["kind"] == "Deployment" else ""
    metadata |= {"generateName": name + suffix, "ownerReferences": [owner | {"name": name, "controller": True}]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": section(pod, "spec")}


def comparable(value: Any, *, webhook: bool = False) -> Any:
    """Return a document in the form in which goldens are compared."""
    if isinstance(value, list):
        return [comparable(item, webhook=webhook) for item in value]
    if not isinstance(value, dict):
        return value
    found: Json = {}
    for key, item in cast(Json, value).items():
        if webhook and (key == _STATUS or (key == "apiVersion" and "fieldPath" in value)):
            continue
        inner = comparable(_status(item) if key == _STATUS else item, webhook=webhook)
        if inner is not None and inner != {}:
            found[key] = inner
    name = found.get("name")
    if (
        isinstance(name, str)
        and isinstance(found.get("value"), str)
        and (name in _DECODED or name.startswith("ISTIO_METAJSON_"))
    ):
        found["value"] = _json(found["value"])
    return found


def _status(text: str) -> Any:
    status = _json(text)
    return {key: value for key, value in status.items() if key != "version"} if isinstance(status, Mapping) else text


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def compare(got: Any, want: Any, path: str = "") -> list[str]:
    """Return where two values differ."""
    if isinstance(got, dict) and isinstance(want, dict):
        keys = [*want, *(key for key in got if key not in want)]
        return [line for key in keys for line in compare(got.get(key), want.get(key), f"{path}.{key}")]
    if isinstance(got, list) and isinstance(want, list) and len(got) == len(want):
        pairs = enumerate(zip(got, want, strict=True))
        return [line for index, (mine, theirs) in pairs for line in compare(mine, theirs, f"{path}[{index}]")]
    return [] if got == want and type(got) is type(want) else [f"{path}: {got!r}, expected {want!r}"]
