"""sprig's functions on strings: cutting, padding, quoting, replacing."""

from collections.abc import Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.printing import sprint
from pillion.inject.gotemplate.golang.quote import quote as go_quote
from pillion.inject.gotemplate.golang.values import StringMap, from_bytes, length_of, to_bytes
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.sprig.values import string_of, strings_of

GO_SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)


def cut(text: str, start: int, end: int) -> str:
    """Return the bytes from `start` to `end` of a string; raises FunctionError when it has not so many."""
    size = length_of(text)
    if start < 0 or end > size or start > end:
        where = f"[:{end}] with length {size}" if end > size else f"[:{end}]" if end < 0 else f"[{start}:{end}]"
        raise FunctionError(f"runtime error: slice bounds out of range {where}")
    return text[start:end] if text.isascii() else from_bytes(to_bytes(text)[start:end])


def truncate(count: int, text: str) -> str:
    """Return the first `count` bytes, or the last ones when it is negative."""
    size = length_of(text)
    if count < 0 < size + count:
        return cut(text, size + count, size)
    return cut(text, 0, count) if 0 <= count < size else text


def substring(start: int, end: int, text: str) -> str:
    """Return the bytes from `start` to `end`; a negative start means from the beginning, a negative end to the end."""
    if start < 0:
        return cut(text, 0, end)
    size = length_of(text)
    return cut(text, start, size if end < 0 or end > size else end)


def repeat(meter: Meter, count: int, text: str) -> str:
    """Return a string `count` times."""
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    meter.text(len(text) * count)
    return text * count


def quote(meter: Meter, *values: Any) -> str:
    """Return values in double quotes, nil left out."""
    return " ".join(go_quote(string_of(meter, value)) for value in values if value is not None)


def single_quote(meter: Meter, *values: Any) -> str:
    """Return values in single quotes, nil left out."""
    return " ".join(f"'{sprint(meter, value)}'" for value in values if value is not None)


def concatenate(meter: Meter, *values: Any) -> str:
    """Return values with spaces between them, nil left out."""
    return " ".join(sprint(meter, value) for value in values if value is not None)


def indent(meter: Meter, count: int, text: str) -> str:
    """Begin every line with `count` spaces."""
    if count < 0:
        raise FunctionError("strings: negative Repeat count")
    meter.text(len(text) + count * (text.count("\n") + 1))
    pad = " " * count
    return pad + text.replace("\n", f"\n{pad}")


def newline_indent(meter: Meter, count: int, text: str) -> str:
    """Begin a new line, and every line with `count` spaces."""
    return "\n" + indent(meter, count, text)


def replace(meter: Meter, old: str, new: str, text: str) -> str:
    """Replace every `old` by `new`."""
    found = text.count(old)
    meter.text(len(text) + found * max(0, len(new) - len(old)))
    return text.replace(old, new)


def join(meter: Meter, separator: str, value: Any) -> str:
    """Join a list's elements, as strings."""
    parts = strings_of(meter, value)
    meter.text(sum(map(len, parts)) + len(separator) * max(0, len(parts) - 1))
    return separator.join(parts)


def split_list(meter: Meter, separator: str, text: str, count: int = -1) -> list[str]:
    """Split a string, into at most `count` parts unless it is negative; an empty separator splits characters."""
    if count == 0:
        return []
    meter.collection(text.count(separator) + 1)
    if separator:
        return text.split(separator, count - 1 if count > 0 else -1)
    if count < 0 or count > len(text):
        return list(text)
    return [*text[: count - 1], text[count - 1 :]] if text else []


def split(meter: Meter, separator: str, text: str) -> StringMap:
    """Split a string into a map: `_0`, `_1`, ..."""
    return split_some(meter, separator, -1, text)


def split_some(meter: Meter, separator: str, count: int, text: str) -> StringMap:
    """Split a string into a map of at most `count` parts."""
    parts = split_list(meter, separator, text, count)
    return StringMap({f"_{index}": part for index, part in enumerate(parts)})


def trim(text: str) -> str:
    """Remove space from both ends."""
    return text.strip(GO_SPACE)


def contains(part: str, text: str) -> bool:
    """Return whether a string has a part."""
    return part in text


def has_prefix(prefix: str, text: str) -> bool:
    """Return whether a string begins so."""
    return text.startswith(prefix)


def has_suffix(suffix: str, text: str) -> bool:
    """Return whether a string ends so."""
    return text.endswith(suffix)


def _hello() -> str:
    return "Hello!"


def trim_suffix(suffix: str, text: str) -> str:
    """Remove a suffix."""
    return text.removesuffix(suffix)


def trim_prefix(prefix: str, text: str) -> str:
    """Remove a prefix."""
    return text.removeprefix(prefix)


def trim_all(characters: str, text: str) -> str:
    """Remove any of some characters from both ends."""
    return text.strip(characters) if characters else text


def plural(one: str, many: str, count: int) -> str:
    """Return `one` for 1, else `many`."""
    return one if count == 1 else many


FUNCTIONS: Mapping[str, Function] = {
    "trunc": Function(truncate, "func(int, string) string"),
    "substr": Function(substring, "func(int, int, string) string"),
    "trim": Function(trim, "func(string) string"),
    "trimAll": Function(trim_all, "func(string, string) string"),
    "trimall": Function(trim_all, "func(string, string) string"),
    "trimSuffix": Function(trim_suffix, "func(string, string) string"),
    "trimPrefix": Function(trim_prefix, "func(string, string) string"),
    "repeat": Function(repeat, "func(int, string) string", metered=True),
    "contains": Function(contains, "func(string, string) bool"),
    "hasPrefix": Function(has_prefix, "func(string, string) bool"),
    "hasSuffix": Function(has_suffix, "func(string, string) bool"),
    "quote": Function(quote, "func(...interface {}) string", metered=True),
    "squote": Function(single_quote, "func(...interface {}) string", metered=True),
    "cat": Function(concatenate, "func(...interface {}) string", metered=True),
    "indent": Function(indent, "func(int, string) string", metered=True),
    "nindent": Function(newline_indent, "func(int, string) string", metered=True),
    "replace": Function(replace, "func(string, string, string) string", metered=True),
    "plural": Function(plural, "func(string, string, int) string"),
    "join": Function(join, "func(string, interface {}) string", metered=True),
    "split": Function(split, "func(string, string) map[string]string", metered=True),
    "splitn": Function(split_some, "func(string, int, string) map[string]string", metered=True),
    "splitList": Function(split_list, "func(string, string) []string", metered=True),
    "toString": Function(string_of, "func(interface {}) string", metered=True),
    "toStrings": Function(strings_of, "func(interface {}) []string", metered=True),
    "hello": Function(_hello, "func() string"),
}
