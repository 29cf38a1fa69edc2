"""A patch's JSON held against Envoy's message: unknown fields and types are found, durations put as protobuf has them.

Istio reads durations in patches as Go does (`500ms`, `1h30m`); protobuf's JSON knows seconds alone.
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast, final

from google.protobuf.descriptor import Descriptor, FieldDescriptor

from pillion.envoy.patch.types import message_type
from pillion.value import Path

ANY, DURATION = "google.protobuf.Any", "google.protobuf.Duration"
_FREE = frozenset({"google.protobuf.Struct", "google.protobuf.Value", "google.protobuf.ListValue"})
_SECONDS = {"h": 3600, "m": 60, "s": 1, "ms": Fraction(1, 10**3), "us": Fraction(1, 10**6), "ns": Fraction(1, 10**9)}
_PART = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(h|ms|m|s|us|ns)")
_DURATION = re.compile(rf"(-?)((?:{_PART.pattern})+)")


@final
class Fitting:
    """Fits documents to messages, and notes what does not."""

    def __init__(self) -> None:
        self.unknown_fields: list[Path] = []
        self.unknown_types: list[tuple[Path, str]] = []

    def fitted(self, document: Any, kind: Descriptor, path: Path) -> Any:
        """Return a document without the fields that its message has not."""
        if kind.full_name == DURATION and isinstance(document, str):
            return _in_seconds(document)
        if not isinstance(document, Mapping) or kind.full_name in _FREE:
            return cast(Any, document)
        content = cast("Mapping[str, Any]", document)
        return self._any(content, path) if kind.full_name == ANY else self._fields(content, kind, path)

    def _any(self, document: Mapping[str, Any], path: Path) -> Any:
        url = document.get("@type")
        found = message_type(url.rpartition("/")[2]) if isinstance(url, str) else None
        if found is None:
            if isinstance(url, str):
                self.unknown_types.append(((*path, "@type"), url))
            return document
        inner = {key: value for key, value in document.items() if key != "@type"}
        if found.DESCRIPTOR.full_name in _FREE | {ANY, DURATION}:
            return document
        return {"@type": url, **self._fields(inner, cast(Descriptor, found.DESCRIPTOR), path)}

    def _fields(self, document: Mapping[str, Any], kind: Descriptor, path: Path) -> dict[str, Any]:
        known = {name: field for field in kind.fields for name in (field.name, field.json_name)}
        done: dict[str, Any] = {}
        for key, value in document.items():
            field = known.get(key)
            if field is None:
                self.unknown_fields.append((*path, key))
            else:
                done[key] = self._field(value, field, (*path, key))
        return done

    def _field(self, value: Any, field: FieldDescriptor, path: Path) -> Any:
        kind = field.message_type
        if kind is None:
            return value
        if kind.GetOptions().map_entry:
            inner = kind.fields_by_name["value"].message_type
            if inner is None or not isinstance(value, Mapping):
                return value
            entries = cast("Mapping[str, Any]", value).items()
            return {key: self.fitted(each, inner, (*path, key)) for key, each in entries}
        if field.is_repeated and isinstance(value, list):
            items = cast("list[Any]", value)
            return [self.fitted(each, kind, (*path, index)) for index, each in enumerate(items)]
        return self.fitted(value, kind, path)


def _in_seconds(text: str) -> str:
    """Write a duration of Go's as protobuf reads it; what is none comes back as it is."""
    found = _DURATION.fullmatch(text)
    if found is None:
        return text
    total = sum(Fraction(number) * _SECONDS[unit] for number, unit in _PART.findall(found[2]))
    nanoseconds = round(total * 10**9)
    return f"{found[1]}{nanoseconds // 10**9}.{nanoseconds % 10**9:09}s"
