"""Numbers as Go reads and writes them."""

import math
import re

_INTEGER = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([0-9]+))\Z")
_UNDERSCORES = re.compile(
    r"[+-]?(?:0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|[0-9]+(?:_[0-9]+)*)\Z"
)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\Z")
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+\.?[0-9a-fA-F]*|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+\Z")
_FLOAT_UNDERSCORES = re.compile(
    r"[+-]?[0-9]+(?:_[0-9]+)*(?:\.(?:[0-9]+(?:_[0-9]+)*)?)?(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?\Z|[+-]?0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*(?:\.(?:[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)?)?[pP][+-]?[0-9]+(?:_[0-9]+)*\Z"
)
_SPECIAL = re.compile(r"(?:[+-]?inf(?:inity)?|nan)\Z", re.IGNORECASE)
_BASES = (16, 2, 8, 10)
MAX_DIGITS = 400


def parse_integer(text: str) -> int | None:
    """Read an integer in any of Go's notations (base prefixes, underscores); None when it is none."""
    if "_" in text:
        if not _UNDERSCORES.match(text):
            return None
        text = text.replace("_", "")
    match = _INTEGER.match(text)
    if match is None or len(text) > MAX_DIGITS:
        return None
    for base, digits in zip(_BASES, match.groups()[1:], strict=True):
        if digits is not None:
            if base == 10 and len(digits) > 1 and digits[0] == "0":
                return None
            value = int(digits, base)
            return -value if match[1] == "-" else value
    return None


def parse_int64(text: str) -> int | None:
    """Read an integer that fits int64; None otherwise."""
    value = parse_integer(text)
    return value if value is not None and -(1 << 63) <= value < (1 << 63) else None


def parse_float(text: str) -> float | None:
    """Read a floating-point number as Go's ParseFloat does; None when it is none or out of range."""
    if "_" in text:
        if not _FLOAT_UNDERSCORES.match(text):
            return None
        text = text.replace("_", "")
    if _DECIMAL.match(text):
        value = float(text)
        return None if math.isinf(value) else value
    if _HEXADECIMAL.match(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            return None
    return float(text) if _SPECIAL.match(text) else None


def format_float(value: float) -> str:
    """Write a float as `%v` does: the shortest digits, with an exponent from a million on and below 0.0001."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    if value.is_integer() and -1e6 < value < 1e6 and (value or math.copysign(1, value) > 0):
        return str(int(value))
    return shortest(value, 6)


def shortest(value: float, threshold: int) -> str:
    """Write a finite float in its shortest digits; an exponent below -4 or from `threshold` on."""
    sign, digits, exponent = decompose(value)
    if exponent < -4 or exponent >= threshold:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}"
    return sign + plain(digits, exponent)


def plain(digits: str, exponent: int) -> str:
    """Write digits whose first has weight 10**exponent, without an exponent."""
    if exponent < 0:
        return f"0.{'0' * (-exponent - 1)}{digits}"
    if len(digits) <= exponent + 1:
        return digits + "0" * (exponent + 1 - len(digits))
    return f"{digits[: exponent + 1]}.{digits[exponent + 1 :]}"


def decompose(value: float) -> tuple[str, str, int]:
    """Return sign, shortest significant digits and the decimal exponent of the first digit."""
    mantissa, _, power = repr(abs(value)).partition("e")
    sign = "-" if math.copysign(1, value) < 0 else ""
    whole, _, fraction = mantissa.partition(".")
    exponent = int(power or 0) + len(whole) - 1
    digits = whole + fraction
    stripped = digits.lstrip("0")
    if not stripped:
        return sign, "0", 0
    exponent -= len(digits) - len(stripped)
    return sign, stripped.rstrip("0") or "0", exponent
