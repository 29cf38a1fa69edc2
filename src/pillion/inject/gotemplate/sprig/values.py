"""What sprig's functions share: values as strings, emptiness, lists of any kind, kinds as reflection names them."""

from collections.abc import Mapping, Sequence
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.golang.printing import NIL, text_for
from pillion.inject.gotemplate.golang.values import Slice, from_bytes, is_nil, kind, text_of, type_name
from pillion.inject.gotemplate.limits import Meter


def string_of(meter: Meter, value: Any) -> str:
    """Return a value as sprig's `toString` does."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return from_bytes(value)
    if value is None:
        return NIL
    method = text_of(value)
    return method() if method is not None else text_for(meter, value)


def is_empty(value: Any) -> bool:
    """Return whether sprig takes a value for unset: nil, zero, false, or without elements; a struct never is."""
    shape = kind(value)
    if shape in {"struct", "func"}:
        return False
    return is_nil(value) if shape == "ptr" else not value


def elements(value: Any, task: str) -> Sequence[Any]:
    """Return the elements of a list of any type; raises FunctionError `Cannot TASK type ...`."""
    if value is None:
        raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
    if kind(value) != "slice":
        raise FunctionError(f"{task} type {kind_of(value)}")
    return value


def kind_of(value: Any) -> str:
    """Return the kind of a value as Go's reflection names it."""
    shape = kind(value)
    match shape:
        case "int" | "uint" | "float" | "complex":
            name = type_name(value)
            return "int64" if "." in name else name
        case "slice":
            return "array" if isinstance(value, Slice) and value.array else "slice"
        case _:
            return shape


def deep_equal(meter: Meter, first: Any, second: Any) -> bool:
    """Return whether two values are equal in type and content, all the way down."""
    meter.step()
    if type_name(first) != type_name(second) or is_nil(first) != is_nil(second):
        return False
    match kind(first):
        case "slice":
            return first is second or _equal_lists(meter, first, second)
        case "map":
            return first is second or _equal_maps(meter, first, second)
        case "ptr":
            return deep_equal(meter, first.target, second.target)
        case "func":
            return False
        case _:
            return bool(first == second)


def _equal_lists(meter: Meter, first: Sequence[Any], second: Sequence[Any]) -> bool:
    return len(first) == len(second) and all(deep_equal(meter, *pair) for pair in zip(first, second, strict=True))


def _equal_maps(meter: Meter, first: Mapping[Any, Any], second: Mapping[Any, Any]) -> bool:
    return first.keys() == second.keys() and all(deep_equal(meter, first[key], second[key]) for key in first)


def strings_of(meter: Meter, value: Any) -> list[str]:
    """Return a list's elements as strings, nil left out; of anything else a list of its own string."""
    if value is None:
        return []
    if kind(value) == "slice":
        if isinstance(value, bytes):
            return [str(byte) for byte in value]
        return [string_of(meter, element) for element in value if element is not None]
    return [string_of(meter, value)]
