"""JSON-like values to YAML as `sigs.k8s.io/yaml` writes it: keys sorted, ambiguous texts in double quotes.

libyaml's emitter is the one that Go's was made from; only the choice of style is made here, so the text is Go's.
"""

import io
import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import cmp_to_key
from typing import Any, cast, final

import yaml
from yaml._yaml import CEmitter

from pillion.resources.yaml.scalar import go_float, is_text

Emit = Callable[[yaml.Event], None]
REMEMBERED = 64
"""Longer texts are not remembered: they hardly come again."""
MAPPING_START = yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
MAPPING_END = yaml.MappingEndEvent()
SEQUENCE_START = yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
SEQUENCE_END = yaml.SequenceEndEvent()


def dump(value: Any, *, sort_keys: bool = True) -> str:
    """Write one document; a Go reader reads back the same value.

    Takes dicts, lists, tuples, `FrozenMap`s and scalars. A number that JSON cannot hold becomes null.
    """
    return Dumper(sort_keys=sort_keys).dump(value)


def dump_all(values: Iterable[Any], *, sort_keys: bool = True) -> str:
    """Write several documents with `---` between them."""
    dumper = Dumper(sort_keys=sort_keys)
    return "---\n".join(map(dumper.dump, values))


@final
class Dumper:
    """Writes documents, and remembers the texts and orders of keys that it met: documents of a kind share them."""

    def __init__(self, *, sort_keys: bool = True) -> None:
        self._sort_keys = sort_keys
        self._keys: dict[str, yaml.ScalarEvent] = {}
        self._texts: dict[str, yaml.ScalarEvent] = {}
        self._scalars: dict[tuple[str, Any], str] = {}
        self._orders: dict[tuple[Any, ...], list[Any]] = {}

    def dump(self, value: Any) -> str:
        """Write one document."""
        stream = io.StringIO()
        emit = cast(Emit, cast(Any, CEmitter(stream, allow_unicode=True, width=80)).emit)
        emit(yaml.StreamStartEvent())
        emit(yaml.DocumentStartEvent(explicit=False))
        self._write(value, emit)
        emit(yaml.DocumentEndEvent(explicit=False))
        emit(yaml.StreamEndEvent())
        text = stream.getvalue()
        # libyaml marks the end after a text with open end; Go's writer does not, and no reader needs it.
        return text.removesuffix("...\n") if text.endswith("\n...\n") else text

    def scalar(self, value: Any) -> str:
        """Write a scalar alone, without the end of its line."""
        key = (cast(type[Any], type(value)).__name__, value)
        text = self._scalars.get(key)
        if text is None:
            text = self.dump(value).removesuffix("\n")
            if len(text) < REMEMBERED:
                self._scalars[key] = text
        return text

    def last(self, value: Any) -> Any:
        """Return the scalar, or the empty map or list, that is written last of a value."""
        while value and isinstance(value, Mapping | list | tuple):
            if isinstance(value, Mapping):
                pairs = cast(Mapping[Any, Any], value)
                keys = tuple(pairs)
                value = pairs[self.ordered(keys)[-1] if self._sort_keys else keys[-1]]
            else:
                value = cast("list[Any]", value)[-1]
        return value

    def _write(self, value: Any, emit: Emit) -> None:
        if isinstance(value, str):
            event = self._texts.get(value)
            if event is None:
                event = _scalar(value)
                if len(value) < REMEMBERED:
                    self._texts[value] = event
            emit(event)
        elif isinstance(value, Mapping):
            self._write_map(cast(Mapping[Any, Any], value), emit)
        elif isinstance(value, list | tuple):
            emit(SEQUENCE_START)
            for item in cast("list[Any]", value):
                self._write(item, emit)
            emit(SEQUENCE_END)
        else:
            emit(_scalar(value))

    def _write_map(self, pairs: Mapping[Any, Any], emit: Emit) -> None:
        emit(MAPPING_START)
        for key in self.ordered(tuple(pairs)) if self._sort_keys else pairs:
            text = str(key)
            event = self._keys.get(text)
            if event is None:
                event = self._keys[text] = _key(text)
            emit(event)
            self._write(pairs[key], emit)
        emit(MAPPING_END)

    def ordered(self, keys: tuple[Any, ...]) -> list[Any]:
        """Sort keys as Go's writer does."""
        order = self._orders.get(keys)
        if order is None:
            order = self._orders[keys] = sorted(keys, key=cmp_to_key(_compare))
        return order


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
