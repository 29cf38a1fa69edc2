"""The runner of pages: a page that lies must fail."""

import pytest

from docs.pages import matches


@pytest.mark.parametrize(
    ("expected", "output"),
    [
        ("a\nb\n", "a\nb\n"),
        ("a ... c\n", "a b c\n"),
        ("a\n...\nd\n", "a\nb\nc\nd\n"),
        ("a\n...\n", "a\nb\n"),
        ("...\nd\n", "c\nd\n"),
        ("...\n", "c\nd\n"),
        ("AGE   IP\n", "AGE    IP\n"),
    ],
)
def test_an_output_that_is_as_written(expected: str, output: str) -> None:
    assert matches(expected, output)


@pytest.mark.parametrize(
    ("expected", "output"),
    [("a\n", "a\nb\n"), ("a ... c\n", "a b d\n"), ("a\n...\nd\n", "a\nb\n"), ("a.b\n", "axb\n"), ("a b\n", "ab\n")],
)
def test_an_output_that_is_not(expected: str, output: str) -> None:
    assert not matches(expected, output)
