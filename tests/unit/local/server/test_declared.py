"""What files say, and what they said last."""

from pathlib import Path

from pillion.local.server.declared import Declared
from pillion.resources.documents import Document

GOOD = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n"


def names(documents: tuple[Document, ...]) -> list[str]:
    return [each.content["metadata"]["name"] for each in documents]


def test_a_broken_file_keeps_its_last_good_documents(tmp_path: Path) -> None:
    one, two = tmp_path / "one.yaml", tmp_path / "two.yaml"
    one.write_text(GOOD)
    two.write_text(GOOD.replace("web", "other"))
    declared = Declared([str(tmp_path)])
    before = declared.read(())
    assert names(before) == ["web", "other"]
    one.write_text(GOOD.replace("web", "changed") + "spec: [\n")
    two.unlink()
    after = declared.read(before)
    assert names(after) == ["web"]
    (told,) = declared.diagnostics
    assert str(told).startswith(f"{one}:5: error:")


def test_a_folder_that_is_gone_keeps_what_it_said_until_it_is_there_again(tmp_path: Path) -> None:
    folder = tmp_path / "mesh"
    (folder / "below").mkdir(parents=True)
    (folder / "one.yaml").write_text(GOOD)
    (folder / "below" / "two.yaml").write_text(GOOD.replace("web", "other"))
    declared = Declared([str(folder), str(tmp_path / "beside.yaml")])
    (tmp_path / "beside.yaml").write_text(GOOD.replace("web", "beside"))
    documents = declared.read(())
    folder.rename(tmp_path / "away")
    for _ in range(2):
        documents = declared.read(documents)
        assert sorted(names(documents)) == ["beside", "other", "web"]
        (told,) = declared.diagnostics
        assert str(told).startswith(
            f"{folder}: error: there is no such file or folder; what was read there last stays in force"
        )
    folder.mkdir()
    (folder / "one.yaml").write_text(GOOD.replace("web", "new"))
    assert names(declared.read(documents)) == ["new", "beside"]
    assert declared.diagnostics == ()


def test_what_is_declared_twice_is_told_and_the_later_counts(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(GOOD)
    declared = Declared([str(tmp_path)])
    declared.read(())
    (told,) = declared.located(declared.diagnostics)
    assert (told.code, told.severity) == ("declared-twice", "warning")
    assert f"{tmp_path}/b.yaml:1: " in str(told)
    assert f"{tmp_path}/a.yaml" in told.message


def test_a_mesh_config_that_cannot_be_read_keeps_its_last_text(tmp_path: Path) -> None:
    config = tmp_path / "config.yaml"
    config.write_text("accessLogFile: /dev/stdout\n")
    declared = Declared([], str(config))
    declared.read(())
    config.unlink()
    declared.read(())
    assert declared.mesh_config == "accessLogFile: /dev/stdout\n"
    assert [each.code for each in declared.diagnostics] == ["unreadable"]
