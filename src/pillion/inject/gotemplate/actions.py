"""Statements to closures: text, actions, if, with, range, template calls."""

from collections.abc import Iterable, Sequence
from typing import Any

from pillion.inject.gotemplate.golang.printing import print_value, sprint
from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.golang.values import (
    ANY,
    Uint8,
    class_of,
    dereference,
    element_type,
    is_true,
    kind,
    sorted_keys,
    type_name,
)
from pillion.inject.gotemplate.operands import compile_pipe
from pillion.inject.gotemplate.scope import Body, Evaluate, Frame, Scope, Statement
from pillion.inject.gotemplate.syntax import nodes


class _BreakError(Exception):
    pass


class _ContinueError(Exception):
    pass


def compile_tree(scope: Scope) -> Body:
    """Compile the template of a scope."""
    return Body(compile_body(scope, scope.tree.body), scope.slots)


def compile_body(scope: Scope, body: Sequence[nodes.Statement]) -> Statement:
    """Compile statements that run one after the other."""
    statements = tuple(_statement(scope, node) for node in body)
    if len(statements) == 1:
        return statements[0]

    def run(frame: Frame, dot: Any) -> None:
        for statement in statements:
            statement(frame, dot)

    return run


def _statement(scope: Scope, node: nodes.Statement) -> Statement:
    match node:
        case nodes.Text():
            return _text(node.text)
        case nodes.Action():
            return _action(scope, node)
        case nodes.If() | nodes.With():
            return _condition(scope, node)
        case nodes.Range():
            return _range(scope, node)
        case nodes.Call():
            return _call(scope, node)
        case nodes.Break():
            return _raising(_BreakError)
        case nodes.Continue():
            return _raising(_ContinueError)


def _raising(signal: type[Exception]) -> Statement:
    def run(_frame: Frame, _dot: Any) -> None:
        raise signal

    return run


def _text(text: str) -> Statement:
    return lambda frame, _dot: frame.write(text)


def _action(scope: Scope, node: nodes.Action) -> Statement:
    evaluate = compile_pipe(scope, node.pipe).evaluate
    if node.pipe.declared:
        return _silent(evaluate)

    def run(frame: Frame, dot: Any) -> None:
        value = evaluate(frame, dot)
        if type(value) is str:
            frame.write(value)
            return
        target = dereference(value)
        if kind(target) == "func":
            raise scope.error(node, f"can't print {node} of type {type_name(target)}")
        frame.write(print_value(frame.meter, target))

    return run


def _silent(evaluate: Evaluate) -> Statement:
    def run(frame: Frame, dot: Any) -> None:
        evaluate(frame, dot)

    return run


def _condition(scope: Scope, node: nodes.If | nodes.With) -> Statement:
    mark = len(scope.variables)
    evaluate = compile_pipe(scope, node.pipe).evaluate
    rebinds = isinstance(node, nodes.With)
    outer_boxed = scope.dot_boxed
    if rebinds:
        scope.dot_boxed = 0
    body_mark = len(scope.variables)
    body = compile_body(scope, node.body)
    del scope.variables[body_mark:]
    scope.dot_boxed = outer_boxed
    otherwise = compile_body(scope, node.otherwise) if node.otherwise else None
    del scope.variables[mark:]

    def run(frame: Frame, dot: Any) -> None:
        value = evaluate(frame, dot)
        if is_true(value):
            body(frame, value if rebinds else dot)
        elif otherwise is not None:
            otherwise(frame, dot)

    return run


def _call(scope: Scope, node: nodes.Call) -> Statement:
    evaluate = compile_pipe(scope, node.pipe).evaluate if node.pipe else None
    name = node.name

    def run(frame: Frame, dot: Any) -> None:
        body = frame.body(name)
        if body is None:
            raise scope.error(node, f"template {quote(name)} not defined")
        meter = frame.meter
        if frame.depth >= meter.limits.depth:
            raise scope.error(node, f"exceeded maximum template depth ({meter.limits.depth})")
        meter.step()
        data = evaluate(frame, dot) if evaluate else None
        variables: list[Any] = [None] * body.slots
        variables[0] = data
        body.run(Frame(frame.write, meter, frame.body, variables, frame.depth + 1), data)

    return run


def _range(scope: Scope, node: nodes.Range) -> Statement:
    mark = len(scope.variables)
    pipe = compile_pipe(scope, node.pipe, declare=False)
    loop = _Loop(scope, node)
    outer_boxed = scope.dot_boxed
    body_mark = len(scope.variables)
    scope.dot_boxed = loop.boxed
    body = compile_body(scope, node.body)
    scope.dot_boxed = outer_boxed
    del scope.variables[body_mark:]
    otherwise = compile_body(scope, node.otherwise) if node.otherwise else None
    del scope.variables[mark:]
    evaluate, last = pipe.evaluate, pipe.last
    names = len(node.pipe.declared)

    def run(frame: Frame, dot: Any) -> None:
        value = evaluate(frame, dot)
        loop.begin(frame, value, last)
        target = dereference(value)
        items = iterate(target, names)
        if isinstance(items, str):
            raise scope.error(last, items or f"range can't iterate over {sprint(frame.meter, target)}")
        ran = False
        step = frame.meter.step
        try:
            for key, element in items:
                ran = True
                step()
                loop.bind(frame, key, element)
                try:
                    body(frame, element)
                except _ContinueError:
                    continue
        except _BreakError:
            return
        if not ran and otherwise is not None:
            otherwise(frame, dot)

    return run


class _Loop:
    """The variables of one range."""

    def __init__(self, scope: Scope, node: nodes.Range) -> None:
        self.scope: Scope = scope
        self.undefined: str = ""
        self.key: int = 0
        self.element: int = 0
        declared = [variable.names[0] for variable in node.pipe.declared]
        self.boxed: int = scope.declare("")
        slots = [self.slot(name, node, self.boxed if name is declared[-1] else 0) for name in declared]
        if slots:
            self.element = slots[-1]
        if len(slots) > 1:
            self.key = slots[0]

    def slot(self, name: str, node: nodes.Range, boxed: int) -> int:
        if not node.pipe.assigns:
            return self.scope.declare(name, boxed)
        found = self.scope.find(name)
        if found is None:
            self.undefined = self.undefined or name
            return 0
        return found[0]

    def begin(self, frame: Frame, value: Any, last: nodes.Node) -> None:
        """Go gives every variable the whole collection first; an `else` can see it."""
        if self.undefined:
            raise self.scope.error(last, f"undefined variable: {self.undefined}")
        frame.variables[self.boxed] = element_type(dereference(value)) == ANY
        if self.element:
            frame.variables[self.element] = value
        if self.key:
            frame.variables[self.key] = value

    def bind(self, frame: Frame, key: Any, element: Any) -> None:
        if self.element:
            frame.variables[self.element] = element
        if self.key:
            frame.variables[self.key] = key


def iterate(value: Any, names: int) -> Iterable[tuple[Any, Any]] | str:
    """Return the pairs that a range goes over, or what Go says when it cannot (empty: that it cannot)."""
    if value is None:
        return ()
    shape = kind(value)
    if shape == "map":
        return [(key, value[key]) for key in sorted_keys(value)]
    if shape == "slice":
        if isinstance(value, bytes):
            return ((index, Uint8(byte)) for index, byte in enumerate(value))
        return enumerate(tuple(value))
    if shape in {"int", "uint"}:
        if names > 1:
            return f"can't use {int(value)} to iterate over more than one variable"
        make = class_of(value)
        return ((None, number if make is int else make(number)) for number in range(int(value)))
    return ""
