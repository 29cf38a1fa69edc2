"""sprig's arithmetic, on whatever can be read as a number. Integers are int64 and wrap around, as in Go."""

import math
import re
from collections.abc import Callable, Mapping
from decimal import Context, Decimal
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.numbers import parse_float, parse_int64
from pillion.inject.gotemplate.golang.printing import sprint
from pillion.inject.gotemplate.golang.values import (
    Int32,
    Int64,
    Slice,
    Uint8,
    Uint32,
    Uint64,
    dereference,
    wrap64,
)
from pillion.inject.gotemplate.limits import Meter

_INTEGERS = frozenset((bool, int, Int64, Int32, Uint8, Uint32, Uint64))
"""Not the types derived from them: Go's library takes a time.Duration for no number."""
_EXACT = Context(prec=60)
_DIVISION_PLACES = Decimal(1).scaleb(-16)
_OCTAL = re.compile(r"[+-]?[0-7]+\Z")


def to_int(value: Any) -> int:
    """Return a value as an integer; 0 for what cannot be read as one."""
    target = dereference(value)
    if type(target) in _INTEGERS:
        return wrap64(int(target))
    if isinstance(target, float):
        return _truncated(target)
    if isinstance(target, str):
        return _parsed(target)
    return 0


def _truncated(value: float) -> int:
    if math.isnan(value) or abs(value) >= 2**63:
        return -(1 << 63)
    return int(value)


def _parsed(text: str) -> int:
    return parse_int64(_without_zero_fraction(text)) or 0


def _without_zero_fraction(text: str) -> str:
    head, point, tail = text.partition(".")
    return head if point and tail and not tail.strip("0") else text


def to_int64(value: Any) -> Int64:
    """Return a value as an int64; 0 for what cannot be read as one."""
    return Int64(to_int(value))


def to_float(value: Any) -> float:
    """Return a value as a float; 0 for what cannot be read as one."""
    target = dereference(value)
    if type(target) in _INTEGERS or isinstance(target, float):
        return float(target)
    if isinstance(target, str):
        return parse_float(target) or 0.0
    return 0.0


def atoi(text: str) -> int:
    """Read a decimal integer; 0 for anything else."""
    return int(text) if re.fullmatch(r"[+-]?[0-9]{1,18}", text) else 0


def to_decimal(meter: Meter, value: Any) -> int:
    """Read an octal number, such as a file mode; 0 for anything else."""
    text = sprint(meter, value)
    number = int(text, 8) if _OCTAL.match(text) and len(text) < 30 else 0
    return number if -(1 << 63) <= number < 1 << 63 else 0


def add(*values: Any) -> int:
    """Add integers."""
    return wrap64(sum(map(to_int, values)))


def increment(value: Any) -> int:
    """Add one."""
    return wrap64(to_int(value) + 1)


def subtract(first: Any, second: Any) -> int:
    """Subtract an integer from another."""
    return wrap64(to_int(first) - to_int(second))


def largest(*values: Any) -> int:
    """Return the largest integer."""
    return max(map(to_int, values))


def smallest(*values: Any) -> int:
    """Return the smallest integer."""
    return min(map(to_int, values))


def largest_float(*values: Any) -> float:
    """Return the largest number."""
    return max(map(to_float, values))


def smallest_float(*values: Any) -> float:
    """Return the smallest number."""
    return min(map(to_float, values))


def multiply(first: Any, *others: Any) -> int:
    """Multiply integers."""
    product = to_int(first)
    for value in others:
        product = wrap64(product * to_int(value))
    return product


def divide(first: Any, second: Any) -> int:
    """Divide integers, rounding towards zero."""
    dividend, divisor = to_int(first), to_int(second)
    if divisor == 0:
        raise FunctionError("runtime error: integer divide by zero")
    quotient = abs(dividend) // abs(divisor)
    return wrap64(quotient if (dividend < 0) == (divisor < 0) else -quotient)


def modulo(first: Any, second: Any) -> int:
    """Return the remainder of a division; it has the sign of the dividend."""
    dividend, divisor = to_int(first), to_int(second)
    if divisor == 0:
        raise FunctionError("runtime error: integer divide by zero")
    remainder = abs(dividend) % abs(divisor)
    return -remainder if dividend < 0 else remainder


def _decimal(value: float) -> Decimal:
    if math.isnan(value) or math.isinf(value):
        shown = "NaN" if math.isnan(value) else "Inf"
        raise FunctionError(f"Cannot create a Decimal from {shown}")
    return Decimal(repr(value))


def _folded(operation: Callable[[Decimal, Decimal], Decimal]) -> Callable[..., float]:
    def fold(first: Any, *others: Any) -> float:
        result = _decimal(to_float(first))
        for value in others:
            result = operation(result, _decimal(to_float(value)))
        return float(result) + 0.0

    return fold


def _quotient(first: Decimal, second: Decimal) -> Decimal:
    if second == 0:
        raise FunctionError("decimal division by 0")
    return (
        _EXACT.quantize(_EXACT.divide(first, second), _DIVISION_PLACES)
        if abs(first) < abs(second) * 10**40
        else (_EXACT.divide(first, second))
    )


_add = _folded(_EXACT.add)


def add_floats(*values: Any) -> float:
    """Add decimal numbers exactly."""
    return _add(0.0, *values)


def increment_float(value: Any) -> float:
    """Add one to a decimal number, exactly."""
    return _add(value, 1)


def round_places(value: Any, places: int, *threshold: float) -> float:
    """Round to some decimal places; a fraction from `threshold` on (0.5) is rounded up."""
    power = math.pow(10, places) if abs(places) < 300 else math.inf
    scaled = power * to_float(value)
    if math.isinf(scaled) or math.isnan(scaled):
        return scaled / power if power else scaled
    fraction, _ = math.modf(scaled)
    rounded = math.ceil(scaled) if fraction >= (threshold[0] if threshold else 0.5) else math.floor(scaled)
    return rounded / power


def _whole(rounding: Callable[[float], int]) -> Callable[[Any], float]:
    def run(value: Any) -> float:
        number = to_float(value)
        return number if math.isinf(number) or math.isnan(number) else float(rounding(number))

    return run


def until(meter: Meter, count: int) -> Slice:
    """Return the integers from 0 to `count`, which is left out."""
    return until_step(meter, 0, count, -1 if count < 0 else 1)


def until_step(meter: Meter, start: int, stop: int, step: int) -> Slice:
    """Return the integers from `start` to `stop`, which is left out, by a step."""
    if (stop < start and step >= 0) or (stop >= start and step <= 0):
        return Slice("int")
    meter.collection(len(range(start, stop, step)))
    return Slice("int", range(start, stop, step))


def sequence(meter: Meter, *bounds: int) -> str:
    """Return integers as text, as the `seq` of the shell does: last; first and last; first, step and last."""
    match bounds:
        case (end,):
            start, step = 1, -1 if end < 1 else 1
        case (start, end):
            step = -1 if end < start else 1
        case (start, step, end):
            if end < start and step > 0:
                return ""
        case _:
            return ""
    stop = end + (-1 if end < start else 1)
    return " ".join(map(str, until_step(meter, start, stop, step)))


_ANY = "interface {}"
_FLOATS = f"func({_ANY}, ...{_ANY}) float64"
_INTS = f"func({_ANY}, ...{_ANY}) int64"
_PAIR = f"func({_ANY}, {_ANY}) int64"

FUNCTIONS: Mapping[str, Function] = {
    "int": Function(to_int, f"func({_ANY}) int"),
    "int64": Function(to_int, f"func({_ANY}) int64"),
    "float64": Function(to_float, f"func({_ANY}) float64"),
    "atoi": Function(atoi, "func(string) int"),
    "toDecimal": Function(to_decimal, f"func({_ANY}) int64", metered=True),
    "add": Function(add, f"func(...{_ANY}) int64"),
    "add1": Function(increment, f"func({_ANY}) int64"),
    "sub": Function(subtract, _PAIR),
    "mul": Function(multiply, _INTS),
    "div": Function(divide, _PAIR),
    "mod": Function(modulo, _PAIR),
    "max": Function(largest, _INTS),
    "biggest": Function(largest, _INTS),
    "min": Function(smallest, _INTS),
    "maxf": Function(largest_float, _FLOATS),
    "minf": Function(smallest_float, _FLOATS),
    "addf": Function(add_floats, f"func(...{_ANY}) float64"),
    "add1f": Function(increment_float, f"func({_ANY}) float64"),
    "subf": Function(_folded(_EXACT.subtract), _FLOATS),
    "mulf": Function(_folded(_EXACT.multiply), _FLOATS),
    "divf": Function(_folded(_quotient), _FLOATS),
    "floor": Function(_whole(math.floor), f"func({_ANY}) float64"),
    "ceil": Function(_whole(math.ceil), f"func({_ANY}) float64"),
    "round": Function(round_places, f"func({_ANY}, int, ...float64) float64"),
    "until": Function(until, "func(int) []int", metered=True),
    "untilStep": Function(until_step, "func(int, int, int) []int", metered=True),
    "seq": Function(sequence, "func(...int) string", metered=True),
}
