"""`pillion inject settings`, as a command."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from pillion.cli.injection.doctor import command
from pillion.controlplane.webhook.files import SettingsFiles, read
from pillion.inject.settings import default_settings

OURS = default_settings()


def export(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["settings", *arguments])


@pytest.mark.parametrize("arguments", [("--revision", "blue"), ("-o", "json", "--revision", "blue")])
def test_the_config_maps_read_back_as_our_settings(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(export(*arguments).stdout)
    found, problems = read(SettingsFiles(maps=(str(file),), revision="blue"))
    assert found is not None
    assert (found.config, found.values, found.mesh, problems) == (OURS.config, OURS.values, OURS.mesh, ())
    assert "istio-sidecar-injector-blue" in file.read_text()


def test_a_folder_gets_a_file_a_setting(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    assert export("-o", str(folder)).exit_code == 0
    assert {file.name: file.read_text() for file in folder.iterdir()} == {
        "config": OURS.config,
        "values": OURS.values,
        "mesh": OURS.mesh,
    }
    assert export("-o", str(folder)).exit_code == 0
    (folder / "mesh").write_text("trustDomain: mine")
    (folder / "config").unlink()
    again = export("-o", str(folder))
    assert (again.exit_code, (folder / "mesh").read_text()) == (2, "trustDomain: mine")
    assert "mesh is there already" in again.stderr
    assert not (folder / "config").exists()


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    refused = export("-o", str(tmp_path / "file" / "x"))
    assert refused.exit_code == 2
    assert "not a directory" in refused.stderr


def test_the_json_is_a_list() -> None:
    assert [each["kind"] for each in json.loads(export("-o", "json").stdout)["items"]] == ["ConfigMap", "ConfigMap"]
