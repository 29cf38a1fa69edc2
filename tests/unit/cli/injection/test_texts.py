"""Files that a command line names."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest

from pillion.cli.injection.texts import FileError, joined, read_file, read_inputs, write_output


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Callable[[bytes], None]:
    """Put something on standard input."""

    def put(content: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content)))

    return put


def test_inputs_are_files_folders_and_standard_input(tmp_path: Path, typed: Callable[[bytes], None]) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.json").write_bytes(b"{}\r\n")
    typed("é: 1\r\n".encode())
    found = read_inputs([str(tmp_path), "-", str(tmp_path), "-"])
    assert found == [(str(tmp_path / "sub" / "a.json"), "{}\r\n"), ("-", "é: 1\r\n")]


def test_standard_input_that_is_no_text_is_refused(typed: Callable[[bytes], None]) -> None:
    typed(b"\xff\xfe")
    with pytest.raises(FileError, match="open -: it is not UTF-8 text"):
        read_inputs(["-"])


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"\xff\xfe")
    with pytest.raises(FileError, match="UTF-8"):
        read_file(str(tmp_path / "x"))


def test_output_goes_where_it_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_output("a\n", "")
    assert capsys.readouterr().out == "a\n"
    write_output("b\n", str(tmp_path / "f"))
    assert (tmp_path / "f").read_text() == "b\n"


def test_files_are_joined_where_one_document_ends() -> None:
    assert joined(["a: 1", "", "---\nb: 1\n", "c: 1\n"]) == "a: 1\n---\nb: 1\n---\nc: 1\n"
    assert joined(["a: 1"]) == "a: 1"
