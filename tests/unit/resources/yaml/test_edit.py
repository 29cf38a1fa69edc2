"""Changing a document in its text."""

from typing import Any

import pytest

from pillion.resources.yaml.edit import edit, same
from pillion.resources.yaml.events import Chunk
from pillion.resources.yaml.load import load_chunk

TEXT = """\
# top
b: "1"   # first
a:
  # the items
  - name: x
    v: [1, 2]
  - {name: yy}

c: {k: v}
"""
BEFORE = {"b": "1", "a": [{"name": "x", "v": [1, 2]}, {"name": "yy"}], "c": {"k": "v"}}


def edited(text: str, after: Any) -> str | None:
    chunk = Chunk(text, 0)
    (before,) = load_chunk(chunk).contents
    found = edit(chunk, before, after)
    return None if found is None else found.text


def test_additions_are_lines_where_they_belong() -> None:
    items = [{"name": "z"}, {**BEFORE["a"][0], "w": True}, {"name": "yy"}]
    found = edited(TEXT, BEFORE | {"a": items, "d": {"q": 1, "p": ["r"]}})
    wanted = TEXT.replace("  # the items\n", "  - name: z\n  # the items\n").replace("2]\n", "2]\n    w: true\n")
    assert found == wanted + "d:\n  p:\n  - r\n  q: 1\n"


def test_what_goes_takes_its_lines_with_it() -> None:
    assert edited(TEXT, {"b": "1", "a": BEFORE["a"][1:]}) == (
        '# top\nb: "1"   # first\na:\n  # the items\n  - {name: yy}\n\n'
    )


@pytest.mark.parametrize(
    ("after", "line"),
    [
        ({"k": "w"}, "c: {k: w}\n"),
        ({"k": "v", "l": "1", "i": 2}, 'c: {k: v, i: 2, l: "1"}\n'),
        ({"k": "a, b"}, "c:\n  k: a, b\n"),
        ({"k": {"l": 1}}, "c:\n  k:\n    l: 1\n"),
        ({"l": "v"}, "c:\n  l: v\n"),
        ({}, "c: {}\n"),
        (None, "c: null\n"),
        ("one\ntwo\n", "c: |\n  one\n  two\n"),
    ],
)
def test_brackets_are_kept_for_what_is_short(after: Any, line: str) -> None:
    assert edited(TEXT, BEFORE | {"c": after}) == TEXT.replace("c: {k: v}\n", line)


def test_an_addition_says_whether_its_removal_is_exact() -> None:
    chunk = Chunk(TEXT, 0)
    for more, exactly in (({"d": 1}, True), ({"c": {"k": "w"}}, True), ({"b": "2"}, True), ({"c": 1}, False)):
        found = edit(chunk, BEFORE, BEFORE | more)
        assert found is not None
        assert found.is_undone_exactly is exactly
        again = Chunk(found.text, 0)
        back = edit(again, load_chunk(again).contents[0], BEFORE)
        assert back is not None
        assert (back.text == TEXT) is exactly


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("a: &x {b: 1}\nc: *x\n", {"a": {"b": 2}, "c": {"b": 1}}),
        ("{a: 1}\n", {"b": 1}),
        ("a: 1\na: 2\n", {"a": 3}),
        ("a: |\n  x", {"a": "x", "b": 1}),
        ("a: 1\n", [1]),
    ],
)
def test_some_texts_are_better_written_anew(text: str, after: Any) -> None:
    assert edited(text, after) is None


def test_sameness_knows_types() -> None:
    assert same({"a": [1, "x", None]}, {"a": [1, "x", None]})
    assert not same({"a": 1}, {"a": True})
    assert not same([1], [1.0])
    assert not same({"a": 1}, {"a": 1, "b": 2})
