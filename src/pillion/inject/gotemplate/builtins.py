"""The functions that every template has: Go's own."""

from collections.abc import Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import INVALID, TELLING, Function
from pillion.inject.gotemplate.golang import comparison, escape
from pillion.inject.gotemplate.golang.printf import sprintf
from pillion.inject.gotemplate.golang.printing import NO_VALUE, sprint, sprintln
from pillion.inject.gotemplate.golang.values import (
    Pointer,
    Slice,
    StringMap,
    Uint8,
    dereference,
    from_bytes,
    is_true,
    kind,
    length_of,
    to_bytes,
    type_name,
)
from pillion.inject.gotemplate.limits import Meter


def index(item: Any, *indexes: Any) -> Any:
    """Return the element of a collection, or of one inside it."""
    if item is None:
        raise FunctionError("index of untyped nil")
    for position in indexes:
        target = dereference(item)
        if target is None or isinstance(target, Pointer):
            raise FunctionError("index of nil pointer")
        shape = kind(target)
        if shape == "map":
            item = _key(target, position)
        elif shape == "string":
            data = to_bytes(target)
            item = Uint8(data[position_in(position, len(data), "string")])
        elif shape == "slice":
            what = "array" if isinstance(target, Slice) and target.array else "slice"
            item = target[position_in(position, len(target), what)]
            item = Uint8(item) if isinstance(target, bytes) else item
        else:
            raise FunctionError(f"can't index item of type {type_name(target)}")
    return item


def _key(target: Mapping[Any, Any], position: Any) -> Any:
    if position is None:
        raise FunctionError("value is nil; should be of type string")
    if not isinstance(position, str):
        raise FunctionError(f"value has type {type_name(position)}; should be string")
    return target.get(position, "" if isinstance(target, StringMap) else None)


def position_in(position: Any, size: int, what: str = "slice", *, inclusive: bool = False) -> int:
    """Return a position in something of a size; raises FunctionError when it is none."""
    if position is None:
        raise FunctionError("cannot index slice/array with nil")
    if kind(position) not in {"int", "uint"}:
        raise FunctionError(f"cannot index slice/array with type {type_name(position)}")
    if position < 0 or position > size:
        raise FunctionError(f"index out of range: {int(position)}")
    if position == size and not inclusive:
        raise FunctionError(f"reflect: {what} index out of range")
    return int(position)


def slice_of(item: Any, *indexes: Any) -> Any:
    """Return a part of a string or list: `slice x 1 2` is `x[1:2]`."""
    if item is None:
        raise FunctionError("slice of untyped nil")
    target = dereference(item)
    if isinstance(target, Pointer):
        raise FunctionError("slice of nil pointer")
    if len(indexes) > 3:
        raise FunctionError(f"too many slice indexes: {len(indexes)}")
    shape = kind(target)
    if shape == "string" and len(indexes) == 3:
        raise FunctionError("cannot 3-index slice a string")
    if shape not in {"string", "slice"}:
        raise FunctionError(f"can't slice item of type {type_name(target)}")
    size = length_of(target)
    bounds = [0, size, size]
    for position, value in enumerate(indexes):
        bounds[position] = position_in(value, size, inclusive=True)
    start, end, capacity = bounds
    if start > end:
        raise FunctionError(f"invalid slice index: {start} > {end}")
    if end > capacity:
        raise FunctionError(f"invalid slice index: {end} > {capacity}")
    return part(target, start, end)


def part(target: Any, start: int, end: int) -> Any:
    """Return `target[start:end]` in the same Go type."""
    if isinstance(target, str):
        return target[start:end] if target.isascii() else from_bytes(to_bytes(target)[start:end])
    if isinstance(target, Slice):
        if target.array:
            raise FunctionError("reflect.Value.Slice: slice of unaddressable array")
        return Slice(target.element, target[start:end])
    return target[start:end]


def _text(meter: Meter, values: tuple[Any, ...]) -> str:
    if len(values) == 1 and isinstance(values[0], str):
        return values[0]
    return sprint(meter, *(NO_VALUE if value is None else dereference(value) for value in values))


def length(item: Any) -> int:
    """Return the length of a string, list or map."""
    if item is INVALID:
        raise FunctionError("reflect: call of reflect.Value.Type on zero Value")
    return length_of(item)


def _negation(value: Any) -> bool:
    return not is_true(value)


def html(meter: Meter, *values: Any) -> str:
    """Print values, escaped for HTML."""
    return escape.html(_text(meter, values))


def javascript(meter: Meter, *values: Any) -> str:
    """Print values, escaped for a JavaScript string."""
    return escape.javascript(_text(meter, values))


def query(meter: Meter, *values: Any) -> str:
    """Print values, escaped for a URL's query."""
    return escape.query(_text(meter, values))


def _elsewhere(*_values: Any) -> Any:
    raise FunctionError("the compiler evaluates this itself")


_V = "reflect.Value"
_PRINT = "func(...interface {}) string"

FUNCTIONS: Mapping[str, Function] = {
    "and": Function(_elsewhere, f"func({_V}, ...{_V}) short circuit"),
    "or": Function(_elsewhere, f"func({_V}, ...{_V}) short circuit"),
    "call": Function(_elsewhere, f"func({_V}, ...{_V}) callee's"),
    "not": Function(_negation, f"func({_V}) bool"),
    "eq": Function(comparison.equal, f"func({_V}, ...{_V}) bool", metered=True),
    "ne": Function(comparison.differ, f"func({_V}, {_V}) bool", metered=True),
    "lt": Function(comparison.less, f"func({_V}, {_V}) bool"),
    "le": Function(comparison.less_or_equal, f"func({_V}, {_V}) bool", metered=True),
    "gt": Function(comparison.greater, f"func({_V}, {_V}) bool", metered=True),
    "ge": Function(comparison.greater_or_equal, f"func({_V}, {_V}) bool"),
    "html": Function(html, _PRINT, metered=True),
    "js": Function(javascript, _PRINT, metered=True),
    "urlquery": Function(query, _PRINT, metered=True),
    "index": Function(index, f"func({_V}, ...{_V}) {_V}"),
    "slice": Function(slice_of, f"func({_V}, ...{_V}) {_V}"),
    "len": Function(length, f"func({TELLING}) int"),
    "print": Function(sprint, _PRINT, metered=True),
    "printf": Function(sprintf, "func(string, ...interface {}) string", metered=True),
    "println": Function(sprintln, _PRINT, metered=True),
}
