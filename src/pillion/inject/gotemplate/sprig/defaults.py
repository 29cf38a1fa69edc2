"""sprig's functions about emptiness, types and choice."""

from collections.abc import Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import type_name
from pillion.inject.gotemplate.sprig.values import deep_equal, is_empty, kind_of


def default(fallback: Any, *given: Any) -> Any:
    """Return what is given, or the fallback when that is empty."""
    return fallback if not given or is_empty(given[0]) else given[0]


def coalesce(*values: Any) -> Any:
    """Return the first value that is not empty."""
    return next((value for value in values if not is_empty(value)), None)


def ternary(when_true: Any, when_false: Any, choice: bool) -> Any:
    """Return the first value for true, the second for false."""
    return when_true if choice else when_false


def fail(message: str) -> str:
    """Fail, with a message of the template's author."""
    raise FunctionError(message)


def every(*values: Any) -> bool:
    """Return whether no value is empty."""
    return not any(map(is_empty, values))


def some(*values: Any) -> bool:
    """Return whether a value is not empty."""
    return not all(map(is_empty, values))


def _type_is(target: str, value: Any) -> bool:
    return type_name(value) == target


def _kind_is(target: str, value: Any) -> bool:
    return kind_of(value) == target


def _type_is_like(target: str, value: Any) -> bool:
    return type_name(value) in {target, f"*{target}"}


_PREDICATE = "func(...interface {}) bool"
_NAMED = "func(string, interface {}) bool"

FUNCTIONS: Mapping[str, Function] = {
    "default": Function(default, "func(interface {}, ...interface {}) interface {}"),
    "empty": Function(is_empty, "func(interface {}) bool"),
    "coalesce": Function(coalesce, "func(...interface {}) interface {}"),
    "all": Function(every, _PREDICATE),
    "any": Function(some, _PREDICATE),
    "ternary": Function(ternary, "func(interface {}, interface {}, bool) interface {}"),
    "fail": Function(fail, "func(string) string"),
    "typeOf": Function(type_name, "func(interface {}) string"),
    "typeIs": Function(_type_is, _NAMED),
    "typeIsLike": Function(_type_is_like, _NAMED),
    "kindOf": Function(kind_of, "func(interface {}) string"),
    "kindIs": Function(_kind_is, _NAMED),
    "deepEqual": Function(deep_equal, "func(interface {}, interface {}) bool", metered=True),
}
