"""Fields: `.a.b`, `$x.a`, `(pipeline).a`. Keys of maps, fields and methods of structs."""

from collections.abc import Mapping
from types import MethodType
from typing import Any, NamedTuple

from pillion.inject.gotemplate.calls import Call, compile_method
from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.golang.values import (
    ANY,
    Pointer,
    StringMap,
    class_of,
    dereference,
    is_struct,
    kind,
    type_name,
)
from pillion.inject.gotemplate.scope import Evaluate, Frame, Operand, Scope
from pillion.inject.gotemplate.syntax import nodes

_ABSENT: Any = object()
_MAPS: frozenset[Any] = frozenset((dict, StringMap))
_POINTER: Any = Pointer


class _Found(NamedTuple):
    value: Any
    boxed: bool = False
    missing: bool = False
    method: bool = False


class _RefusedError(Exception):
    pass


def compile_chain(
    scope: Scope, node: nodes.Node, names: tuple[str, ...], start: Operand | None, call: Call | None
) -> Operand:
    """Compile fields of `start` (None: of dot); `call` has the arguments of the last one, if any."""
    walk = _Walk(scope, node, names, start, call)
    evaluate = start.evaluate if start else None
    if call is not None or scope.missing_key != "default":
        return Operand(_thorough(evaluate, walk.run), walk.blamed, present=walk.holds_nil)
    return Operand(_quick(names, evaluate, walk), walk.blamed, present=walk.holds_nil)


def _thorough(evaluate: Evaluate | None, slow: Any) -> Evaluate:
    if evaluate is None:
        return lambda frame, dot: slow(frame, dot, dot)
    return lambda frame, dot: slow(frame, dot, evaluate(frame, dot))


def _quick(names: tuple[str, ...], evaluate: Evaluate | None, walk: "_Walk") -> Evaluate:
    """Follow plain maps and fields of known structs; anything else begins again, thoroughly."""
    steps = tuple((name, name[:1].isupper()) for name in names)
    structs, slow = walk.structs, walk.run

    def run(frame: Frame, dot: Any) -> Any:
        value = start = dot if evaluate is None else evaluate(frame, dot)
        for name, capital in steps:
            shape: Any = value.__class__
            if shape is _POINTER:
                value = value.target
                shape = value.__class__
            if shape in _MAPS:
                value = value.get(name)
            elif capital and shape in structs:
                value = getattr(value, name, _ABSENT)
                if value is _ABSENT or value.__class__ is MethodType:
                    return slow(frame, dot, start)
            else:
                return slow(frame, dot, start)
        return value

    return run


class _Walk:
    """Follows a chain of fields step by step, for everything that is not a plain dict all the way."""

    def __init__(
        self, scope: Scope, node: nodes.Node, names: tuple[str, ...], start: Operand | None, call: Call | None
    ) -> None:
        self.scope: Scope = scope
        self.start: Operand | None = start
        self.blamed: nodes.Node = start.last if start and isinstance(node, nodes.Chain) else node
        self.names: tuple[str, ...] = names
        self.has_arguments: bool = call is not None
        self.boxed: int = start.boxed if start else scope.dot_boxed
        self.structs: set[type[Any]] = set()
        """The classes whose fields the chain has met."""
        nothing = Call("", self.blamed, node, (), None)
        self.with_arguments: Any = compile_method(scope, call or nothing)
        self.without: Any = compile_method(scope, nothing)

    def run(self, frame: Frame, dot: Any, start: Any) -> Any:
        value, boxed = start, bool(self.boxed and frame.variables[self.boxed])
        missing = not boxed
        last = len(self.names) - 1
        for index, name in enumerate(self.names):
            if value is None:
                if missing:
                    if self.scope.missing_key == "error":
                        raise self.scope.error(self.blamed, f"nil data; no entry for key {quote(name)}")
                    continue
                raise self.scope.error(self.blamed, f"nil pointer evaluating {ANY}.{name}")
            try:
                found = self.step(value, name, boxed=boxed, final=index == last)
            except _RefusedError as error:
                raise self.scope.error(self.blamed, str(error)) from None
            value, boxed, missing, method = found
            if method:
                value = (self.with_arguments if index == last else self.without)(frame, dot, value, name)
        return value

    def holds_nil(self, frame: Frame, dot: Any) -> bool:
        """Return whether the nil that the chain gave is the value of a key or field, not the lack of one."""
        holder = self.start.evaluate(frame, dot) if self.start else dot
        boxed = bool(self.boxed and frame.variables[self.boxed])
        for name in self.names:
            if holder is None:
                return False
            try:
                holder, boxed, missing, method = self.step(holder, name, boxed=boxed, final=False)
            except (_RefusedError, TemplateError):
                return False
            if missing or method:
                return False
        return True

    def step(self, value: Any, name: str, *, boxed: bool, final: bool) -> _Found:
        target = dereference(value)
        if isinstance(target, Pointer):
            raise _RefusedError(f"nil pointer evaluating {type_name(target)}.{name}")
        arguments = self.has_arguments and final
        if kind(target) == "map":
            if arguments:
                raise _RefusedError(f"{name} is not a method but has arguments")
            return self.key(target, name)
        found = exported(target, name, addressable=target is not value)
        if found is _ABSENT:
            raise _RefusedError(f"can't evaluate field {name} in type {ANY if boxed else type_name(value)}")
        if class_of(found) is MethodType:
            return _Found(found, method=True)
        self.structs.add(class_of(target))
        if arguments:
            raise _RefusedError(f"{name} has arguments but cannot be invoked as function")
        return _Found(found)

    def key(self, target: Mapping[str, Any], name: str) -> _Found:
        found = target.get(name, _ABSENT)
        typed = isinstance(target, StringMap)
        if found is not _ABSENT:
            return _Found(found, boxed=not typed)
        match self.scope.missing_key:
            case "default":
                return _Found(None, missing=True)
            case "zero":
                return _Found("" if typed else None, boxed=not typed)
            case "error":
                raise _RefusedError(f"map has no entry for key {quote(name)}")


def exported(target: Any, name: str, *, addressable: bool) -> Any:
    """Return the exported field or bound method of a struct or named value; a sentinel when there is none.

    A method named in the class's `go_pointer_methods` needs a pointer, as one with a pointer receiver does.
    """
    if not name[:1].isupper() or not is_struct(target):
        return _ABSENT
    if not addressable and name in getattr(target, "go_pointer_methods", ()):
        return _ABSENT
    return getattr(target, name, _ABSENT)
