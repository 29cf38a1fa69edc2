import pytest

from pillion.resources.yaml.events import Chunk, SyntaxFault, chunks, events


def test_cuts_before_each_document() -> None:
    text = "a: 1\n---\nb: 2\n--- c\n"
    assert list(chunks(text)) == [("a: 1\n", 0), ("---\nb: 2\n", 1), ("--- c\n", 3)]


def test_a_separator_stands_alone() -> None:
    assert [chunk.text for chunk in chunks("a: |\n  ---\n---x: 1\n")] == ["a: |\n  ---\n---x: 1\n"]


def test_directives_stay_with_their_document() -> None:
    assert len(list(chunks("%YAML 1.1\n---\na: 1\n"))) == 1


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: b: c", 11, 5),
        ("a: [1,\n", 12, 1),
        ("%YAML 1.2\n---\na: 1", 11, 1),
        ("k: \x07", 11, None),
        ("\ud800", 11, None),
    ],
)
def test_a_fault_has_its_place_in_the_whole_text(text: str, line: int, column: int | None) -> None:
    with pytest.raises(SyntaxFault) as caught:
        list(events(Chunk(text, 10)))
    assert (caught.value.diagnostic.where.line, caught.value.diagnostic.where.column) == (line, column)


def test_a_tab_is_called_by_its_name() -> None:
    with pytest.raises(SyntaxFault) as caught:
        list(events(Chunk("spec:\n\tegress: []\n", 0)))
    assert caught.value.diagnostic.hint == "indent with spaces: YAML takes no tabs there"
