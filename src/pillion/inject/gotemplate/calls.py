"""Calls of functions and methods: arguments checked against the signature, results metered, errors in Go's words."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from pillion.inject.gotemplate.errors import FunctionError, LimitError
from pillion.inject.gotemplate.functions import (
    EVERYTHING,
    INVALID,
    RESULTS,
    TELLING,
    AssignError,
    Function,
    accepted,
    assign,
    constant,
    function_of,
)
from pillion.inject.gotemplate.golang.values import ANY, is_true, kind, type_name
from pillion.inject.gotemplate.scope import Evaluate, Frame, Operand, Scope
from pillion.inject.gotemplate.syntax import nodes

_LITERALS = (nodes.Bool, nodes.Number, nodes.String, nodes.Nil)
_SHORT_CIRCUIT = frozenset(("and", "or"))


class Argument(NamedTuple):
    """An argument as written, and compiled (None for a literal: its type is the parameter's choice)."""

    node: nodes.Operand
    operand: Operand | None


class Call(NamedTuple):
    """What is called, as written: the name, the node of the name, the node of the whole, the arguments."""

    name: str
    head: nodes.Node
    whole: nodes.Node
    arguments: Sequence[Argument]
    final: Operand | None
    """The value piped in, if any."""

    def last(self) -> nodes.Node:
        """Return the node that Go blames right after the arguments are evaluated."""
        if not self.arguments:
            return self.head
        node, operand = self.arguments[-1]
        return operand.last if operand else node


def literal(scope: Scope, node: nodes.Operand, parameter: str) -> Evaluate:
    """Compile a literal for a parameter of some type."""
    if not isinstance(node, _LITERALS):
        raise TypeError(node)
    try:
        value = INVALID if parameter == TELLING and isinstance(node, nodes.Nil) else constant(node, parameter)
    except AssignError as error:
        complaint = scope.error(node, str(error))

        def fail(_frame: Frame, _dot: Any) -> Any:
            raise complaint

        return fail
    return lambda _frame, _dot: value


def bind(scope: Scope, argument: Argument, parameter: str) -> Evaluate:
    """Compile an argument for a parameter."""
    if argument.operand is None:
        return literal(scope, argument.node, parameter)
    if parameter == TELLING:
        return _telling(argument.operand)
    return checked(scope, argument.operand, parameter)


def _telling(operand: Operand) -> Evaluate:
    def tell(frame: Frame, dot: Any) -> Any:
        value = operand.evaluate(frame, dot)
        return INVALID if value is None and not operand.holds_nil(frame, dot) else value

    return tell


def checked(scope: Scope, operand: Operand, parameter: str) -> Evaluate:
    """Compile the check that a value fits a parameter."""
    evaluate = operand.evaluate
    if parameter in EVERYTHING:
        return evaluate
    types = accepted(parameter)

    def check(frame: Frame, dot: Any) -> Any:
        value = evaluate(frame, dot)
        if type(value) in types:
            return value
        if value is None and operand.holds_nil(frame, dot):
            raise scope.error(operand.last, f"wrong type for value; expected {parameter}; got {ANY}")
        try:
            return assign(value, parameter)
        except AssignError as error:
            raise scope.error(operand.last, str(error)) from None

    return check


def invoker(scope: Scope, node: nodes.Node, name: str, function: Function) -> Callable[[Frame, Sequence[Any]], Any]:
    """Return what calls a function with values; what it raises becomes Go's `error calling NAME`."""
    call, metered = function.call, function.metered
    convert = RESULTS.get(function.result)

    def invoke(frame: Frame, values: Sequence[Any]) -> Any:
        try:
            result = call(frame.meter, *values) if metered else call(*values)
        except (LimitError, RecursionError):
            raise
        except Exception as error:  # a function's exception is Go's panic
            raise scope.error(node, f"error calling {name}: {error}") from error
        if convert is not None:
            result = convert(result)
        frame.meter.call(values, result)
        return result

    return invoke


def compile_call(scope: Scope, function: Function, call: Call) -> Evaluate:
    """Compile a call of a known function."""
    literal_count = len(call.arguments)
    given = literal_count + (call.final is not None)
    complaint = function.complaint(call.name, given, literal_count)
    if complaint is not None:
        return _failing(scope, call, complaint)
    if call.name in _SHORT_CIRCUIT and function.result == "short circuit":
        return _short_circuit(scope, call)
    if call.name == "call" and function.result == "callee's":
        return _call_of_value(scope, call)
    invoke = invoker(scope, call.whole, call.name, function)
    evaluators = tuple(bind(scope, argument, function.parameter(i)) for i, argument in enumerate(call.arguments))
    if call.final is None:
        return _applied(evaluators, invoke)
    return _piped(evaluators, _finally(scope, call, function.parameter(given - 1)), call.final.evaluate, invoke)


def _failing(scope: Scope, call: Call, message: str) -> Evaluate:
    def fail(frame: Frame, dot: Any) -> Any:
        if call.final is not None:
            call.final.evaluate(frame, dot)
        raise scope.error(call.head, message)

    return fail


def _finally(scope: Scope, call: Call, parameter: str) -> Callable[[Any], Any] | None:
    if parameter in EVERYTHING:
        return None
    last = call.last()

    def check(value: Any) -> Any:
        try:
            return assign(value, parameter)
        except AssignError as error:
            raise scope.error(last, str(error)) from None

    return check


def _applied(evaluators: tuple[Evaluate, ...], invoke: Callable[[Frame, Sequence[Any]], Any]) -> Evaluate:
    if len(evaluators) == 1:
        only = evaluators[0]
        return lambda frame, dot: invoke(frame, (only(frame, dot),))
    if len(evaluators) == 2:
        first, second = evaluators
        return lambda frame, dot: invoke(frame, (first(frame, dot), second(frame, dot)))
    return lambda frame, dot: invoke(frame, [evaluate(frame, dot) for evaluate in evaluators])


def _piped(
    evaluators: tuple[Evaluate, ...],
    check: Callable[[Any], Any] | None,
    final: Evaluate,
    invoke: Callable[[Frame, Sequence[Any]], Any],
) -> Evaluate:
    def run(frame: Frame, dot: Any) -> Any:
        piped = final(frame, dot)
        values = [evaluate(frame, dot) for evaluate in evaluators]
        values.append(piped if check is None else check(piped))
        return invoke(frame, values)

    return run


def _short_circuit(scope: Scope, call: Call) -> Evaluate:
    evaluators = tuple(bind(scope, argument, "interface {}") for argument in call.arguments)
    stop = call.name == "or"
    final = call.final.evaluate if call.final else None

    def run(frame: Frame, dot: Any) -> Any:
        piped = final(frame, dot) if final else None
        value: Any = None
        for evaluate in evaluators:
            value = evaluate(frame, dot)
            if is_true(value) is stop:
                return value
        return piped if final else value

    return run


def _call_of_value(scope: Scope, call: Call) -> Evaluate:
    evaluators = tuple(bind(scope, argument, "interface {}") for argument in call.arguments)
    final = call.final
    literal_name = str(call.arguments[0].node) if call.arguments else ""

    def run(frame: Frame, dot: Any) -> Any:
        piped = final.evaluate(frame, dot) if final else None
        values = [evaluate(frame, dot) for evaluate in evaluators]
        if final:
            values.append(piped)
        name = literal_name or (piped if isinstance(piped, str) else f"<{type_name(piped)} Value>")
        try:
            function, arguments = callee(name, values)
        except FunctionError as error:
            raise scope.error(call.whole, f"error calling call: {error}") from None
        return invoker(scope, call.whole, "call", function)(frame, arguments)

    return run


def callee(name: str, values: Sequence[Any]) -> tuple[Function, list[Any]]:
    """Return the function that `call` is given and its arguments, checked; raises FunctionError."""
    target, *arguments = values
    if target is None:
        raise FunctionError("call of nil")
    if kind(target) != "func":
        raise FunctionError(f"non-function {name} of type {type_name(target)}")
    function = function_of(target)
    wanted = len(function.parameters)
    if function.variadic and len(arguments) < wanted - 1:
        raise FunctionError(f"wrong number of args for {name}: got {len(arguments)} want at least {wanted - 1}")
    if not function.variadic and not wanted - function.optional <= len(arguments) <= wanted:
        raise FunctionError(f"wrong number of args for {name}: got {len(arguments)} want {wanted}")
    for index, value in enumerate(arguments):
        try:
            arguments[index] = prepared(value, function.parameter(index))
        except AssignError as error:
            raise FunctionError(f"arg {index}: {error}") from None
    return function, arguments


def prepared(value: Any, parameter: str) -> Any:
    """Return a value as an argument of a `call`, which lets any integer pass for any other; raises AssignError."""
    try:
        return assign(value, parameter)
    except AssignError:
        if value is None:
            raise AssignError(f"value is nil; should be of type {parameter}") from None
        if kind(value) in {"int", "uint"} and "int" in parameter:
            return RESULTS.get(parameter, int)(value)
        raise AssignError(f"value has type {type_name(value)}; should be {parameter}") from None


def compile_method(scope: Scope, call: Call) -> Callable[[Frame, Any, Any, str], Any]:
    """Return what calls a method that is only known while running: `(frame, dot, method, name) -> value`."""

    def run(frame: Frame, dot: Any, method: Any, name: str) -> Any:
        return compile_call(scope, function_of(method), call._replace(name=name))(frame, dot)

    return run
