"""sprig's functions on lists."""

from collections.abc import Mapping, Sequence
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import Slice, dereference, kind
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.sprig.numbers import to_int
from pillion.inject.gotemplate.sprig.values import deep_equal, elements, is_empty, kind_of, string_of, strings_of

ANY_SLICE = "[]interface {}"


def push(items: Any, value: Any) -> list[Any]:
    """Return a list with one more element at its end."""
    return [*elements(items, "Cannot push on"), value]


def prepend(items: Any, value: Any) -> list[Any]:
    """Return a list with one more element at its beginning."""
    return [value, *elements(items, "Cannot prepend on")]


def first(items: Any) -> Any:
    """Return the first element; nil when there is none."""
    found = elements(items, "Cannot find first on")
    return found[0] if found else None


def last(items: Any) -> Any:
    """Return the last element; nil when there is none."""
    found = elements(items, "Cannot find last on")
    return found[-1] if found else None


def rest(items: Any) -> Sequence[Any]:
    """Return all elements but the first."""
    found = elements(items, "Cannot find rest on")
    return list(found[1:]) if found else nothing()


def initial(items: Any) -> Sequence[Any]:
    """Return all elements but the last."""
    found = elements(items, "Cannot find initial on")
    return list(found[:-1]) if found else nothing()


def nothing() -> Slice:
    """Return a nil list."""
    return Slice("interface {}", nil=True)


def reverse(items: Any) -> list[Any]:
    """Return a list backwards."""
    return list(reversed(elements(items, "Cannot find reverse on")))


def compact(items: Any) -> list[Any]:
    """Return a list without empty elements."""
    return [item for item in elements(items, "Cannot compact on") if not is_empty(item)]


def uniq(meter: Meter, items: Any) -> list[Any]:
    """Return a list without repeated elements."""
    found: list[Any] = []
    for item in elements(items, "Cannot find uniq on"):
        if not _in(meter, found, item):
            found.append(item)
    return found


def without(meter: Meter, items: Any, *omitted: Any) -> list[Any]:
    """Return a list without some elements."""
    return [item for item in elements(items, "Cannot find without on") if not _in(meter, omitted, item)]


def has(meter: Meter, needle: Any, items: Any) -> bool:
    """Return whether a list has an element."""
    return items is not None and _in(meter, elements(items, "Cannot find has on"), needle)


def _in(meter: Meter, items: Sequence[Any], needle: Any) -> bool:
    return any(deep_equal(meter, needle, item) for item in items)


def part(items: Any, *indices: Any) -> Any:
    """Return the elements from one index to another."""
    if items is None or kind(items) != "slice":
        if items is None:
            raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
        raise FunctionError(f"list should be type of slice or array but {kind_of(items)}")
    if not items:
        return None
    start = to_int(indices[0]) if indices else 0
    end = to_int(indices[1]) if len(indices) > 1 else len(items)
    if isinstance(items, Slice) and items.array:
        raise FunctionError("reflect.Value.Slice: slice of unaddressable array")
    if start < 0 or end < start or end > len(items):
        raise FunctionError("reflect.Value.Slice: slice index out of bounds")
    return Slice(items.element, items[start:end]) if isinstance(items, Slice) else items[start:end]


def concat(*lists: Any) -> Sequence[Any]:
    """Join lists to one."""
    found: list[Any] = []
    for items in lists:
        if items is None:
            raise FunctionError("runtime error: invalid memory address or nil pointer dereference")
        if kind(items) != "slice":
            raise FunctionError(f"Cannot concat type {kind_of(items)} as list")
        found.extend(items)
    return found or nothing()


def chunk(size: int, items: Any) -> Slice:
    """Cut a list into lists of a size."""
    found = elements(items, "Cannot chunk")
    if size < 0 and found and (len(found) - 1) // size == -1:
        return Slice("[]interface {}")
    if size <= 0:
        raise FunctionError("runtime error: makeslice: len out of range")
    parts = [list(found[start : start + size]) for start in range(0, len(found), size)]
    return Slice("[]interface {}", parts)


def sort_alpha(meter: Meter, items: Any) -> list[str]:
    """Return a list's elements as strings, sorted."""
    target = dereference(items)
    if kind(target) == "slice":
        return sorted(strings_of(meter, target))
    return [string_of(meter, items)]


def _listed(*values: Any) -> list[Any]:
    return list(values)


_ONE = f"func(interface {{}}) {ANY_SLICE}"
_TWO = f"func(interface {{}}, interface {{}}) {ANY_SLICE}"
_MANY = f"func(interface {{}}, ...interface {{}}) {ANY_SLICE}"
_PICK = "func(interface {}) interface {}"

_WITH_MUST: Mapping[str, Function] = {
    "append": Function(push, _TWO),
    "push": Function(push, _TWO),
    "prepend": Function(prepend, _TWO),
    "first": Function(first, _PICK),
    "last": Function(last, _PICK),
    "rest": Function(rest, _ONE),
    "initial": Function(initial, _ONE),
    "reverse": Function(reverse, _ONE),
    "compact": Function(compact, _ONE),
    "uniq": Function(uniq, _ONE, metered=True),
    "without": Function(without, _MANY, metered=True),
    "has": Function(has, "func(interface {}, interface {}) bool", metered=True),
    "slice": Function(part, "func(interface {}, ...interface {}) interface {}"),
    "chunk": Function(chunk, "func(int, interface {}) [][]interface {}"),
}

FUNCTIONS: Mapping[str, Function] = {
    **_WITH_MUST,
    **{f"must{name[0].upper()}{name[1:]}": function for name, function in _WITH_MUST.items()},
    "list": Function(_listed, f"func(...interface {{}}) {ANY_SLICE}"),
    "tuple": Function(_listed, f"func(...interface {{}}) {ANY_SLICE}"),
    "concat": Function(concat, "func(...interface {}) interface {}"),
    "sortAlpha": Function(sort_alpha, "func(interface {}) []string", metered=True),
}
