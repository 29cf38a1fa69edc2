import pytest

from pillion.resources.lines import Place, locate, locate_all, place_of
from pillion.value import Diagnostic, Origin, Path, Where

TEXT = """\
# a comment
a:
  b:
  - c: 1
  - {d: 2, e: [x, y]}
---
kind: List
items:
- f: &anchor
    g: 1
- h: *anchor
"""


@pytest.mark.parametrize(
    ("origin", "path", "place"),
    [
        (Origin(), (), Place(2, 1)),
        (Origin(), ("a", "b"), Place(3, 3)),
        (Origin(), ("a", "b", 0, "c"), Place(4, 5)),
        (Origin(), ("a", "b", 1), Place(5, 5)),
        (Origin(), ("a", "b", 1, "e", 1), Place(5, 19)),
        (Origin(), ("a", "b", 1, "nothing", "here"), Place(5, 5)),
        (Origin(document=1, item=0), ("f", "g"), Place(10, 5)),
        (Origin(document=1, item=1), ("h",), Place(11, 3)),
        (Origin(document=1, item=1), ("h", "g"), Place(10, 5)),
        (Origin(document=2), (), None),
    ],
)
def test_finds_the_line_of_a_field(origin: Origin, path: Path, place: Place | None) -> None:
    assert place_of(TEXT, origin, path) == place


def test_a_diagnostic_gets_its_line() -> None:
    diagnostic = Diagnostic(code="x", severity="error", message="y", where=Where(origin=Origin(), path=("a", "b", 0)))
    located = locate(diagnostic, TEXT)
    assert (located.where.line, located.where.column) == (4, 5)
    assert locate(located, "other: text") == located


def test_without_an_origin_or_a_document_nothing_changes() -> None:
    bare = Diagnostic(code="x", severity="error", message="y")
    assert locate(bare, TEXT) is bare
    lost = Diagnostic(code="x", severity="error", message="y", where=Where(origin=Origin(document=9)))
    assert locate(lost, TEXT) is lost


def test_a_broken_text_still_has_lines() -> None:
    assert place_of("a:\n  b: 1\n  c: [", Origin(), ("a", "b")) == Place(2, 3)


def test_several_diagnostics_share_one_reading() -> None:
    paths: list[Path] = [("a",), ("a", "b", 1, "d"), ()]
    origins = [Origin(), Origin(), Origin(document=1)]
    wheres = [Where(origin=origin, path=path) for origin, path in zip(origins, paths, strict=True)]
    diagnostics = tuple(Diagnostic(code="x", severity="error", message="y", where=where) for where in wheres)
    assert [one.where.line for one in locate_all(diagnostics, TEXT)] == [2, 5, 7]
    assert locate_all((), TEXT) == ()
