"""Go's types, as Python values carry them.

Python's own types stand for the common ones: `bool`, `int` (Go's `int`), `float` (`float64`), `str`, `bytes`
(`[]uint8`), `list` and `tuple` (`[]interface {}`), `dict` and other mappings (`map[string]interface {}`), `None` (nil).
The classes here stand for the others. An object is a Go struct when it is a msgspec Struct, a dataclass, or says so
with `go_type`; its fields and methods are those whose names begin with a capital, as Go exports them.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, ClassVar, cast, final

from pillion.inject.gotemplate.errors import FunctionError

ANY = "interface {}"


class Int64(int):
    """Go's `int64`."""

    go_type: ClassVar[str] = "int64"


class Int32(int):
    """Go's `int32`, which is also its `rune`."""

    go_type: ClassVar[str] = "int32"


class Uint8(int):
    """Go's `uint8`, which is also its `byte`."""

    go_type: ClassVar[str] = "uint8"


class Uint32(int):
    """Go's `uint32`."""

    go_type: ClassVar[str] = "uint32"


class Uint64(int):
    """Go's `uint64`."""

    go_type: ClassVar[str] = "uint64"


UNSIGNED = (Uint8, Uint32, Uint64)


class StringMap(dict[str, str]):
    """Go's `map[string]string`: `index` of a missing key gives the empty string. `nil=True` is the nil map."""

    __slots__: tuple[str, ...] = ("nil",)
    go_type: ClassVar[str] = "map[string]string"

    def __init__(self, items: Mapping[str, str] | None = None, *, nil: bool = False) -> None:
        super().__init__(items or {})
        self.nil: bool = nil


class NilMap(dict[str, Any]):
    """Go's nil `map[string]interface {}`: empty, and it stays so."""

    __slots__: tuple[str, ...] = ()
    go_type: ClassVar[str] = f"map[string]{ANY}"

    def __setitem__(self, key: str, value: Any, /) -> None:
        raise FunctionError("assignment to entry in nil map")


class Slice(list[Any]):
    """A slice (or array) whose elements have a type of their own, such as `[]string`."""

    __slots__: tuple[str, ...] = ("array", "element", "nil")

    def __init__(self, element: str, items: Iterable[Any] = (), *, array: bool = False, nil: bool = False) -> None:
        super().__init__(items)
        self.element: str = element
        self.array: bool = array
        self.nil: bool = nil

    @property
    def go_type(self) -> str:
        """Its Go type: `[]string`, or `[3]int` for an array."""
        return f"[{len(self)}]{self.element}" if self.array else f"[]{self.element}"


@final
class Pointer:
    """A pointer to a value, or a typed nil pointer."""

    __slots__ = ("target", "target_type")

    def __init__(self, target: Any, target_type: str) -> None:
        self.target: Any = target
        self.target_type: str = target_type

    @property
    def go_type(self) -> str:
        """Its Go type: `*main.Inner`."""
        return f"*{self.target_type}"


def strings(items: Iterable[str]) -> Slice:
    """Make a `[]string`."""
    return Slice("string", items)


_KINDS: dict[type, str] = {
    type(None): "invalid",
    bool: "bool",
    int: "int",
    Int64: "int",
    Int32: "int",
    Uint8: "uint",
    Uint32: "uint",
    Uint64: "uint",
    float: "float",
    complex: "complex",
    str: "string",
    bytes: "slice",
    list: "slice",
    tuple: "slice",
    Slice: "slice",
    dict: "map",
    StringMap: "map",
    NilMap: "map",
    Pointer: "ptr",
}
_PLAIN = frozenset((type(None), bool, int, str, float, dict, list))
_NAMES: dict[type, str] = {
    type(None): "<nil>",
    bool: "bool",
    int: "int",
    float: "float64",
    complex: "complex128",
    str: "string",
    bytes: "[]uint8",
    list: f"[]{ANY}",
    tuple: f"[]{ANY}",
    dict: f"map[string]{ANY}",
}
_ABSTRACT: tuple[tuple[Any, str], ...] = (
    (UNSIGNED, "uint"),
    (int, "int"),
    (float, "float"),
    (str, "string"),
    (Mapping, "map"),
    ((list, tuple), "slice"),
)


def class_of(value: Any) -> type[Any]:
    """Return the Python class of a value."""
    return type(value)  # pyright: ignore[reportUnknownVariableType] - of Any


def kind(value: Any) -> str:
    """Return the kind of a value, sizes left out.

    One of invalid, bool, int, uint, float, complex, string, slice, map, struct, ptr, func.
    """
    owner: type[Any] = value.__class__
    return _KINDS.get(owner) or _kind_of(owner)


@lru_cache(maxsize=1024)
def _kind_of(owner: type[Any]) -> str:
    for classes, name in _ABSTRACT:
        if issubclass(owner, classes):
            return name
    stated = getattr(owner, "go_kind", None)
    if isinstance(stated, str):
        return stated
    return "func" if hasattr(owner, "__call__") and not _has_fields(owner) else "struct"  # noqa: B004 - of a class


@lru_cache(maxsize=1024)
def _has_fields(owner: type[Any]) -> bool:
    return hasattr(owner, "__struct_fields__") or hasattr(owner, "__dataclass_fields__") or hasattr(owner, "go_type")


def is_struct(value: Any) -> bool:
    """Return whether an object lets templates see its fields."""
    return _has_fields(class_of(value))


def type_name(value: Any) -> str:
    """Return the Go type of a value as reflection spells it; `<nil>` for nil."""
    known = _NAMES.get(class_of(value))
    if known is not None:
        return known
    named = getattr(value, "go_type", None)
    if isinstance(named, str):
        return named
    shape = kind(value)
    by_kind = {"map": f"map[string]{ANY}", "slice": f"[]{ANY}", "func": "func()", "string": "string", "int": "int"}
    return by_kind.get(shape) or type(value).__name__


def element_type(value: Any) -> str:
    """Return the type of the elements of a slice, array, map or string."""
    if isinstance(value, Slice):
        return value.element
    if isinstance(value, StringMap):
        return "string"
    return "uint8" if isinstance(value, (bytes, str)) else ANY


def is_nil(value: Any) -> bool:
    """Return whether a value is nil, typed or not."""
    if value is None:
        return True
    if isinstance(value, Pointer):
        return value.target is None
    return isinstance(value, NilMap) or (isinstance(value, (StringMap, Slice)) and value.nil)


def dereference(value: Any) -> Any:
    """Follow pointers; a nil pointer gives itself."""
    while isinstance(value, Pointer) and value.target is not None:
        value = value.target
    return value


def is_true(value: Any) -> bool:
    """Return whether Go takes a value for true: not zero, not empty, not nil; a struct always is."""
    if value.__class__ in _PLAIN:
        return bool(value)
    shape = kind(value)
    if shape in {"struct", "func"}:
        return True
    if shape == "ptr":
        return value.target is not None
    return bool(value)


def sorted_keys(value: Mapping[Any, Any]) -> Sequence[Any]:
    """Return the keys of a map in the order in which Go prints and ranges over them."""
    try:
        return sorted(value)
    except TypeError:
        return sorted(value, key=str)


def text_of(value: Any) -> Callable[[], str] | None:
    """Return the `Error` or `String` method of a value, if it has one; printing uses it."""
    for name in ("Error", "String"):
        method = getattr(value, name, None)
        if callable(method):
            return cast("Callable[[], str]", method)
    return None


def to_bytes(text: str) -> bytes:
    """Return the bytes of a Go string (bytes that are no UTF-8 travel as surrogates)."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace")


def from_bytes(data: bytes) -> str:
    """Return the Go string of some bytes, whatever they are."""
    return data.decode("utf-8", "surrogateescape")


def wrap64(value: int) -> int:
    """Wrap an integer around as Go's int64 does."""
    return (value + (1 << 63)) % (1 << 64) - (1 << 63)


def length_of(value: Any) -> int:
    """Return the length of a string (in bytes), slice or map."""
    target = dereference(value)
    if target is None or isinstance(target, Pointer):
        raise FunctionError("len of nil pointer")
    if isinstance(target, str):
        return len(target) if target.isascii() else len(to_bytes(target))
    if kind(target) in {"slice", "map"}:
        return len(target)
    raise FunctionError(f"len of type {type_name(target)}")
