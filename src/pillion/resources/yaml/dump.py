"""JSON-like values to YAML as `sigs.k8s.io/yaml` writes it: keys sorted, ambiguous texts in double quotes.

libyaml's emitter is the one that Go's was made from; only the choice of style is made here, so the text is Go's.
"""

import io
import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, cast

import yaml
from yaml._yaml import CEmitter

from pillion.resources.yaml.scalar import go_float, is_text


def dump(value: Any, *, sort_keys: bool = True) -> str:
    """Write one document; a Go reader reads back the same value.

    Takes dicts, lists, tuples, `FrozenMap`s and scalars. A number that JSON cannot hold becomes null.
    """
    stream = io.StringIO()
    emit = cast(Callable[[yaml.Event], None], cast(Any, CEmitter(stream, allow_unicode=True, width=80)).emit)
    emit(yaml.StreamStartEvent())
    emit(yaml.DocumentStartEvent(explicit=False))
    for event in _events(value, sort_keys):
        emit(event)
    emit(yaml.DocumentEndEvent(explicit=False))
    emit(yaml.StreamEndEvent())
    text = stream.getvalue()
    # libyaml marks the end after a text with open end; Go's writer does not, and no reader needs it.
    return text.removesuffix("...\n") if text.endswith("\n...\n") else text


def dump_all(values: Iterable[Any], *, sort_keys: bool = True) -> str:
    """Write several documents with `---` between them."""
    return "---\n".join(dump(value, sort_keys=sort_keys) for value in values)


def _events(value: Any, sort_keys: bool) -> Iterator[yaml.Event]:  # handed down
    if isinstance(value, Mapping):
        pairs = cast(Mapping[Any, Any], value)
        yield yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
        for key in sorted(pairs, key=cmp_to_key(_compare)) if sort_keys else pairs:
            yield _key(str(key))
            yield from _events(pairs[key], sort_keys)
        yield yaml.MappingEndEvent()
    elif isinstance(value, list | tuple):
        yield yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
        for item in cast("list[Any]", value):
            yield from _events(item, sort_keys)
        yield yaml.SequenceEndEvent()
    else:
        yield _scalar(value)


def _scalar(value: Any) -> yaml.ScalarEvent:
    style = None
    if isinstance(value, str):
        text = _encodable(value)
        style = "|" if "\n" in text else None if is_text(text) else '"'
    elif isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, float):
        text = _number(value)
    else:
        text = "null" if value is None else str(value)
    return yaml.ScalarEvent(None, None, (True, True), text, style=cast(Any, style))


def _key(key: str) -> yaml.ScalarEvent:
    # Go's writer leaves `<<` plain and cannot read it back; and a block of text as a key comes back with another end.
    if key != "<<" and "\n" not in key:
        return _scalar(key)
    return yaml.ScalarEvent(None, None, (True, True), _encodable(key), style=cast(Any, '"'))


def _encodable(text: str) -> str:
    """Replace halves of surrogate pairs, which no UTF-8 holds, as Go's JSON does."""
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _number(value: float) -> str:
    if not math.isfinite(value):
        return "null"
    if value.is_integer() and abs(value) < 10**21:
        # Go's JSON spells these without exponent, so its YAML takes them for whole numbers while 64 bits hold them.
        text = f"{Decimal(repr(value)).normalize():f}"
        if -(2**63) <= int(text) < 2**64:
            return text
    return go_float(value)


def _compare(left: Any, right: Any) -> int:
    """Order keys as Go's writer does: letters after the rest, numbers inside by their value."""
    a, b = str(left), str(right)
    for place in range(min(len(a), len(b))):
        if a[place] != b[place]:
            return _compare_at(a, b, place)
    return len(a) - len(b)


def _compare_at(a: str, b: str, place: int) -> int:
    x, y = a[place], b[place]
    if x.isalpha() or y.isalpha():
        return (ord(x) - ord(y)) if x.isalpha() and y.isalpha() else (-1 if y.isalpha() else 1)
    prefix = a[:place]
    digits = prefix[len(prefix.rstrip("0123456789")) :]
    inside = "1" if "0" in {x, y} and digits.strip("0") else ""
    left, right = _digits(a, place), _digits(b, place)
    first, second = int(inside + left or "0"), int(inside + right or "0")
    return first - second or len(left) - len(right) or ord(x) - ord(y)


def _digits(text: str, start: int) -> str:
    end = start
    while end < len(text) and text[end] in "0123456789":
        end += 1
    return text[start:end]
