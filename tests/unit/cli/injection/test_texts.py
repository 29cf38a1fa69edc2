"""Files that a command line names."""

from pathlib import Path

import pytest

from pillion.cli.injection.texts import FileError, joined, read_file, read_inputs, read_settings, write_output
from pillion.inject.settings import default_settings


def test_inputs_are_files_folders_and_standard_input(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.json").write_text("{}")
    found = read_inputs([str(tmp_path), "-"], lambda: "typed")
    assert found == [(str(tmp_path / "sub" / "a.json"), "{}"), ("-", "typed")]


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="UTF-8"):
        read_file(str(tmp_path / "x"))


def test_without_files_the_settings_are_ours() -> None:
    assert read_settings(config="", values="", mesh="", operator="") == default_settings()


def test_a_config_of_others_does_not_get_our_values(tmp_path: Path) -> None:
    (tmp_path / "c").write_text("templates: {}")
    settings = read_settings(config=str(tmp_path / "c"), values="", mesh="", operator="")
    assert settings.values == "{}"
    assert not settings.reversible
    mesh = tmp_path / "m"
    mesh.write_text("trustDomain: td")
    ours = read_settings(config="", values="", mesh=str(mesh), operator="")
    assert ours.config == default_settings().config
    assert ours.mesh == "trustDomain: td"
    assert ours.reversible


def test_an_operator_file_must_be_a_map(tmp_path: Path) -> None:
    (tmp_path / "o").write_text("- a")
    with pytest.raises(FileError, match="IstioOperator"):
        read_settings(config="", values="", mesh="", operator=str(tmp_path / "o"))


def test_output_goes_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_output("a\n", "")
    assert capsys.readouterr().out == "a\n"
    write_output("b\n", str(tmp_path / "f"))
    assert (tmp_path / "f").read_text() == "b\n"


def test_files_are_joined_where_one_document_ends() -> None:
    assert joined(["a: 1", "", "---\nb: 1\n", "c: 1\n"]) == "a: 1\n---\nb: 1\n---\nc: 1\n"
    assert joined(["a: 1"]) == "a: 1"
