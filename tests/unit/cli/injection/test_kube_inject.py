"""`pillion kube-inject`, as a user calls it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pillion.cli.injection import uninject
from pillion.cli.injection.kube_inject import command

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"
POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: a}]}\n"


def call(*arguments: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, arguments, input=stdin)


def test_a_file_is_injected_and_its_output_stays(tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    file.write_text(f"{SERVICE}---\n{POD}")
    once = call("-f", str(file))
    assert once.exit_code == 0, once.stderr
    assert once.stdout.startswith(SERVICE)
    assert "name: istio-proxy" in once.stdout
    assert call("-f", "-", stdin=once.stdout).stdout == once.stdout


def test_a_folder_and_files_are_read_once_in_order(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text(SERVICE.replace("web", "b"))
    (tmp_path / "a.yml").write_text(SERVICE.replace("web", "a"))
    (tmp_path / "c.txt").write_text("not this")
    result = call("-f", str(tmp_path), "-f", str(tmp_path / "a.yml"))
    assert result.stdout == SERVICE.replace("web", "a") + "---\n" + SERVICE.replace("web", "b")


def test_settings_come_from_files(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "templates: {sidecar: 'spec: {containers: [{name: istio-proxy, image: {{ .Values.image }}}]}'}"
    )
    (tmp_path / "values").write_text('{"image": "example/proxy:9"}')
    (tmp_path / "mesh").write_text("trustDomain: td")
    files = ("--injectConfigFile", "config"), ("--valuesFile", "values"), ("--meshConfigFile", "mesh")
    arguments = [part for flag, name in files for part in (flag, str(tmp_path / name))]
    result = call("-f", "-", *arguments, stdin=POD)
    assert "image: example/proxy:9" in result.stdout
    assert "reversal" not in result.stdout


def test_an_operator_file_gives_values_and_mesh_config(tmp_path: Path) -> None:
    (tmp_path / "config").write_text(
        "spec: {containers: [{name: istio-proxy, image: '{{ .Values.x }}/{{ .MeshConfig.TrustDomain }}'}]}"
    )
    (tmp_path / "operator").write_text("spec: {values: {x: v}, meshConfig: {trustDomain: td}}")
    result = call(
        *("-f", "-", "--injectConfigFile", str(tmp_path / "config"), "--operatorFileName", str(tmp_path / "operator")),
        stdin=POD,
    )
    assert "image: v/td" in result.stdout


def test_a_report_as_json(tmp_path: Path) -> None:
    result = call("-f", "-", "-o", "json", stdin=POD.replace("spec: {", "spec: {hostNetwork: true, "))
    report = json.loads(result.stdout)
    assert report["decisions"][0]["injected"] is False
    assert report["decisions"][0]["rules"][-1]["name"] == "host-network"
    assert report["diagnostics"][0]["code"] == "injection-skipped"


def test_output_goes_to_a_file(tmp_path: Path) -> None:
    target = tmp_path / "out.yaml"
    assert call("-f", "-", "-o", str(target), stdin=POD).stdout == ""
    assert "istio-proxy" in target.read_text()
    assert call("-f", "-", "-o", str(tmp_path / "no" / "out.yaml"), stdin=POD).exit_code != 0


@pytest.mark.parametrize(
    ("arguments", "text", "part"),
    [
        ((), "", "filename not specified (see --filename or -f)"),
        (("-f", "missing.yaml"), "", "open missing.yaml: no such file or directory"),
        (("-f", "-"), "a: [\n", "error"),
        (("-f", "-"), POD.replace("name: app", "name: 5"), "spec.containers[0].name"),
        (("-f", "-", "--injectConfigFile", "/dev/null/x"), POD, "open /dev/null/x"),
    ],
)
def test_mistakes_are_told_and_nothing_is_written(arguments: tuple[str, ...], text: str, part: str) -> None:
    result = call(*arguments, stdin=text)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert part in result.stderr


def test_native_sidecars_follow_istios_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ENABLE_NATIVE_SIDECARS", "true")
    assert "restartPolicy: Always" in call("-f", "-", stdin=POD).stdout


def test_the_revision_is_recorded() -> None:
    assert "istio.io/rev: blue" in call("-f", "-", "--revision", "blue", stdin=POD).stdout
    assert "istio.io/rev: default" in call("-f", "-", "--revision", "default", stdin=POD).stdout


def test_ends_of_lines_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "app.yaml"
    text = b"apiVersion: v1\r\nkind: Pod\r\nspec:\r\n  containers:\r\n  - name: app\r\n"
    file.write_bytes(text)
    assert call("-f", str(file), "-o", str(file)).exit_code == 0
    assert b"istio-proxy" in file.read_bytes()
    CliRunner().invoke(uninject.command, ["-f", str(file), "-o", str(file)])
    assert file.read_bytes() == text


@pytest.mark.parametrize("output", [(), ("-o", "json")])
def test_a_mistake_in_the_settings_names_their_file_and_no_other(tmp_path: Path, output: tuple[str, ...]) -> None:
    for name, text in (
        ("config", "templates: {sidecar: '{{ if }}'}"),
        ("values", "a: [\n"),
        ("mesh", "rootNamspace: x\n"),
    ):
        (tmp_path / name).write_text(text)
    files = [word for flag in ("inject", "values", "mesh") for word in (f"--{flag}File", flag)]
    words = {"--injectFile": "--injectConfigFile", "--meshFile": "--meshConfigFile", "inject": str(tmp_path / "config")}
    words |= {name: str(tmp_path / name) for name in ("values", "mesh")}
    result = call("-f", "-", *(words.get(word, word) for word in files), *output, stdin=POD)
    assert result.exit_code == 2
    first, second, third = result.stderr.splitlines()
    assert first.startswith(f"{tmp_path}/config config: error: template sidecar: ")
    assert second.startswith(f"{tmp_path}/values values: error: ")
    assert third == (
        f"{tmp_path}/mesh:1: mesh: warning: rootNamspace is no field of the mesh config [unknown-field]; "
        "did you mean rootNamespace?"
    )


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (
            "apiVersion: v1\nkind: Config\nclusters: []\n",
            "config:2: config: error: is a Config, expected an injection config or a template [bad-config]",
        ),
        (
            "apiVersion: v1\nkind: ConfigMap\ndata: {config: x}\n",
            "[bad-config]; give what its key config holds",
        ),
        ("# {{ x }}\ntemplate: {}\n", "config:2: config: error: is neither an injection config"),
        ("template: {}\n", "[bad-config]; did you mean templates?"),
    ],
)
def test_a_file_that_is_no_injection_config_is_an_error(tmp_path: Path, text: str, part: str) -> None:
    (tmp_path / "config").write_text(text)
    result = call("-f", "-", "--injectConfigFile", str(tmp_path / "config"), stdin=POD)
    assert (result.exit_code, result.stdout) == (2, "")
    assert part in result.stderr


@pytest.mark.parametrize(
    "text", ["metadata: {labels: {a: b}}", "{{ if false }}spec: {}{{ end }}", "templates: {sidecar: ''}"]
)
def test_templates_that_add_no_container_are_told(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    result = call("-f", "-", "--injectConfigFile", str(tmp_path / "config"), stdin=POD)
    assert result.exit_code == 0
    assert f"{tmp_path / 'config'} config adds no container to this pod [nothing-added]" in result.stderr


@pytest.mark.parametrize("text", ["", "metadata: {name: x}\nspec: {}\n"])
def test_a_text_that_adds_nothing_at_all_is_an_error(tmp_path: Path, text: str) -> None:
    (tmp_path / "config").write_text(text)
    result = call("-f", "-", "--injectConfigFile", str(tmp_path / "config"), stdin=POD)
    assert (result.exit_code, result.stdout) == (2, "")
    assert f"{tmp_path / 'config'} config is no injection config, and as a template it adds nothing" in result.stderr


def test_a_template_without_containers_is_an_error() -> None:
    result = call("-f", "-", stdin=POD.replace("containers", "contaners"))
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "-:4: Pod web: spec.contaners: warning: unknown field contaners [unknown-field]; did you mean containers?",
        (
            "-:4: Pod web: spec.containers: error: is missing, expected at least one container [no-containers]; "
            "did you mean containers, where it says contaners?"
        ),
    ]


def test_an_operators_mesh_config_is_told_without_lines_that_nobody_wrote(tmp_path: Path) -> None:
    (tmp_path / "operator").write_text("spec: {meshConfig: {accessLogFil: x}}")
    result = call("-f", "-", "--operatorFileName", str(tmp_path / "operator"), stdin=POD)
    assert result.stderr == (
        f"{tmp_path / 'operator'} mesh: warning: accessLogFil is no field of the mesh config [unknown-field]; "
        "did you mean accessLogFile?\n"
    )
