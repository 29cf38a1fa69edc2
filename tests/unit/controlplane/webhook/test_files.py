"""Settings in files, in every form that they come in."""

from pathlib import Path

import pytest

from pillion.controlplane.webhook.files import SettingsFiles, paths, read, signature
from pillion.inject.settings import default_settings

MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: %s}\ndata: {%s}\n"


def test_nothing_named_is_our_own() -> None:
    assert read(SettingsFiles()) == (default_settings(), ())


def test_three_texts(tmp_path: Path) -> None:
    for name in ("c", "v", "m"):
        (tmp_path / name).write_text(name)
    files = SettingsFiles(config=str(tmp_path / "c"), values=str(tmp_path / "v"), mesh=str(tmp_path / "m"))
    settings, found = read(files)
    assert settings is not None
    assert (settings.config, settings.values, settings.mesh, settings.reversible, found) == ("c", "v", "m", False, ())


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
@pytest.mark.parametrize(("revision", "values"), [("", "plain"), ("canary", "canary"), ("other", "plain")])
def test_config_maps_of_a_revision(tmp_path: Path, names: tuple[str, str], revision: str, values: str) -> None:
    plain, canary = names
    (tmp_path / f"{plain}.yaml").write_text(MAP % ("istio-sidecar-injector", "config: c, values: plain"))
    (tmp_path / f"{canary}.yaml").write_text(MAP % ("istio-sidecar-injector-canary", "config: c, values: canary"))
    settings, _ = read(SettingsFiles(maps=(str(tmp_path),), revision=revision))
    assert settings is not None
    assert settings.values == values


def test_a_mounted_config_map(tmp_path: Path) -> None:
    for name in ("config", "values", "mesh"):
        (tmp_path / name).write_text(name)
    settings, _ = read(SettingsFiles(maps=(str(tmp_path),)))
    assert settings is not None
    assert (settings.config, settings.values, settings.mesh) == ("config", "values", "mesh")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (MAP % ("istio-sidecar-injector", "values: v"), "missing-setting"),
        (MAP % ("another", "a: b"), "missing-setting"),
        ("a: [", "yaml-syntax"),
        (None, "unreadable"),
    ],
)
def test_what_is_wrong_names_the_file_or_the_map(tmp_path: Path, text: str | None, code: str) -> None:
    file = tmp_path / "map.yaml"
    if text is not None:
        file.write_text(text)
    settings, found = read(SettingsFiles(maps=(str(file),)))
    assert settings is None
    assert [each.code for each in found if each.severity == "error"] == [code]


def test_each_setting_knows_its_file(tmp_path: Path) -> None:
    folder, file, single = tmp_path / "maps", tmp_path / "mesh.yaml", tmp_path / "values"
    folder.mkdir()
    (folder / "config").write_text("c")
    file.write_text(MAP % ("istio", "mesh: m"))
    single.write_text("v")
    missing = read(SettingsFiles(maps=(str(folder), str(file))))[1]
    assert [str(each.where) for each in missing] == [f"{folder}: data.values"]
    (folder / "values").write_text("v")
    settings, found = read(SettingsFiles(maps=(str(folder), str(file)), values=str(single)))
    assert settings is not None
    places = {"config": f"{folder}/config", "values": str(single), "mesh": f"{file}: ConfigMap istio"}
    assert (found, {key: settings.origins[key] for key in places}) == ((), places)


def test_a_signature_changes_with_a_file(tmp_path: Path) -> None:
    file = tmp_path / "config"
    files = SettingsFiles(config=str(file))
    seen = [signature(paths(files))]
    file.write_text("a")
    seen.append(signature(paths(files)))
    (tmp_path / "new").write_text("b")
    (tmp_path / "new").rename(file)
    seen.append(signature(paths(files)))
    assert len(set(seen)) == 3


def test_a_place_that_cannot_be_looked_at_is_told() -> None:
    name = "x" * 300
    files = SettingsFiles(maps=(name,))
    assert paths(files) == (name,)
    settings, found = read(files)
    assert settings is None
    assert "cannot be read: File name too long" in str(found[0])
