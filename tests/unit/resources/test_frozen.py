from pillion.resources.frozen import freeze, thaw
from pillion.value import FrozenMap


def test_freezes_all_the_way_down_and_back() -> None:
    value = {"a": [1, {"b": None}], "c": "d"}
    frozen = freeze(value)
    assert frozen == FrozenMap({"a": (1, FrozenMap({"b": None})), "c": "d"})
    assert hash(frozen) == hash(freeze({"c": "d", "a": [1, {"b": None}]}))
    assert thaw(frozen) == value
