"""Istio's tables of small questions about injection, as its unit tests ask them. Go's field names become JSON's.

Rows whose input could not be written down (`$unresolved`, `$func`) are left out, but where any ordinary input serves.
"""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from click.testing import CliRunner

from conformance.injection import comparable, compare, documents
from conformance.outcome import Outcome, tally
from pillion.cli.injection import kube_inject
from pillion.inject import annotations as checks
from pillion.inject import mesh, policy, review, webhooks
from pillion.inject.injection import Injector, Options
from pillion.inject.pod import containers, identity, metrics, native, probes, status
from pillion.inject.rendering import functions, images
from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import GoStruct, Json, table
from pillion.inject.settings import Settings
from pillion.value import Labels

TESTS = table("kubernetes")


def run(data: Path) -> dict[str, Outcome]:
    folder = data / "injection"
    return {
        "injection/unit": tally(_unit(folder / "unit")),
        "injection/istioctl_kubeinject": tally(_kube_inject(folder / "istioctl_kubeinject")),
        "injection/istioctl_checkinject": tally(_check_inject(folder / "istioctl_checkinject")),
    }


def _rows(path: Path) -> list[tuple[str, Json, Json]]:
    tables = json.loads(path.read_text())["tables"]
    pairs = [(each, row) for each in tables for row in each["rows"]]
    return [(f"{path.stem}/{index}", row, each) for index, (each, row) in enumerate(pairs)]


def _unit(folder: Path) -> list[tuple[str, bool]]:
    results: list[tuple[str, bool]] = []
    for path in sorted(folder.glob("*.json")):
        answer = ANSWERS.get(path.stem)
        for name, row, scalars in _rows(path):
            if answer is None:
                results.append((name, False))
            elif not re.search(r'"\$(unresolved|func)"', json.dumps(row)) or path.stem == "TestRunAndServe":
                results.append((name, _answered(answer, row, scalars)))
    return results


def _answered(answer: Callable[[Json, Json], bool], row: Json, scalars: Json) -> bool:
    try:
        return answer(row, scalars)
    except Exception:  # noqa: BLE001  # a crash is a wrong answer
        return False


def document(value: Any, kind: str) -> Any:
    """Return Go's literal of a struct (`{"Name": ...}`) as a document."""
    kind = kind.removeprefix("*")
    if kind.startswith("[]"):
        return [document(item, kind[2:]) for item in value or ()]
    struct = TESTS.structs.get(kind)
    if struct is None or not isinstance(value, dict):
        return value
    result: Json = {}
    for key, item in value.items():
        if key in struct.by_go and struct.by_go[key].inline:
            result |= document(item, struct.by_go[key].type)
        else:
            field = _field(struct, key)
            result[field.json] = document(item, field.type)
    return result


def _field(struct: GoStruct, name: str) -> Any:
    return struct.by_go.get(name) or struct.by_json[name]


def _pod(value: Json) -> Json:
    """A pod whose metadata Go's literal may have written without their struct (`Annotations`)."""
    own = {key: item for key, item in value.items() if key in {"Spec", "ObjectMeta"}}
    return {
        "metadata": document(own.get("ObjectMeta") or {}, "ObjectMeta"),
        "spec": document(own.get("Spec") or {}, "PodSpec"),
    }


def _inject_required(row: Json, _: Json) -> bool:
    config = row["config"]
    rules = policy.Policy(
        policy=config.get("Policy", ""),
        never=tuple(policy.selector_of(_selector(item)) for item in config.get("NeverInjectSelector") or ()),
        always=tuple(policy.selector_of(_selector(item)) for item in config.get("AlwaysInjectSelector") or ()),
    )
    pod = {"metadata": document(row["meta"], "ObjectMeta"), "spec": document(row["podSpec"], "PodSpec")}
    return policy.decide(pod, rules, None, "").injects == row["want"]


def _selector(value: Json) -> Json:
    """A selector, spelled out or as Go's `ParseToLabelSelector` reads it: `a`, `!a`, `a=b`, `a in (b, c)`."""
    text = value.get("$label_selector")
    if text is None:
        return document(value, "LabelSelector")
    expressions = [_expression(part.strip()) for part in re.split(r",(?![^(]*\))", text)]
    return {"matchExpressions": expressions}


def _expression(text: str) -> Json:
    if match := re.fullmatch(r"(\S+)\s+(in|notin)\s+\((.*)\)", text):
        operator = {"in": "In", "notin": "NotIn"}[match[2]]
        return {"key": match[1], "operator": operator, "values": [each.strip() for each in match[3].split(",")]}
    if match := re.fullmatch(r"([^!=]+)(==|=|!=)(.*)", text):
        return {"key": match[1], "operator": "NotIn" if match[2] == "!=" else "In", "values": [match[3]]}
    return {"key": text.removeprefix("!"), "operator": "DoesNotExist" if text.startswith("!") else "Exists"}


def _clean_proxy_config(row: Json, _: Json) -> bool:
    read = mesh.read_proxy_config(row["proxy"]).document
    cleaned = mesh.clean_proxy_config(mesh.merge_proxy_config(read, mesh.default_proxy_config()))
    return cleaned == json.loads(row["expect"])


def _detect_native(row: Json, _: Json) -> bool:
    versions = [((node.get("Status") or {}).get("NodeInfo") or {}).get("KubeletVersion", "") for node in row["nodes"]]
    return native.are_supported("auto", versions) == row["want"]


def _prometheus_merge(row: Json, _: Json) -> bool:
    return metrics.is_merged(row["anno"] or {}, row["mesh"] or {}) == row["want"]


def _find_sidecar(row: Json, _: Json) -> bool:
    return containers.find("istio-proxy", _pod(row["containers"])) == (
        document(row["want"], "Container") if row["want"] else None
    )


def _scrape(row: Json, _: Json) -> bool:
    found = metrics.scrape_configuration(row["annotations"])
    wanted = [{"port": target["Port"], "path": target["Path"]} for target in row["wantTargets"] or ()]
    same = all(found[key] == row[f"want{key.title()}"] for key in ("port", "path") if f"want{key.title()}" in row)
    return same and found.get("targets", []) == wanted


def _probers(row: Json, _: Json) -> bool:
    before = document(row["in"], "[]EnvVar")
    after = probes.merge_or_append(before, row["probers"], merge=row["perviouslyInjected"])
    wanted = document(row["want"], "[]EnvVar")
    return comparable(after) == comparable(wanted)


def _native_override(row: Json, _: Json) -> bool:
    word = "index .ObjectMeta.Annotations `sidecar.istio.io/nativeSidecar`"
    is_native = f'ne ({word} | default (printf "%t" .NativeSidecars)) "false"'
    group = f"{{{{ if {is_native} }}}}initContainers{{{{ else }}}}containers{{{{ end }}}}"
    template = f"spec: {{ {group}: [{{name: istio-proxy, image: x}}] }}"
    injector = Injector(Settings(config=json.dumps({"templates": {"sidecar": template}})))
    own = [{"name": "app", "image": "a"}, {"name": "istio-proxy", "image": "auto"}]
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "p", "annotations": row["annotations"]},
        "spec": {"containers": own},
    }
    spec = injector.inject(pod, None, Options(native_sidecars=row["nativeSidecar"])).document["spec"]
    groups = ("containers", "initContainers")
    found = [group for group in groups if containers.named("istio-proxy", spec.get(group) or [])]
    return found == [row["expectContainer"]]


def _otel(row: Json, _: Json) -> bool:
    found = document(row.get("containers") or [], "[]Container")
    annotations, labels = row.get("annotations") or {}, row.get("labels") or {}
    return functions.otel_attributes(row["mc"] or {}, annotations, labels, row["namespace"], found) == row["want"]


def _status(row: Json, _: Json) -> bool:
    found = status.read({"metadata": {"annotations": {status.ANNOTATION: row["status"]}}})
    groups = {"containers": "Containers", "initContainers": "InitContainers"}
    return all(
        status.names(found, key) == [each["Name"] for each in row["want"].get(go) or ()] for key, go in groups.items()
    )


def _rewrite(row: Json, table_: Json) -> bool:
    port = table_["scalars"]["statusPort"]
    before, wanted = (
        document((row[key].get("Spec") or {})["Containers"], "[]Container") for key in ("pod", "expected")
    )
    after = [probes.redirect(each, port) for each in before]
    return comparable(after) == comparable(wanted)


def _image(row: Json, _: Json) -> bool:
    config = {"image": row["pc"]} if row.get("pc") else {}
    return images.proxy_image(row["v"] or {}, config, row.get("ann") or {}) == row["want"]


def _serve(row: Json, _: Json) -> bool:
    """A body that was not written down was an ordinary review of a pod."""
    pod = {"metadata": {"name": "p"}, "spec": {"containers": [{"name": "app", "image": "a"}]}}
    asked = {"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {"uid": "u", "object": pod}}
    body = row.get("body")
    data = bytes(body) if isinstance(body, list) else msgspec.json.encode(asked) if body else b""
    template = "spec: {containers: [{name: istio-proxy, image: x}]}"
    config = {"policy": "enabled", "templates": {"sidecar": template}}
    injector = Injector(Settings(config=json.dumps(config)))
    answer = review.Reviewer(injector).respond(row["contentType"], data, Options(by_hand=False))
    constants = {"http.StatusUnsupportedMediaType": 415, "http.StatusBadRequest": 400}
    wanted = row["wantStatusCode"]
    if answer.status != (constants[wanted["$const"]] if isinstance(wanted, dict) else wanted):
        return False
    return answer.status != 200 or json.loads(answer.body)["response"]["allowed"] == row["wantAllowed"]


def _ports(row: Json, _: Json) -> bool:
    return functions.ports_of(document(row["c"], "Container")) == (row.get("ports") or [])


def _annotations(row: Json, _: Json) -> bool:
    return bool(checks.problems(row["annotations"])) == row["wantErr"]


def _quantity(row: Json, _: Json) -> bool:
    return (
        bool(checks.problems({"sidecar.istio.io/proxyCPU": row["value"]}))
        == row["wantErr"]
        == (canonical(row["value"]) is None)
    )


ANSWERS: dict[str, Callable[[Json, Json], bool]] = {
    "TestAppendMultusNetwork": lambda row, _: functions.append_multus_network(row["in"], "istio-cni") == row["want"],
    "TestCleanProxyConfig": _clean_proxy_config,
    "TestDetectNativeSidecar": _detect_native,
    "TestEnablePrometheusAggregation": _prometheus_merge,
    "TestFindSidecar": _find_sidecar,
    "TestGetPrometheusScrapeConfigurationMultiTarget": _scrape,
    "TestInjectRequired": _inject_required,
    "TestMergeOrAppendProbers": _probers,
    "TestNativeSidecarAnnotationOverride": _native_override,
    "TestOmitNil": lambda row, _: functions.omit_nil(row["in"]) == row["want"],
    "TestOtelResourceAttributes": _otel,
    "TestParseInjectEnvs": lambda row, _: dict(review.variables_in(row["in"])) == row["want"],
    "TestParseStatus": _status,
    "TestPatchRewriteProbe": _rewrite,
    "TestProxyImage": _image,
    "TestRunAndServe": _serve,
    "TestShouldRewriteAppHTTPProbers": lambda row, _: (
        probes.wanted(row["annotations"] or {}, by_default=row["specSetting"]) == row["expected"]
    ),
    "TestSkipUDPPorts": _ports,
    "TestSystemNamespaces_Contains": lambda row, _: (row["ns"] in policy.IGNORED_NAMESPACES) == row["expected"],
    "TestValidateAnnotations": _annotations,
    "TestValidateResourceQuantity": _quantity,
    "Test_updateClusterEnvs": lambda row, _: (
        identity.with_variables({"spec": {"containers": [row["args"]["container"]]}}, row["args"]["newKVs"])
        == row["want"]
    ),
}


def _kube_inject(folder: Path) -> list[tuple[str, bool]]:
    return [
        (name, _answered(_as_golden(folder), row, each)) for name, row, each in _rows(folder / "TestKubeInject.json")
    ]


def _as_golden(folder: Path) -> Callable[[Json, Json], bool]:
    def answer(row: Json, _: Json) -> bool:
        arguments = [re.sub(r"^testdata/", f"{folder}/", argument) for argument in row["Args"]]
        result = CliRunner().invoke(kube_inject.command, arguments)
        if row.get("WantException"):
            return result.exit_code != 0 and re.search(row["ExpectedRegexp"], result.stderr) is not None
        if result.exit_code != 0:
            return False
        golden = documents(folder / row["GoldenFilename"].removeprefix("testdata/"))
        return not compare(_read(result.stdout), [comparable(each) for each in golden])

    return answer


def _read(text: str) -> list[Any]:
    from pillion.resources.yaml.events import chunks  # noqa: PLC0415
    from pillion.resources.yaml.load import load_chunk  # noqa: PLC0415

    return [comparable(each) for chunk in chunks(text) for each in load_chunk(chunk).contents if each is not None]


def _check_inject(folder: Path) -> list[tuple[str, bool]]:
    configurations = [each for path in sorted(folder.glob("*.yaml")) for each in documents(path)]

    def answer(row: Json, _: Json) -> bool:
        pod, namespace = (Labels(row[key]["ObjectMeta"].get("Labels") or {}) for key in ("pod", "ns"))
        found = webhooks.verdicts(configurations, pod, namespace)
        got = [(each.name, each.revision, each.is_injected, each.reason) for each in found]
        wanted = row["expectedMessages"]
        return got == [(each["Name"], each["Revision"], each.get("Injected", False), each["Reason"]) for each in wanted]

    return [
        (name, _answered(answer, row, each)) for name, row, each in _rows(folder / "Test_analyzeRunningWebhooks.json")
    ]
