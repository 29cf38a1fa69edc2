"""What a scalar means in Go's YAML (`go.yaml.in/yaml/v2`, below `sigs.k8s.io/yaml`), after its way to JSON."""

import base64
import binascii
import math
import re
import struct
from datetime import date
from decimal import Decimal
from typing import Final, TypeAlias

Scalar: TypeAlias = str | int | float | bool | None

_TAG: Final = "tag:yaml.org,2002:"
STR, INT, FLOAT, BOOL, NULL = (f"{_TAG}{name}" for name in ("str", "int", "float", "bool", "null"))
TIMESTAMP, BINARY, MERGE = (f"{_TAG}{name}" for name in ("timestamp", "binary", "merge"))

_WORDS: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_INT = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|([1-9][0-9]*|0))")
_DATE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?(?:Z|[-+]\d\d:\d\d)| (\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.\d+)?)?"
)
_BETWEEN_DIGITS = re.compile(r"(?<=[0-9])_(?=[0-9])")
_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")
_EXACT = 2**53
"""Whole numbers up to here are the same as float and as int."""


class ScalarError(ValueError):
    """A scalar that its tag does not fit, or that JSON cannot hold."""


def resolve(text: str, tag: str | None = None) -> Scalar:
    """Return the JSON value of a scalar; `tag` is an explicit one, or `None` for a plain scalar.

    Raises:
        ScalarError: for infinity and not-a-number, and for a text that its tag does not fit.
    """
    value = _read(text, tag)
    if not isinstance(value, float):
        return value
    if not math.isfinite(value):
        message = f"{text} is not a number that JSON can hold"
        raise ScalarError(message)
    return int(value) if value.is_integer() and abs(value) <= _EXACT else value


def resolve_key(text: str, tag: str | None = None) -> str:
    """Return a scalar as JSON spells it where it is a map's key.

    Raises:
        ScalarError: for null, which is no key, and for a text that its tag does not fit.
    """
    key = key_text(_read(text, tag))
    if key is None:
        message = "invalid map key: null"
        raise ScalarError(message)
    return key


def key_text(value: Scalar) -> str | None:
    """Spell a value as the key of a map in JSON; `None` for null."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return go_float(_single(value)) if math.isfinite(value) else _BEYOND[str(value)]
    return None if value is None else str(value)


def is_plainly_text(text: str) -> bool:
    """Return whether a look at the first letter and the length is enough to know that a plain scalar is a text."""
    if not text:
        return False
    head = text[0]
    return head not in _HINTS or (len(text) > _LONGEST_WORD and head in _LETTERS)


def is_text(text: str) -> bool:
    """Return whether a plain scalar of these letters is read as the text itself, by old readers too."""
    if not text or text[0] not in _HINTS:
        return bool(text)
    return isinstance(_plain(text), str) and not _is_timestamp(text) and not _BASE_60.fullmatch(text)


def go_float(value: float) -> str:
    """Spell a float as Go's shortest `%g` does: `0.5`, `1e+06`, `1e-07`."""
    if value == 0 or not math.isfinite(value):
        return "0" if value == 0 else str(value)
    exact = Decimal(repr(value)).normalize()
    power = exact.adjusted()
    if -4 <= power < 6:
        return f"{exact:f}"
    sign, digits, _ = exact.as_tuple()
    mantissa = "".join(map(str, digits))
    fraction = f".{mantissa[1:]}" if len(mantissa) > 1 else ""
    return f"{'-' if sign else ''}{mantissa[0]}{fraction}e{power:+03d}"


_HINTS: Final = frozenset("+-0123456789.yYnNtTfFoO~")
"""First letters of scalars that may be other than text."""
_LETTERS: Final = frozenset("yYnNtTfFoO~")
_LONGEST_WORD: Final = 5
"""`false`."""
_RESOLVED: dict[str, tuple[type, ...]] = {INT: (int,), FLOAT: (int, float), BOOL: (bool,), NULL: (type(None),)}
"""Explicit tags that ask for a reading, and what must come out of it."""
_BEYOND = {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}


def _read(text: str, tag: str | None) -> Scalar:
    if tag is None:
        return _plain(text)
    if tag == BINARY:
        return _binary(text)
    if tag == TIMESTAMP and not _is_timestamp(text):
        message = f"cannot decode {text!r} as a !!timestamp"
        raise ScalarError(message)
    if tag not in _RESOLVED:
        return text
    value = _plain(text, is_tagged=True)
    if type(value) not in _RESOLVED[tag]:
        message = f"cannot decode {text!r} as a !!{tag.removeprefix(_TAG)}"
        raise ScalarError(message)
    return value


def _single(value: float) -> float:
    """Return the shortest decimal that is the same number in 32 bits, in which Go spells keys."""
    try:
        narrow = struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        return value
    texts = (f"{narrow:.{digits}g}" for digits in range(1, 10))
    return next((float(text) for text in texts if struct.pack("f", float(text)) == struct.pack("f", narrow)), narrow)


def _plain(text: str, *, is_tagged: bool = False) -> Scalar:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in _HINTS or text[0] in _LETTERS:
        return text
    if text[0] == ".":
        digits = _BETWEEN_DIGITS.sub("", text)
        return _float(digits, text) if _FLOAT.fullmatch(digits) else text
    if not is_tagged and _is_timestamp(text):
        return text
    return _number(text.replace("_", ""), text)


def _number(digits: str, text: str) -> Scalar:
    whole = _INT.fullmatch(digits)
    if whole:
        sign, hexadecimal, binary, octal, decimal = whole.groups()
        groups = ((hexadecimal, 16), (binary, 2), (octal, 8), (decimal, 10))
        number = next(int(part, base) for part, base in groups if part is not None)
        number = -number if sign == "-" else number
        if -(2**63) <= number < 2**63 or (not sign and number < 2**64):
            return number
    return _float(digits, text) if _FLOAT.fullmatch(digits) else text


def _float(digits: str, text: str) -> float | str:
    number = float(digits)
    return number if math.isfinite(number) else text


def _is_timestamp(text: str) -> bool:
    match = _DATE.fullmatch(text)
    if not match:
        return False
    year, month, day, *clock = (int(part) for part in match.groups() if part is not None)
    try:
        date(year or 4, month, day)
    except ValueError:
        return False
    return not clock or (clock[0] < 24 and clock[1] < 60 and clock[2] < 60)


def _binary(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode("utf-8", "replace")
    except binascii.Error as error:
        message = "!!binary holds no Base64"
        raise ScalarError(message) from error
