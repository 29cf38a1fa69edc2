"""Documents as Go's JSON encoder writes the structs that they stand for, byte for byte.

Annotations and environment variables carry such texts, and Istio's own agent reads them.
"""

import json
from typing import Any, cast

from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import Field, GoStruct, Json, Table

_ZERO: dict[str, Any] = {"string": "", "int": 0, "bool": False, "float": 0, "IntOrString": 0, "Quantity": "0"}
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def go_json(value: Any) -> str:
    """Write JSON as Go does: no spaces, HTML's characters escaped. Maps keep their order: sort them where Go would."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    for character, escape in _ESCAPES.items():
        if character in text:
            text = text.replace(character, escape)
    return text


def go_map_json(value: Any) -> str:
    """Write a Go map as JSON: keys sorted, all the way down."""
    return go_json(_sorted(value))


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(item) for key, item in sorted(cast(Json, value).items())}
    if isinstance(value, list | tuple):
        return [_sorted(item) for item in cast(list[Any], value)]
    return value


def encoded(table: Table, document: Json, struct: GoStruct) -> Json:
    """Return a struct's JSON in the order of Go's fields: zeros where Go writes them, none where it omits them.

    Fields that the table does not know come last.
    """
    found = completed(table, document, struct)
    known = {
        field.json: _in_order(table, found[field.json], field.type) for field in struct.fields if field.json in found
    }
    return known | {key: value for key, value in found.items() if key not in known}


def _in_order(table: Table, value: Any, kind: str) -> Any:
    kind = kind.removeprefix("*")
    if kind.startswith("[]") and isinstance(value, list):
        return [_in_order(table, item, kind[2:]) for item in cast(list[Any], value)]
    if kind.startswith("map:") and isinstance(value, dict):
        return {key: _in_order(table, item, kind[4:]) for key, item in sorted(cast(Json, value).items())}
    if kind in table.structs and isinstance(value, dict):
        return encoded(table, cast(Json, value), table.structs[kind])
    return value


def completed(table: Table, document: Json, struct: GoStruct) -> Json:
    """Return what `encoded` does in any order: for those who sort it anyway."""
    result: Json = {}
    for key, value in document.items():
        if value is None:
            continue
        field = struct.by_json.get(key)
        if field is None:
            result[key] = value
            continue
        value = _value(table, value, field.type)
        if not (field.omitempty and _is_empty(field, value)):
            result[key] = value
    for field in struct.written:
        if field.json not in result:
            result[field.json] = _zero(table, field)
    return result


def _is_empty(field: Field, value: Any) -> bool:
    if field.type.startswith("*"):
        return False
    if field.type.startswith(("[]", "map:")):
        return not value
    return field.type in _ZERO and value == _ZERO[field.type] and field.type not in {"IntOrString", "Quantity"}


def _zero(table: Table, field: Field) -> Any:
    if field.type in table.structs:
        return completed(table, {}, table.structs[field.type])
    return _ZERO.get(field.type)


def _value(table: Table, value: Any, kind: str) -> Any:
    kind = kind.removeprefix("*")
    if kind.startswith("[]") and isinstance(value, list):
        return [_value(table, item, kind[2:]) for item in cast(list[Any], value)]
    if kind == "Quantity":
        return canonical(str(value)) or value
    if kind.startswith("map:") and isinstance(value, dict):
        return {key: _value(table, item, kind[4:]) for key, item in cast(Json, value).items()}
    if kind in table.structs and isinstance(value, dict):
        return completed(table, cast(Json, value), table.structs[kind])
    return value


def read_json(text: str) -> Any:
    """Read JSON; text that is none gives `None`."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
