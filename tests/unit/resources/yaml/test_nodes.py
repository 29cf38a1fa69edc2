"""Places of parts in a text."""

import pytest

from pillion.resources.yaml.events import Chunk
from pillion.resources.yaml.nodes import Node, parse


def at(text: str) -> Node:
    root = parse(Chunk(text, 0))
    assert root is not None
    return root


def test_places_of_a_map_in_lines() -> None:
    text = "# top\na: 1\nbc:\n  - x\n  - y z  # why\nd:\n"
    root = at(text)
    assert root.keys is not None
    assert root.items is not None
    assert [text[key.start : key.end] for key in root.keys] == ["a", "bc", "d"]
    one, many, nothing = root.items
    assert text[one.start : one.end] == "1"
    assert text[many.start : many.end] == "- x\n  - y z"
    assert (many.column, many.keys) == (2, None)
    assert nothing.start == nothing.end == text.index("d:") + 2


def test_brackets_and_blocks_of_text() -> None:
    text = "a: {b: [1, 2]} # c\nt: |\n  x\n\n# end\n"
    brackets, block = at(text).items or []
    assert (text[brackets.start : brackets.end], brackets.is_flow) == ("{b: [1, 2]}", True)
    assert (block.is_block_text, text[block.end :]) == (True, "# end\n")
    assert at(text).is_block_text


@pytest.mark.parametrize("text", ["a: &x 1\nb: *x\n", "a: &x 1\n", "a: !!str 1\n", "<<: *x\n", "", "a: 1\n---\nb: 2\n"])
def test_a_text_that_is_more_than_it_shows_has_none(text: str) -> None:
    assert parse(Chunk(text, 0)) is None
