"""How fmt writes one basic value under one directive: flags, width, precision, verb."""

import math

import msgspec

from pillion.inject.gotemplate.golang.numbers import format_float, shortest
from pillion.inject.gotemplate.golang.quote import can_backquote, is_printable, quote, quote_character
from pillion.inject.gotemplate.golang.values import from_bytes, to_bytes


class Directive(msgspec.Struct):
    """What stands between `%` and the verb."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    sharp_v: bool = False
    plus_v: bool = False
    width: int | None = None
    precision: int | None = None

    def pad(self, text: str, *, zeros: bool = True) -> str:
        """Pad to the width: with zeros on the left if asked for (and allowed), else with spaces."""
        if not self.width:
            return text
        if self.minus:
            return text.ljust(self.width)
        return text.rjust(self.width, "0" if self.zero and zeros else " ")


PLAIN = Directive()
"""`%v` without anything; never changed."""


def write_bool(directive: Directive, value: bool, verb: str) -> str | None:
    """Write a bool; None when the verb is not for it."""
    return directive.pad("true" if value else "false") if verb in "tv" else None


def write_string(directive: Directive, text: str, verb: str) -> str | None:
    """Write a string; None when the verb is not for it."""
    match verb:
        case "v" if directive.sharp_v:
            return _quoted(directive, text)
        case "v" | "s":
            return directive.pad(_truncated(directive, text))
        case "q":
            return _quoted(directive, text)
        case "x" | "X":
            return write_hexadecimal(directive, to_bytes(text), verb)
        case _:
            return None


def _truncated(directive: Directive, text: str) -> str:
    return text if directive.precision is None else text[: directive.precision]


def _quoted(directive: Directive, text: str) -> str:
    text = _truncated(directive, text)
    if directive.sharp and can_backquote(text):
        return directive.pad(f"`{text}`")
    return directive.pad(quote(text, ascii_only=directive.plus))


def write_hexadecimal(directive: Directive, data: bytes, verb: str) -> str:
    """Write bytes in hexadecimal."""
    if directive.precision is not None:
        data = data[: directive.precision]
    prefix = f"0{verb}" if directive.sharp and data else ""
    digits = [format(byte, f"02{verb}") for byte in data]
    text = (f" {prefix}" if directive.space else "").join(digits)
    return directive.pad(prefix + text)


def write_bytes(directive: Directive, data: bytes, verb: str) -> str | None:
    """Write a `[]byte`; None when its elements must be written one by one."""
    match verb:
        case "v" | "d" if directive.sharp_v:
            return "[]byte{" + ", ".join(f"{byte:#x}" for byte in data) + "}"
        case "v" | "d":
            return "[" + " ".join(write_integer(directive, byte, "d") or "" for byte in data) + "]"
        case "s":
            return directive.pad(_truncated(directive, from_bytes(data)))
        case "q":
            return _quoted(directive, from_bytes(data))
        case "x" | "X":
            return write_hexadecimal(directive, data, verb)
        case _:
            return None


_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


def write_integer(directive: Directive, value: int, verb: str, *, unsigned: bool = False) -> str | None:
    """Write an integer; None when the verb is not for it."""
    if verb == "v" and unsigned and directive.sharp_v:
        return f"{value:#x}"
    if verb in _BASES:
        return _digits(directive, value, verb)
    rune = value if 0 <= value <= 0x10FFFF and not 0xD800 <= value < 0xE000 else 0xFFFD
    match verb:
        case "c":
            return directive.pad(chr(rune))
        case "q":
            return directive.pad(quote_character(rune, ascii_only=directive.plus))
        case "U":
            return _unicode(directive, value)
        case _:
            return None


def _digits(directive: Directive, value: int, verb: str) -> str:
    precision = directive.precision
    if precision == 0 and value == 0:
        return " " * (directive.width or 0)
    sign = "-" if value < 0 else "+" if directive.plus else " " if directive.space else ""
    if precision is None and directive.zero and not directive.minus and directive.width is not None:
        precision = directive.width - len(sign)
    digits = format(abs(value), _BASES[verb]).rjust(precision or 0, "0")
    prefix = ""
    if directive.sharp:
        prefix = {"b": "0b", "x": "0x", "X": "0X"}.get(verb, "")
        if verb in "oO" and digits[0] != "0":
            prefix = "0"
    if verb == "O":
        prefix = "0o" + prefix
    return directive.pad(sign + prefix + digits, zeros=False)


def _unicode(directive: Directive, value: int) -> str:
    value %= 1 << 64
    digits = format(value, "X").rjust(max(4, directive.precision or 0), "0")
    shown = directive.sharp and value <= 0x10FFFF and is_printable(chr(value))
    return directive.pad(f"U+{digits}" + (f" '{chr(value)}'" if shown else ""), zeros=False)


def write_float(directive: Directive, value: float, verb: str) -> str | None:
    """Write a float; None when the verb is not for it."""
    if verb not in "vbgGxXfFeE":
        return None
    text = _float_text(value, "g" if verb == "v" else "f" if verb == "F" else verb, directive.precision)
    if text[0] not in "+-":
        text = f"+{text}"
    sign, number = text[0], text[1:]
    if sign == "+" and not directive.plus:
        sign = " " if directive.space else ""
    if math.isinf(value) or math.isnan(value):
        return directive.pad(_special(directive, number, sign), zeros=False)
    if directive.sharp and verb != "b":
        number = _with_point(number, verb, directive.precision)
    width = directive.width
    if sign and directive.zero and not directive.minus and width is not None and width > len(sign + number):
        return sign + number.rjust(width - len(sign), "0")
    return directive.pad(sign + number)


def _special(directive: Directive, number: str, sign: str) -> str:
    if number == "NaN":
        return ("+" if directive.plus else " " if directive.space else "") + number
    return (sign or "+") + number


def _float_text(value: float, verb: str, precision: int | None) -> str:
    if math.isinf(value) or math.isnan(value):
        return format_float(value)
    if verb == "b":
        exponent = math.frexp(value)[1]
        exponent = max(exponent - 53, -1074) if value else -1074
        return f"{int(math.ldexp(value, -exponent))}p{exponent:+d}"
    if verb in "xX":
        text = _hexadecimal(value, precision)
        return text.upper() if verb == "X" else text
    if verb in "gG":
        text = shortest(value, 6) if precision is None else format(value, f".{precision}g")
        if precision is None and abs(value) >= 1e21:
            text = shortest(value, 21)
        return text.upper() if verb == "G" else text
    return format(value, f".{6 if precision is None else precision}{verb}")


def _hexadecimal(value: float, precision: int | None) -> str:
    sign = "-" if math.copysign(1, value) < 0 else ""
    if value == 0:
        mantissa, exponent = 0, 0
    else:
        fraction, exponent = math.frexp(abs(value))
        mantissa, exponent = int(fraction * 2**53), exponent - 1
    if precision is not None and precision < 13:
        shift = 4 * (13 - precision)
        mantissa = round(mantissa / (1 << shift)) << shift
        if mantissa >> 53:
            mantissa, exponent = mantissa >> 1, exponent + 1
    digits = format(mantissa & ((1 << 52) - 1), "013x")
    digits = digits.rstrip("0") if precision is None else digits[:precision].ljust(precision, "0")
    point = f".{digits}" if digits else ""
    return f"{sign}0x{mantissa >> 52}{point}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _with_point(number: str, verb: str, precision: int | None) -> str:
    marker = "pP" if verb in "xX" else "eE"
    split = next((i for i, character in enumerate(number) if character in marker), len(number))
    head, tail = number[:split], number[split:]
    wanted = 0
    if verb in "vgGx":
        wanted = 6 if precision is None else precision
        significant = head.replace(".", "").lstrip("0")
        wanted -= len(significant)
        if "." not in head and head == "0":
            wanted -= 1
    if "." not in head:
        head += "."
    return head + "0" * max(0, wanted) + tail


def write_complex(directive: Directive, value: complex, verb: str) -> str | None:
    """Write a complex number; None when the verb is not for it."""
    real = write_float(directive, value.real, verb)
    if real is None:
        return None
    signed = msgspec.structs.replace(directive, plus=True)
    return f"({real}{write_float(signed, value.imag, verb)}i)"
