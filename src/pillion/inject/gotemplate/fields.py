"""Fields: `.a.b`, `$x.a`, `(pipeline).a`. Keys of maps, fields and methods of structs."""

import inspect
from collections.abc import Mapping
from typing import Any, NamedTuple

from pillion.inject.gotemplate.calls import Call, compile_method
from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.golang.values import ANY, Pointer, StringMap, dereference, is_struct, kind, type_name
from pillion.inject.gotemplate.scope import Evaluate, Frame, Operand, Scope
from pillion.inject.gotemplate.syntax import nodes

_ABSENT = object()
_DICT: type[Any] = dict


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
    if call is not None or scope.missing_key != "default":
        evaluate = _thorough(start, walk.run)
    elif start is not None:
        evaluate = _of_operand(names, start.evaluate, walk.run)
    else:
        evaluate = _of_dot(names, walk.run)
    return Operand(evaluate, walk.blamed, present=walk.holds_nil)


def _thorough(start: Operand | None, slow: Any) -> Evaluate:
    if start is None:
        return lambda frame, dot: slow(frame, dot, dot)
    evaluate = start.evaluate
    return lambda frame, dot: slow(frame, dot, evaluate(frame, dot))


def _of_dot(names: tuple[str, ...], slow: Any) -> Evaluate:
    if len(names) == 1:
        (only,) = names
        return lambda frame, dot: dot.get(only) if type(dot) is _DICT else slow(frame, dot, dot)

    def run(frame: Frame, dot: Any) -> Any:
        value = dot
        for name in names:
            if type(value) is not _DICT:
                return slow(frame, dot, dot)
            value = value.get(name)
        return value

    return run


def _of_operand(names: tuple[str, ...], evaluate: Evaluate, slow: Any) -> Evaluate:
    def run(frame: Frame, dot: Any) -> Any:
        value = start = evaluate(frame, dot)
        for name in names:
            if type(value) is not _DICT:
                return slow(frame, dot, start)
            value = value.get(name)
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
        shown = ANY if boxed else type_name(value)
        if isinstance(target, Pointer):
            raise _RefusedError(f"nil pointer evaluating {type_name(target)}.{name}")
        arguments = self.has_arguments and final
        if kind(target) == "map":
            if arguments:
                raise _RefusedError(f"{name} is not a method but has arguments")
            return self.key(target, name)
        found = exported(target, name, addressable=target is not value)
        if found is _ABSENT:
            raise _RefusedError(f"can't evaluate field {name} in type {shown}")
        if inspect.ismethod(found):
            return _Found(found, method=True)
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
