"""What a mesh is not opened for."""

from pathlib import Path

import pytest

from pillion.local.server.declared import Declared
from pillion.local.server.door import refuse_nothing
from pillion.local.state import StateError

SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def refused(*paths: Path) -> str:
    names = [str(path) for path in paths]
    files = Declared(names)
    try:
        refuse_nothing(files, files.read(()), names)
    except StateError as problem:
        return str(problem)
    return ""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a machine's name\n", ":1: error: is a single value, expected a map with "),
        ("# nothing\n\nreplicas: 3\n", ":3: error: has no apiVersion, so it is not a Kubernetes resource "),
        ("kind: Service\nmetadata: {name: web\n", ":3: error: "),
        ("", ""),
    ],
)  # fmt: skip
def test_a_file_without_resources_is_refused_with_what_is_in_it(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "mesh.yaml"
    file.write_text(text)
    head, *told = refused(file).splitlines()
    assert head == f"there is no resource in {file}: name files of Kubernetes YAML, or a folder that they will come to"
    assert bool(told) == bool(said)
    assert "".join(told).startswith(f"{file}{said}" if said else "")


def test_one_resource_among_the_files_is_enough_and_may_be_wrong(tmp_path: Path) -> None:
    empty, wrong = tmp_path / "empty.yaml", tmp_path / "wrong.yaml"
    empty.write_text("")
    wrong.write_text(SERVICE.replace("web", "_"))
    assert refused(empty)
    assert not refused(empty, wrong)


def test_a_folder_may_be_filled_later(tmp_path: Path) -> None:
    (tmp_path / "note.yaml").write_text("just text\n")
    assert not refused(tmp_path)
