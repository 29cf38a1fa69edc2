"""Pipelines, commands and operands to closures."""

from typing import Any

from pillion.inject.gotemplate.calls import Argument, Call, compile_call, literal
from pillion.inject.gotemplate.fields import compile_chain
from pillion.inject.gotemplate.scope import Evaluate, Frame, Operand, Scope
from pillion.inject.gotemplate.syntax import nodes

_LITERALS = (nodes.Bool, nodes.Number, nodes.String)


def compile_pipe(scope: Scope, pipe: nodes.Pipe, *, declare: bool = True) -> Operand:
    """Compile a pipeline; with `declare` its variables too (a range looks after its own)."""
    final: Operand | None = None
    for command in pipe.commands:
        final = _command(scope, command, pipe, final)
    if final is None:
        raise ValueError("a pipeline has commands")
    final = final._replace(boxed=0, present=None)
    if not declare or not pipe.declared:
        return final
    return final._replace(evaluate=_storing(scope, pipe, final))


def _storing(scope: Scope, pipe: nodes.Pipe, operand: Operand) -> Evaluate:
    slots: list[int] = []
    for variable in pipe.declared:
        name = variable.names[0]
        found = scope.find(name) if pipe.assigns else (scope.declare(name), 0)
        if found is None:
            return _undefined(scope, name, operand)
        slots.append(found[0])
    evaluate = operand.evaluate
    if len(slots) == 1:
        (slot,) = slots

        def store(frame: Frame, dot: Any) -> Any:
            value = frame.variables[slot] = evaluate(frame, dot)
            return value

        return store

    def store_all(frame: Frame, dot: Any) -> Any:
        value = evaluate(frame, dot)
        for slot in slots:
            frame.variables[slot] = value
        return value

    return store_all


def _undefined(scope: Scope, name: str, operand: Operand) -> Evaluate:
    def fail(frame: Frame, dot: Any) -> Any:
        operand.evaluate(frame, dot)
        raise scope.error(operand.last, f"undefined variable: {name}")

    return fail


def _failing(scope: Scope, node: nodes.Node, message: str) -> Operand:
    def fail(_frame: Frame, _dot: Any) -> Any:
        raise scope.error(node, message)

    return Operand(fail, node)


def _command(scope: Scope, command: nodes.Command, pipe: nodes.Pipe, final: Operand | None) -> Operand:
    first, *rest = command.operands
    has_arguments = bool(rest) or final is not None
    match first:
        case nodes.Field() | nodes.Chain() | nodes.Identifier():
            return _applied(scope, first, command, final)
        case nodes.Variable() if len(first.names) > 1:
            return _applied(scope, first, command, final)
        case nodes.Nil():
            message = f"can't give argument to non-function {first}" if has_arguments else "nil is not a command"
            return _failing(scope, first, message)
        case _ if has_arguments:
            shown = f"can't give argument to non-function {first}"
            blamed = final.last if final else pipe
            return _failing(scope, blamed if isinstance(first, nodes.Pipe) else first, shown)
        case nodes.Bool() | nodes.Number() | nodes.String():
            return Operand(literal(scope, first, "interface {}"), first)
        case _:
            return compile_operand(scope, first)


def _applied(scope: Scope, first: nodes.Operand, command: nodes.Command, final: Operand | None) -> Operand:
    arguments = [_argument(scope, node) for node in command.operands[1:]]
    whole = command if isinstance(first, nodes.Identifier) else first
    call = Call("", first, whole, arguments, final)
    if isinstance(first, nodes.Identifier):
        call = call._replace(name=first.name)
        return Operand(compile_call(scope, scope.functions[first.name], call), call.last())
    return _chain(scope, first, call if arguments or final is not None else None)


def _argument(scope: Scope, node: nodes.Operand) -> Argument:
    if isinstance(node, (*_LITERALS, nodes.Nil)):
        return Argument(node, None)
    return Argument(node, compile_operand(scope, node))


def compile_operand(scope: Scope, node: nodes.Operand) -> Operand:
    """Compile an operand that has no arguments of its own."""
    match node:
        case nodes.Dot():
            return Operand(_dot, node, scope.dot_boxed)
        case nodes.Pipe():
            return compile_pipe(scope, node)
        case nodes.Variable() if len(node.names) == 1:
            return _variable(scope, node)
        case nodes.Field() | nodes.Variable() | nodes.Chain():
            return _chain(scope, node, None)
        case nodes.Identifier():
            call = Call(node.name, node, node, (), None)
            return Operand(compile_call(scope, scope.functions[node.name], call), node)
        case _:
            return Operand(literal(scope, node, "interface {}"), node)


def _dot(_frame: Frame, dot: Any) -> Any:
    return dot


def _variable(scope: Scope, node: nodes.Variable) -> Operand:
    found = scope.find(node.names[0])
    if found is None:
        return _failing(scope, node, f"undefined variable: {node.names[0]}")
    slot, boxed = found

    def load(frame: Frame, _dot: Any) -> Any:
        return frame.variables[slot]

    return Operand(load, node, boxed)


def _chain(scope: Scope, node: nodes.Operand, call: Call | None) -> Operand:
    match node:
        case nodes.Field():
            return compile_chain(scope, node, node.names, None, call)
        case nodes.Variable():
            start = _variable(scope, nodes.Variable(node.at, node.names[:1]))
            return compile_chain(scope, node, node.names[1:], start, call)
        case nodes.Chain() if isinstance(node.node, nodes.Nil):
            return _failing(scope, node, f"indirection through explicit nil in {node}")
        case nodes.Chain():
            start = compile_operand(scope, node.node)
            return compile_chain(scope, node, node.names, start, call)
        case _:
            raise TypeError(node)
