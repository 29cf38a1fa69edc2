"""Protobuf messages as JSON documents, read as Istio reads mesh config and brought to one canonical form.

Either name of a field is understood (`discoveryAddress`, `discovery_address`), numbers may be strings, durations may
be Go's (`1m`). The result has JSON names, no nulls, enum names, durations in seconds (`60s`). A zero is kept, for it
overrides a default; `without_zeros` leaves them out as protobuf's JSON does. A field that the table does not know is
kept and reported.
"""

from typing import Any, cast

from pillion.inject.schema.types import GoStruct, Json, Table
from pillion.inject.schema.unknown import Unknown
from pillion.resources.duration import parse_duration
from pillion.resources.schema import kind_of
from pillion.resources.suggest import nearest
from pillion.value import Path

Problem = tuple[Path, str]

WRAPPERS = {
    "BoolValue": "bool",
    "Int32Value": "int",
    "UInt32Value": "int",
    "StringValue": "string",
    "DoubleValue": "float",
}
_ZERO: dict[str, Any] = {"string": "", "int": 0, "bool": False, "float": 0}


class MessageReader:
    """Reads one document; collects what is wrong with it and what it does not know."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.problems: list[Problem] = []
        self.unknown: list[Unknown] = []

    def message(self, document: Any, name: str, path: Path = ()) -> Json:
        """Return the canonical form of the message `name`."""
        if not isinstance(document, dict):
            self._wrong(path, "a map", document)
            return {}
        struct = self._table.structs[name]
        names = {_snake(field.json): field for field in struct.fields}
        result: Json = {}
        for key, value in cast(Json, document).items():
            if value is None:
                continue
            field = struct.by_json.get(key) or names.get(key)
            if field is None:
                self.unknown.append(Unknown(path=(*path, key), meant=nearest(str(key), struct.by_json) or ""))
                result[key] = value
                continue
            read = self._value(value, field.type, (*path, key))
            if field.oneof:
                _clear_oneof(result, struct, field.oneof)
            result[field.json] = read
        return result

    def _value(self, value: Any, kind: str, path: Path) -> Any:
        if kind.startswith("[]"):
            if not isinstance(value, list):
                return self._wrong(path, "a list", value)
            return [self._value(item, kind[2:], (*path, index)) for index, item in enumerate(cast(list[Any], value))]
        if kind.startswith("map:"):
            if not isinstance(value, dict):
                return self._wrong(path, "a map", value)
            return {str(key): self._value(item, kind[4:], (*path, key)) for key, item in cast(Json, value).items()}
        kind = kind.removeprefix("*")
        if kind.startswith("enum:"):
            return self._enum(value, kind[5:], path)
        kind = WRAPPERS.get(kind, kind)
        if kind in self._table.structs:
            return self.message(value, kind, path)
        return self._scalar(value, kind, path)

    def _scalar(self, value: Any, kind: str, path: Path) -> Any:
        match kind:
            case "string":
                return value if isinstance(value, str) else self._wrong(path, "a string", value)
            case "bool":
                return value if isinstance(value, bool) else self._wrong(path, "true or false", value)
            case "int":
                return self._integer(value, path)
            case "float":
                is_number = isinstance(value, int | float) and not isinstance(value, bool)
                return value if is_number else self._wrong(path, "a number", value)
            case "Duration":
                duration = parse_duration(value) if isinstance(value, str) else None
                return str(duration) if duration is not None else self._wrong(path, "a duration such as 45s", value)
            case _:
                return value

    def _integer(self, value: Any, path: Path) -> Any:
        if isinstance(value, bool):
            return self._wrong(path, "an integer", value)
        if isinstance(value, int):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
        if isinstance(value, str) and value.removeprefix("-").isascii() and value.removeprefix("-").isdigit():
            return int(value)
        return self._wrong(path, "an integer", value)

    def _enum(self, value: Any, name: str, path: Path) -> Any:
        enum = self._table.enums[name]
        if isinstance(value, int) and not isinstance(value, bool):
            return next((key for key, number in enum.items() if number == value), value)
        if isinstance(value, str) and value in enum:
            return value
        return self._wrong(path, f"one of {', '.join(enum)}", value)

    def _wrong(self, path: Path, expected: str, value: Any) -> Any:
        self.problems.append((path, f"{expected} was expected, not {kind_of(value)}"))
        return value


def without_zeros(table: Table, document: Json, name: str) -> Json:
    """Return the message `name` in protobuf's JSON: its fields in order, scalar zeros and empty lists left out."""
    result: Json = {}
    for field in table.structs[name].fields:
        value = document.get(field.json)
        kind = field.type
        if value is None or (not field.oneof and _is_zero(table, value, kind)):
            continue
        inner = kind.removeprefix("[]").removeprefix("map:").removeprefix("*")
        if inner not in table.structs or inner in WRAPPERS:
            result[field.json] = value
        elif kind.startswith("[]"):
            result[field.json] = [without_zeros(table, item, inner) for item in value]
        elif kind.startswith("map:"):
            result[field.json] = {key: without_zeros(table, item, inner) for key, item in value.items()}
        else:
            result[field.json] = without_zeros(table, value, inner)
    return result


def _is_zero(table: Table, value: Any, kind: str) -> bool:
    if kind.startswith("enum:"):
        return table.enums[kind[5:]].get(value) == 0
    if kind.startswith(("[]", "map:")):
        return not value
    return kind in _ZERO and value == _ZERO[kind]


def _clear_oneof(result: Json, struct: GoStruct, oneof: str) -> None:
    for field in struct.fields:
        if field.oneof == oneof:
            result.pop(field.json, None)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
