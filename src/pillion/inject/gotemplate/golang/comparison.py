"""Go's template comparisons: eq, ne, lt, le, gt, ge, with their rules about types."""

from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.golang.printf import sprintf
from pillion.inject.gotemplate.golang.printing import struct_fields
from pillion.inject.gotemplate.golang.values import Pointer, Slice, is_nil, kind, type_name
from pillion.inject.gotemplate.limits import Meter

_BASIC = frozenset(("bool", "int", "uint", "float", "complex", "string"))
_ORDERED = frozenset(("int", "uint", "float", "string"))
_WHOLE = frozenset(("int", "uint"))
_UNCOMPARABLE = frozenset(("slice", "map", "func"))


def equal(meter: Meter, first: Any, *others: Any) -> bool:
    """Return whether the first value equals any of the others; raises FunctionError for types that do not compare."""
    if not others:
        raise FunctionError("missing argument for comparison")
    return any(_equal(meter, first, other) for other in others)


def _equal(meter: Meter, first: Any, second: Any) -> bool:
    if type(first) is str and type(second) is str:
        return first == second
    first_kind, second_kind = kind(first), kind(second)
    if first_kind in _BASIC or second_kind in _BASIC:
        if first_kind == second_kind or (first_kind in _WHOLE and second_kind in _WHOLE):
            return first == second
        if first is None or second is None:
            return False
        raise FunctionError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
    if first_kind != second_kind and first is not None and second is not None:
        shown = sprintf(meter, "%s", first), sprintf(meter, "%v", second)
        names = f"{shown[0]}: {type_name(first)}, {type_name(second)}: {shown[1]}"
        raise FunctionError(f"non-comparable types {names}")
    if is_nil(first) or is_nil(second):
        return is_nil(first) == is_nil(second)
    if not _comparable(second):
        raise FunctionError(f"non-comparable type {sprintf(meter, '%s', second)}: {type_name(second)}")
    if isinstance(first, Pointer) and isinstance(second, Pointer):
        return first.target is second.target
    return type_name(first) == type_name(second) and first == second


def _comparable(value: Any) -> bool:
    shape = kind(value)
    if shape == "struct":
        return all(_comparable(getattr(value, name)) for name in struct_fields(value))
    return shape not in _UNCOMPARABLE or (isinstance(value, Slice) and value.array)


def differ(meter: Meter, first: Any, second: Any) -> bool:
    """Return whether two values differ."""
    return not equal(meter, first, second)


def less(first: Any, second: Any) -> bool:
    """Return whether the first value is smaller; raises FunctionError for types without an order."""
    first_kind, second_kind = kind(first), kind(second)
    if first_kind not in _BASIC or second_kind not in _BASIC:
        raise FunctionError("invalid type for comparison")
    if first_kind != second_kind and not (first_kind in _WHOLE and second_kind in _WHOLE):
        raise FunctionError(f"incompatible types for comparison: {type_name(first)} and {type_name(second)}")
    if first_kind not in _ORDERED:
        raise FunctionError("invalid type for comparison")
    return bool(first < second)


def less_or_equal(meter: Meter, first: Any, second: Any) -> bool:
    """Return whether the first value is smaller or equal."""
    return less(first, second) or equal(meter, first, second)


def greater(meter: Meter, first: Any, second: Any) -> bool:
    """Return whether the first value is larger."""
    return not less_or_equal(meter, first, second)


def greater_or_equal(first: Any, second: Any) -> bool:
    """Return whether the first value is larger or equal."""
    return not less(first, second)
