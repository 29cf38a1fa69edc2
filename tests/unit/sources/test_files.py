import io
from pathlib import Path

import pytest

from pillion.resources.decode import decode
from pillion.sources.files import read_paths

SIDECAR = """\
# a comment
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec:
  workloadselector:
    labels: {app: web}
"""


def test_a_folder_is_read_in_order_without_hidden_and_foreign_files(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "sub/c.json", ".hidden/d.yaml", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text('{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}}')
    reading = read_paths([str(tmp_path)])
    names = [Path(each.origin.file).relative_to(tmp_path).as_posix() for each in reading.documents]
    assert names == ["a.yml", "b.yaml", "sub/c.json"]
    assert reading.diagnostics == ()


def test_a_missing_file_and_one_that_is_no_text_are_told_and_the_others_read(tmp_path: Path) -> None:
    (tmp_path / "good.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: x}\n")
    (tmp_path / "bad.yaml").write_bytes(b"\xff\xfe\x00")
    reading = read_paths([str(tmp_path), str(tmp_path / "none.yaml")])
    assert len(reading.documents) == 1
    assert [each.code for each in reading.diagnostics] == ["unreadable", "unreadable"]


def test_a_diagnostic_about_a_document_gets_its_line(tmp_path: Path) -> None:
    (tmp_path / "sidecar.yaml").write_text(SIDECAR)
    reading = read_paths([str(tmp_path)])
    (document,) = reading.documents
    _, found = decode(document.content, document.origin)
    (located,) = reading.located(found)
    assert located.where.line == 6
    assert "workloadSelector" in str(located)


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(SIDECAR))
    (document,) = read_paths(["-"]).documents
    assert document.content["kind"] == "Sidecar"
