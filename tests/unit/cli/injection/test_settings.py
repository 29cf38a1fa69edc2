"""Settings that a command line names."""

from pathlib import Path

import pytest

from pillion.cli.injection.settings import ClusterMaps, SettingsSource, read_settings
from pillion.cli.injection.texts import FileError
from pillion.inject.settings import default_settings


def test_without_files_the_settings_are_ours() -> None:
    assert read_settings(SettingsSource()) == default_settings()


def test_a_config_of_others_does_not_get_our_values(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("templates: {}")
    settings = read_settings(SettingsSource(config=str(tmp_path / "c")))
    assert settings.values == "{}"
    assert not settings.reversible
    mesh = tmp_path / "m"
    mesh.write_text("trustDomain: td")
    ours = read_settings(SettingsSource(mesh=str(mesh)))
    assert ours.config == default_settings().config
    assert ours.mesh == "trustDomain: td"
    assert ours.reversible


def test_an_operator_file_must_be_a_map(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("- a")
    with pytest.raises(FileError, match="IstioOperator"):
        read_settings(SettingsSource(operator=str(tmp_path / "o")))


def test_no_cluster_is_asked_for_what_files_give(tmp_path: Path) -> None:
    for name in ("config", "values", "mesh"):
        (tmp_path / name).write_text("{}")
    files = {name: str(tmp_path / name) for name in ("config", "values", "mesh")}
    nowhere = ClusterMaps(kubeconfig=str(tmp_path / "none"))
    assert read_settings(SettingsSource(**files, cluster=nowhere)).source == ", ".join(files.values())
