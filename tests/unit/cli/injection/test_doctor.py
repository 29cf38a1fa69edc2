"""`pillion inject doctor`, as a command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pillion.cli.injection.doctor import command

POD = """apiVersion: v1
kind: Pod
metadata:
  name: web
  labels:
    sidecar.istio.io/inject: "%s"
spec: {containers: [{name: app, image: a}]}
"""


def doctor(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["doctor", *arguments])


@pytest.mark.parametrize(("word", "verdict"), [("true", "injected"), ("false", "skipped")])
def test_the_rule_that_decided_has_its_line(tmp_path: Path, word: str, verdict: str) -> None:
    file = tmp_path / "pod.yaml"
    file.write_text(POD % word)
    result = doctor(str(tmp_path), "-o", "json")
    (found,) = json.loads(result.stdout)["workloads"]
    assert (result.exit_code, found["verdict"]) == (0, verdict)
    assert (found["where"], found["rules"][-1]["where"]) == (f"{file}:1", f"{file}:6")


@pytest.mark.parametrize(("place", "counts"), [("", True), (", namespace: default", True), (", namespace: a", False)])
def test_proxy_configs_among_the_files_count(tmp_path: Path, place: str, counts: bool) -> None:
    config = (
        "apiVersion: networking.istio.io/v1beta1\nkind: ProxyConfig\n"
        f"metadata: {{name: all{place}}}\nspec: {{environmentVariables: {{COLOUR: red}}}}\n"
    )
    (tmp_path / "pod.yaml").write_text(POD % "true" + "---\n" + config)
    (found,) = json.loads(doctor(str(tmp_path), "-o", "json").stdout)["workloads"]
    assert ("COLOUR" in json.dumps(found["patch"])) == counts


def test_something_wrong_is_a_finding(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: j}\nspec: {template: {spec: {containers: [{name: a}]}}}\n"
    )
    result = doctor(str(file))
    assert result.exit_code == 1
    assert "[job-never-ends]" in result.stdout


def test_settings_that_cannot_be_read_are_an_input_error(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD % "true")
    result = doctor(str(tmp_path), "--settings", str(tmp_path / "pod.yaml"))
    assert result.exit_code == 2
    assert "[missing-setting]" in result.stderr


def test_against_other_settings(tmp_path: Path) -> None:
    (tmp_path / "pod.yaml").write_text(POD % "true")
    data = {"config": json.dumps({"policy": "enabled", "templates": {"sidecar": "{}"}}), "values": "{}"}
    other = tmp_path / "other"
    other.mkdir()
    for key, text in data.items():
        (other / key).write_text(text)
    result = doctor(str(tmp_path / "pod.yaml"), "--against", str(other), "-o", "json")
    (found,) = json.loads(result.stdout)["drift"]
    assert (found["before"], found["after"]) == ("injected", "injected")
    assert found["operations"]


@pytest.mark.parametrize(
    ("revision", "label"), [((), "plain"), (("--revision", "blue"), "blue"), (("-r", "red"), "plain")]
)
def test_settings_among_the_input_are_those_of_the_revision(
    tmp_path: Path, revision: tuple[str, ...], label: str
) -> None:
    for name, by in (("istio-sidecar-injector-blue", "blue"), ("istio-sidecar-injector", "plain")):
        config = json.dumps({"policy": "enabled", "templates": {"sidecar": f"metadata: {{labels: {{by: {by}}}}}"}})
        document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
        (tmp_path / f"{name}.json").write_text(json.dumps(document | {"data": {"config": config, "values": "{}"}}))
    (tmp_path / "pod.yaml").write_text(POD % "true")
    result = doctor(str(tmp_path), *revision, "-o", "json")
    (found,) = json.loads(result.stdout)["workloads"]
    assert {"op": "add", "path": "/metadata/labels/by", "value": label} in found["patch"]
