"""`pillion uninject`, as a user calls it."""

from pathlib import Path

from click.testing import CliRunner

from pillion.cli.injection import kube_inject, uninject

POD = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: app, image: a}]}\n"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def test_what_was_injected_comes_back(tmp_path: Path) -> None:
    injected = CliRunner().invoke(kube_inject.command, ["-f", "-"], input=f"{SERVICE}---\n{POD}").stdout
    back = CliRunner().invoke(uninject.command, ["-f", "-"], input=injected)
    assert back.exit_code == 0
    assert back.stdout == f"{SERVICE}---\n{POD}"
    target = tmp_path / "out.yaml"
    CliRunner().invoke(uninject.command, ["-f", "-", "-o", str(target)], input=injected)
    assert target.read_text() == back.stdout


def test_mistakes_are_told() -> None:
    assert "filename not specified" in CliRunner().invoke(uninject.command, []).stderr
    missing = CliRunner().invoke(uninject.command, ["-f", "missing.yaml"])
    assert missing.exit_code != 0
    assert "open missing.yaml" in missing.stderr
    broken = CliRunner().invoke(uninject.command, ["-f", "-"], input="a: [\n")
    assert broken.exit_code == 2
    assert broken.stdout == ""
