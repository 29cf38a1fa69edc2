"""Template functions: a Python callable with a Go signature, and what Go's rules let pass as its arguments."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, cast

from pillion.inject.gotemplate.golang.values import (
    ANY,
    Int32,
    Int64,
    NilMap,
    Pointer,
    Slice,
    StringMap,
    Uint8,
    Uint32,
    Uint64,
    strings,
    type_name,
)
from pillion.inject.gotemplate.syntax import nodes

REFLECTED = "reflect.Value"
"""The parameter type of Go's own functions: takes anything, as `interface {}` does."""

TELLING = "reflect.Value or none"
"""The same for a function that must tell a value that is nil from no value at all: that is `INVALID`."""
INVALID: Any = object()


class AssignError(Exception):
    """A value does not fit a parameter."""


class Function:
    """A function that templates can call.

    `signature` is Go's, such as `func(string, ...interface {}) string`; arguments are checked against it. With
    `metered` the callable takes the rendering's `Meter` first, and asks it before it makes something large. With
    `mutates` it changes the map that it is given. `optional` parameters, which Go does not have, may be left out.
    """

    __slots__ = ("call", "metered", "mutates", "optional", "parameters", "result", "signature", "variadic")
    go_kind: ClassVar[str] = "func"

    def __init__(
        self,
        call: Callable[..., Any],
        signature: str,
        *,
        metered: bool = False,
        mutates: bool = False,
        optional: int = 0,
    ) -> None:
        self.call: Callable[..., Any] = call
        self.signature: str = signature
        self.metered: bool = metered
        self.mutates: bool = mutates
        self.optional: int = optional
        inside, _, result = signature.removeprefix("func(").partition(")")
        self.result: str = result.strip()
        parameters = inside.split(", ") if inside else []
        self.variadic: bool = bool(parameters) and parameters[-1].startswith("...")
        if self.variadic:
            parameters[-1] = parameters[-1][3:]
        self.parameters: tuple[str, ...] = tuple(parameters)

    @property
    def go_type(self) -> str:
        """Its Go type, for messages and `typeOf`."""
        return self.signature

    def parameter(self, index: int) -> str:
        """Return the type of the parameter that takes argument number `index`."""
        return self.parameters[min(index, len(self.parameters) - 1)]

    def complaint(self, name: str, given: int, literal: int) -> str | None:
        """Return what Go says of the number of arguments: `given` in all, `literal` of them not piped in."""
        wanted = len(self.parameters)
        if self.variadic:
            if given < wanted - 1:
                return f"wrong number of args for {name}: want at least {wanted - 1} got {literal}"
        elif not wanted - self.optional <= given <= wanted:
            return f"wrong number of args for {name}: want {wanted} got {given}"
        return None

    def __call__(self, *arguments: Any) -> Any:
        """Call it without any checks (a metered one wants a meter first)."""
        return self.call(*arguments)


_ANNOTATIONS: dict[Any, str] = {
    str: "string",
    int: "int",
    float: "float64",
    bool: "bool",
    "str": "string",
    "int": "int",
    "float": "float64",
    "bool": "bool",
}
_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def function_of(call: Callable[..., Any]) -> Function:
    """Return a callable as a `Function`; that of a plain Python one has the types of its annotations."""
    if isinstance(call, Function):
        return call
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError):
        return Function(call, f"func(...{ANY}) {ANY}")
    types: list[str] = []
    optional = 0
    for parameter in signature.parameters.values():
        name = _ANNOTATIONS.get(parameter.annotation, ANY)
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            types.append(f"...{name}")
        elif parameter.kind in _POSITIONAL:
            types.append(name)
            optional += parameter.default is not inspect.Parameter.empty
    result = _ANNOTATIONS.get(signature.return_annotation, ANY)
    return Function(call, f"func({', '.join(types)}) {result}", optional=optional)


_EXACT: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "int": (int,),
    "int64": (Int64,),
    "int32": (Int32,),
    "uint8": (Uint8,),
    "uint32": (Uint32,),
    "uint64": (Uint64,),
    "float64": (float,),
    "bool": (bool,),
    "complex128": (complex,),
    f"[]{ANY}": (list, tuple),
    f"map[string]{ANY}": (dict,),
    "map[string]string": (StringMap,),
    "[]uint8": (bytes,),
}
EVERYTHING = frozenset((ANY, REFLECTED, TELLING))


def accepted(parameter: str) -> tuple[type, ...]:
    """Return the Python types that fit a parameter as they are."""
    return _EXACT.get(parameter, ())


def assign(value: Any, parameter: str) -> Any:
    """Return a value as an argument for a parameter; raises AssignError where Go refuses it."""
    if parameter in EVERYTHING or type(value) in accepted(parameter):
        return value
    if value is None:
        return zero(parameter)
    given = type_name(value)
    if given == parameter:
        return value
    if isinstance(value, Pointer) and value.target_type == parameter:
        if value.target is None:
            raise AssignError(f"dereference of nil pointer of type {parameter}")
        return value.target
    raise AssignError(f"wrong type for value; expected {parameter}; got {given}")


def zero(parameter: str) -> Any:
    """Return nil as an argument for a parameter; raises AssignError when its type has no nil."""
    if parameter in EVERYTHING:
        return None
    if parameter == "map[string]string":
        return StringMap(nil=True)
    if parameter.startswith("map["):
        return NilMap()
    if parameter.startswith("[]"):
        return Slice(parameter[2:], nil=True)
    raise AssignError(f"invalid value; expected {parameter}")


def constant(node: nodes.Bool | nodes.Number | nodes.String | nodes.Nil, parameter: str) -> Any:
    """Return a literal as an argument for a parameter; raises AssignError where Go refuses it."""
    if isinstance(node, nodes.Nil):
        try:
            return zero(parameter)
        except AssignError:
            raise AssignError(f"cannot assign nil to {parameter}") from None
    if parameter in EVERYTHING:
        return ideal(node)
    match parameter:
        case "string":
            found, value = "string", node.text if isinstance(node, nodes.String) else None
        case "bool":
            found, value = "bool", node.value if isinstance(node, nodes.Bool) else None
        case "float64":
            found, value = "float", node.floating if isinstance(node, nodes.Number) else None
        case "int" | "int64" | "int32":
            found, value = "integer", node.integer if isinstance(node, nodes.Number) else None
        case "uint8" | "uint32" | "uint64":
            found, value = "unsigned integer", node.unsigned if isinstance(node, nodes.Number) else None
        case _:
            raise AssignError(f"can't handle {node} for arg of type {parameter}")
    if value is None:
        raise AssignError(f"expected {found}; found {node}")
    return RESULTS.get(parameter, _same)(value)


def ideal(node: nodes.Bool | nodes.Number | nodes.String) -> Any:
    """Return a literal in the type that it has where nothing asks for one; raises AssignError when it is too large."""
    if isinstance(node, nodes.Bool):
        return node.value
    if isinstance(node, nodes.String):
        return node.text
    if node.imaginary is not None:
        return node.imaginary
    text = node.text
    hexadecimal = text[:2] in {"0x", "0X"} and not {"p", "P"}.intersection(text)
    fractional = {".", "e", "E", "p", "P"}.intersection(text)
    if node.floating is not None and fractional and not hexadecimal and text[0] != "'":
        return node.floating
    if node.integer is None:
        raise AssignError(f"{text} overflows int")
    return node.integer


def _same(value: Any) -> Any:
    return value


RESULTS: Mapping[str, Callable[[Any], Any]] = {
    "int64": Int64,
    "int32": Int32,
    "uint8": Uint8,
    "uint32": Uint32,
    "uint64": Uint64,
    "[]string": cast("Callable[[Any], Any]", strings),
}
"""What turns a plain Python result into one of the declared Go type."""
