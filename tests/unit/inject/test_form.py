"""What is remembered of a text beside its value."""

from typing import Any

import pytest

from pillion.inject.form import MOST, applied, difference


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("a\nb\nc\n", "a\nB # why\nc"), ("a\n", ""), ("", "a\n"), ("a\nb\n", "b\na\nb\n"), ("x: é\n", 'x: "é"\n')],
)
def test_a_difference_leads_to_the_other_text(text: str, wanted: str) -> None:
    remembered = difference(text, wanted)
    assert remembered is not None
    assert applied(text, remembered) == wanted


def test_what_is_too_much_to_carry_is_not_remembered() -> None:
    assert difference("a\n", "b" * MOST) is None
    assert difference("".join(f"{n}\n" for n in range(600)), "".join(f"-{n}\n" for n in range(600))) is None
    assert difference("".join(f"{n}\n" for n in range(600)), "".join(f"{n}\n" for n in range(601))) is not None


def test_it_is_believed_of_its_own_text_only() -> None:
    remembered = difference("a\nb\n", "a\nc\n")
    assert remembered is not None
    assert applied("a\nb\nb\n", remembered) is None


@pytest.mark.parametrize(
    "lines", [None, [1], [[0, 9, "x"]], [[1, 0, "x"]], [[0, 1, 2]], [[0, 1, "x"], [0, 1, "y"]], [["0", 1, "x"]]]
)
def test_nonsense_is_not_believed(lines: Any) -> None:
    remembered = difference("a\nb\n", "a\nc\n")
    assert remembered is not None
    assert applied("a\nb\n", remembered | {"lines": lines}) is None
