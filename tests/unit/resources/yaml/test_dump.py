from typing import Any

import pytest

from pillion.resources.yaml.dump import dump, dump_all
from pillion.value import FrozenMap


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"k": "1e3"}, 'k: "1e3"\n'),
        ({"k": "y"}, 'k: "y"\n'),
        ({"k": "a: b"}, "k: 'a: b'\n"),
        ({"k": "a\nb\n"}, "k: |\n  a\n  b\n"),
        ({"k": ""}, 'k: ""\n'),
        ({"k": [1, {"b": None}], "a": {}, "c": []}, "a: {}\nc: []\nk:\n- 1\n- b: null\n"),
        ({"k": (True, 0.5, 1e6, 1e300)}, "k:\n- true\n- 0.5\n- 1000000\n- 1e+300\n"),
        (FrozenMap({"a": ("b",)}), "a:\n- b\n"),
        ({"k": "\n"}, "k: |2+\n\n"),
        ({"k": "😀"}, 'k: "\\U0001F600"\n'),
        ({"<<": 1, "a\nb": 2}, '"<<": 1\n? "a\\nb"\n: 2\n'),
        ({"k": float("inf")}, "k: null\n"),
        ({"k": "\ud800"}, "k: \ufffd\n"),
    ],
)
def test_writes_as_go(value: Any, text: str) -> None:
    assert dump(value) == text


def test_keys_are_in_gos_order() -> None:
    keys = ["b10", "b9", "b", "a", "B", "1", "-", "b09", "b1.10", "b1.9"]
    written = [line.split(":")[0].strip("'\"") for line in dump(dict.fromkeys(keys, 0)).splitlines()]
    assert written == ["-", "1", "B", "a", "b", "b1.9", "b1.10", "b9", "b09", "b10"]


def test_the_documents_own_order_may_stay() -> None:
    assert dump({"b": 1, "a": 2}, sort_keys=False) == "b: 1\na: 2\n"


def test_several_documents() -> None:
    assert dump_all([{"a": 1}, {"b": 2}]) == "a: 1\n---\nb: 2\n"
