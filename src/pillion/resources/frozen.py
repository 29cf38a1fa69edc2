"""JSON that cannot change: the value of a field whose schema is not ours, such as an EnvoyFilter's patch."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from pillion.value import FrozenMap

if TYPE_CHECKING:
    from typing import TypeAlias

    FrozenJson: TypeAlias = "bool | int | float | str | tuple[FrozenJson, ...] | FrozenMap[FrozenJson] | None"
    """Null, a scalar, a tuple or a `FrozenMap`, all the way down."""
else:  # a recursive alias cannot be evaluated by those who read a struct's types at run time
    FrozenJson = bool | int | float | str | tuple | FrozenMap | None


NOT_EMPTY = "not-empty"
"""Marks a map (`Annotated`) that has at least one entry when a user writes it at all."""


def freeze(value: Any) -> FrozenJson:
    """Return the frozen form of a JSON-like value; keys that are not strings become strings."""
    if isinstance(value, Mapping):
        return FrozenMap({str(key): freeze(item) for key, item in cast(Mapping[object, Any], value).items()})
    if isinstance(value, list | tuple):
        return tuple(freeze(item) for item in cast("list[Any]", value))
    return cast(FrozenJson, value)


def same(one: Any, other: Any) -> bool:
    """Return whether two JSON-like values say the same; `1`, `1.0` and `true` do not, which Python calls equal."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        pairs, others = cast("dict[object, Any]", one), cast("dict[object, Any]", other)
        return len(pairs) == len(others) and all(
            key in others and same(value, others[key]) for key, value in pairs.items()
        )
    if isinstance(one, list):
        items = cast("list[Any]", one)
        return len(items) == len(other) and all(map(same, items, other))
    return bool(one == other)


def thaw(value: FrozenJson) -> Any:
    """Return plain dicts and lists, fit for a JSON or protobuf encoder."""
    if isinstance(value, FrozenMap):
        return {key: thaw(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return [thaw(item) for item in value]
    return value
