"""JSON as Go's encoding/json writes and reads it."""

import base64
import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.golang.numbers import decompose, format_float, plain
from pillion.inject.gotemplate.golang.printing import Parts, struct_fields
from pillion.inject.gotemplate.golang.quote import quote_character
from pillion.inject.gotemplate.golang.values import dereference, is_nil, kind, sorted_keys, to_bytes, type_name
from pillion.inject.gotemplate.limits import Meter

_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
_SPECIAL = re.compile(r'[\x00-\x1f"\\\u2028\u2029\ud800-\udfff]')
_SPECIAL_HTML = re.compile(r'[\x00-\x1f"\\<>&\u2028\u2029\ud800-\udfff]')


def encode(meter: Meter, value: Any, *, indent: str = "", escape_html: bool = True) -> str:
    """Write a value as JSON, keys in order; raises FunctionError for what has no JSON."""
    writer = _Writer(meter, indent, _SPECIAL_HTML if escape_html else _SPECIAL)
    writer.value(value, "\n")
    return writer.parts.text()


class _Writer:
    def __init__(self, meter: Meter, indent: str, special: re.Pattern[str]) -> None:
        self.parts: Parts = Parts(meter)
        self.indent: str = indent
        self.special: re.Pattern[str] = special

    def value(self, value: Any, newline: str) -> None:
        self.parts.meter.step()
        value = dereference(value)
        if is_nil(value):
            self.parts.add("null")
            return
        match kind(value):
            case "string":
                self.parts.add(self.string(value))
            case "bool":
                self.parts.add("true" if value else "false")
            case "int" | "uint":
                self.parts.add(str(int(value)))
            case "float":
                self.parts.add(number(value))
            case "slice" if isinstance(value, bytes):
                self.parts.add(self.string(base64.b64encode(value).decode()))
            case "slice":
                self.many("[]", [("", element) for element in value], newline)
            case "map":
                self.many("{}", self.keyed(value), newline)
            case "struct":
                fields = [(self.string(name) + ":", getattr(value, name)) for name in struct_fields(value)]
                self.many("{}", fields, newline)
            case _:
                raise FunctionError(f"json: unsupported type: {type_name(value)}")

    def keyed(self, items: Mapping[Any, Any]) -> list[tuple[str, Any]]:
        return [(self.string(str(key)) + ":", items[key]) for key in sorted_keys(items)]

    def many(self, brackets: str, items: list[tuple[str, Any]], newline: str) -> None:
        inner = newline + self.indent if self.indent else ""
        self.parts.add(brackets[0])
        for index, (key, element) in enumerate(items):
            self.parts.add(("," if index else "") + inner + key + (" " if key and self.indent else ""))
            self.value(element, inner)
        self.parts.add((newline if items and self.indent else "") + brackets[1])

    def string(self, text: str) -> str:
        return f'"{self.special.sub(_escaped, text)}"'


def _escaped(match: re.Match[str]) -> str:
    character = match[0]
    if "\ud800" <= character <= "\udfff":
        return "\\ufffd"
    return _SHORT.get(character) or _HTML.get(character) or f"\\u{ord(character):04x}"


def number(value: float) -> str:
    """Write a float as JSON: an exponent below 1e-6 and from 1e21 on; raises FunctionError when it is not finite."""
    if math.isnan(value) or math.isinf(value):
        raise FunctionError(f"json: unsupported value: {format_float(value)}")
    sign, digits, exponent = decompose(value)
    if value and not 1e-6 <= abs(value) < 1e21:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if exponent < 0 else '+'}{abs(exponent):02d}".replace("e-0", "e-")
    return sign + plain(digits, exponent)


def decode(text: str) -> Any:
    """Read JSON; numbers become floats. Raises FunctionError with Go's wording, as far as it is common."""
    try:
        return _replaced(json.loads(text, parse_int=_finite, parse_float=_finite, parse_constant=_constant))
    except json.JSONDecodeError as error:
        raise FunctionError(_complaint(text, error)) from None


def _finite(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise FunctionError(f"json: cannot unmarshal number {text} into Go value of type float64")
    return value


def _constant(text: str) -> NoReturn:
    raise FunctionError(f"invalid character {quote_character(ord(text[0]))} looking for beginning of value")


def _replaced(value: Any) -> Any:
    """Replace halves of surrogate pairs, which Go's strings cannot hold."""
    match kind(value):
        case "string":
            return value if value.isascii() else re.sub("[\ud800-\udfff]", "\ufffd", value)
        case "map":
            return {_replaced(key): _replaced(value[key]) for key in value}
        case "slice":
            return [_replaced(element) for element in value]
        case _:
            return value


def _complaint(text: str, error: json.JSONDecodeError) -> str:
    at = error.pos
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    if at >= len(text) or error.msg.startswith("Unterminated string"):
        return "unexpected end of JSON input"
    contexts = {
        "Extra data": "after top-level value",
        "Expecting value": "looking for beginning of value",
        "Expecting property name enclosed in double quotes": "looking for beginning of object key string",
        "Expecting ':' delimiter": "after object key",
        "Expecting ',' delimiter": "after object key:value pair",
        "Invalid control character at": "in string literal",
    }
    context = contexts.get(error.msg, "looking for beginning of value")
    if context == "after object key:value pair" and _in_array(text, at):
        context = "after array element"
    return f"invalid character {quote_character(to_bytes(text[at])[0])} {context}"


def _in_array(text: str, at: int) -> bool:
    depth = 0
    for character in reversed(re.sub(r'"(?:[^"\\]|\\.)*"', lambda match: " " * len(match[0]), text[:at])):
        if character in "]}":
            depth += 1
        elif character in "[{":
            if depth == 0:
                return character == "["
            depth -= 1
    return False
