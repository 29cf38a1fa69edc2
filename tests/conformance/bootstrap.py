"""Istio's recorded bootstraps, from ProxyConfig in protobuf text form, annotations and environment."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec

from conformance.outcome import Outcome, tally
from pillion.agent import bootstrap, node, proxy_config
from pillion.envoy.bootstrap.model import Pipe
from pillion.envoy.bootstrap.render import to_bytes
from pillion.value import FrozenMap

FOLDER = "/tmp"
TOKEN = re.compile(r'\s*(?:#[^\n]*|("(?:[^"\\]|\\.)*")|([{}:\[\],])|([^\s{}:\[\],"#]+))')
DURATIONS = {"drain_duration", "termination_drain_duration"}


def run(data: Path) -> dict[str, Outcome]:
    suite = json.loads((data / "bootstrap" / "cases.json").read_text())
    cases = [(case["name"], _alike(case, suite["common"], data / "bootstrap")) for case in suite["cases"]]
    return {"bootstrap": tally(cases)}


def _alike(case: dict[str, Any], common: dict[str, Any], folder: Path) -> bool:
    document = _proxy_config((folder / case["proxy_config"]).read_text())
    environment = {"ISTIO_METAJSON_LABELS": "{}", **case["env"]}
    if case["annotations"]:
        environment["ISTIO_METAJSON_ANNOTATIONS"] = json.dumps(case["annotations"])
    if limit := environment.get(bootstrap.CONNECTION_LIMIT):
        document.setdefault("proxyMetadata", {})[bootstrap.CONNECTION_LIMIT] = limit
    if case["compliance_policy"]:
        environment["COMPLIANCE_POLICY"] = case["compliance_policy"]
    name = Path(case["proxy_config"]).stem
    document |= {"configPath": f"{FOLDER}/bootstrap/{name}", "customConfigFile": "envoy_bootstrap.json"}
    config, problems = proxy_config.build({**REQUIRED, "statusPort": 15020, **document}, name)
    assert not problems, problems
    given = proxy_config.frozen({"statusPort": 15020, **document})
    config = msgspec.structs.replace(config, document=given)
    identity = node.ProxyIdentity(
        node_id=common["node_id"],
        instance_ips=tuple(common["instance_ips"]),
        version=common["version_binary"],
        status_port=common["envoy_status_port"],
        prometheus_port=common["envoy_prometheus_port"],
        outlier_log_path=common["outlier_log_path"],
        pilot_subject_alt_names=tuple(common["pilot_subject_alt_name"]),
        workload_socket=common["workload_identity_socket_file"],
    )
    pod = node.PodInfo(annotations=FrozenMap(case["annotations"]))
    made = bootstrap.build(
        config, node.build(environment, config, pod, identity), Pipe(path=f"{FOLDER}/XDS"), environment
    )
    text = to_bytes(made).decode()
    if not case["check_locality"]:
        text = re.sub(r'("(?:zone|region)": ?)"[^"]+"', r'\1""', text)
    return json.loads(text) == _golden(folder / case["golden"], text)


REQUIRED = {
    "binaryPath": "",
    "discoveryAddress": "",
    "proxyAdminPort": 0,
    "drainDuration": "0s",
    "terminationDrainDuration": "0s",
}
"""What the agent's own decoding would have filled in; the recorded tests start from a bare ProxyConfig."""


def _golden(path: Path, text: str) -> Any:
    return json.loads(path.read_text())


def _proxy_config(text: str) -> dict[str, Any]:
    """Read protobuf's text form into the JSON form of the same message."""
    tokens = [quoted or sign or word for quoted, sign, word in TOKEN.findall(text) if quoted or sign or word]
    return _message([*tokens, "}"])


def _message(tokens: list[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while (name := tokens.pop(0)) != "}":
        if name == ",":
            continue
        if tokens[0] == ":":
            tokens.pop(0)
        value = _value(tokens)
        if value not in (0, "", "NONE"):  # proto3 JSON leaves out zero values, and NONE is that of its enumeration
            found[_camel(name)] = _special(name, value)
    return found


def _value(tokens: list[str]) -> Any:
    token = tokens.pop(0)
    if token == "{":
        return _message(tokens)
    if token == "[":
        items: list[Any] = []
        while tokens[0] != "]":
            items.append(_value(tokens))
            if tokens[0] == ",":
                tokens.pop(0)
        tokens.pop(0)
        return items
    if token.startswith('"'):
        return json.loads(token)
    return int(token) if token.lstrip("-").isdecimal() else token


def _special(name: str, value: Any) -> Any:
    """Return the JSON form of durations, wrappers and maps."""
    if name in DURATIONS:
        return f"{value.get('seconds', 0)}s"
    if isinstance(value, dict) and set(value) == {"value"}:
        return value["value"]
    if isinstance(value, list) and all(isinstance(item, dict) and set(item) == {"key", "value"} for item in value):
        return {item["key"]: item["value"] for item in value}
    return value


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.capitalize() for word in rest)
