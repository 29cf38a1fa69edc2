"""JSON patches: found by what is not the same object, told in few operations."""

from typing import Any

import pytest

from pillion.inject.patch import PatchError, apply, difference, pointer


def test_a_pointer_escapes_its_steps() -> None:
    assert pointer(("metadata", "annotations", "a/b~c", 0)) == "/metadata/annotations/a~1b~0c/0"


def test_a_map_is_changed_key_by_key() -> None:
    assert difference({"a": 1, "b": 2, "c": 3}, {"a": 1, "b": 4, "d": 5}) == [
        {"op": "remove", "path": "/c"},
        {"op": "replace", "path": "/b", "value": 4},
        {"op": "add", "path": "/d", "value": 5},
    ]


def test_items_are_told_apart_by_name() -> None:
    app = {"name": "app", "image": "a"}
    before = [app, {"name": "old"}]
    after = [{"name": "init"}, app | {"image": "b"}]
    assert difference(before, after) == [
        {"op": "remove", "path": "/1"},
        {"op": "add", "path": "/0", "value": {"name": "init"}},
        {"op": "replace", "path": "/1/image", "value": "b"},
    ]


def test_the_same_object_is_not_looked_into() -> None:
    class Untouchable(dict[str, Any]):
        def items(self) -> Any:
            raise AssertionError("compared")

    app = Untouchable(name="app")
    assert difference({"a": app}, {"a": app}) == []


def test_a_moved_item_moves_as_few_as_possible() -> None:
    before = [{"name": name} for name in "abcd"]
    after = [before[3], *before[:3]]
    assert difference(before, after) == [
        {"op": "remove", "path": "/3"},
        {"op": "add", "path": "/0", "value": {"name": "d"}},
    ]


def test_true_is_not_one() -> None:
    assert difference({"a": 1}, {"a": True}) == [{"op": "replace", "path": "/a", "value": True}]


def test_apply_does_what_it_says_and_changes_nothing() -> None:
    document = {"a": [1, 2], "b": {}}
    operations = [
        {"op": "add", "path": "/a/-", "value": 3},
        {"op": "add", "path": "/a/0", "value": 0},
        {"op": "remove", "path": "/a/1"},
        {"op": "replace", "path": "/a/1", "value": 9},
        {"op": "add", "path": "/b/x~1y", "value": None},
    ]
    assert apply(document, operations) == {"a": [0, 9, 3], "b": {"x/y": None}}
    assert document == {"a": [1, 2], "b": {}}


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "remove", "path": "/x"},
        {"op": "replace", "path": "/x", "value": 1},
        {"op": "add", "path": "/x/y", "value": 1},
        {"op": "add", "path": "/a/7", "value": 1},
        {"op": "remove", "path": "/a/b"},
        {"op": "add", "path": "/s/y", "value": 1},
    ],
)
def test_an_operation_that_does_not_fit_is_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(PatchError):
        apply({"a": [1], "s": "text"}, [operation])
