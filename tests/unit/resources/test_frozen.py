"""JSON that cannot change, and what makes two of it the same."""

from typing import Any

import pytest

from pillion.resources.frozen import freeze, same, thaw
from pillion.value import FrozenMap


def test_freezes_all_the_way_down_and_back() -> None:
    value = {"a": [1, {"b": None}], "c": "d"}
    frozen = freeze(value)
    assert frozen == FrozenMap({"a": (1, FrozenMap({"b": None})), "c": "d"})
    assert hash(frozen) == hash(freeze({"c": "d", "a": [1, {"b": None}]}))
    assert thaw(frozen) == value


@pytest.mark.parametrize(
    ("one", "other"), [(1, True), (0, False), (1, 1.0), (1, "1"), ({}, []), ([1], [1, 1]), (None, 0)]
)
def test_what_json_tells_apart_is_not_the_same(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert not same({"a": [{"b": one}]}, {"a": [{"b": other}]})
    assert same({"a": [{"b": one}], "c": None}, {"c": None, "a": [{"b": one}]})
    assert freeze({"a": [one]}) != freeze({"a": [other]})


def test_a_key_of_another_name_is_another_map() -> None:
    assert not same({"a": None}, {"b": None})
    assert not same({"a": None}, {})
