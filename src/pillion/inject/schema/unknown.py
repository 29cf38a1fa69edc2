"""The fields of a document that a table's types do not have: slips mostly, which Go's decoder drops without a word."""

from collections.abc import Iterator
from typing import Any, cast

from pillion.inject.schema.types import Json, Table
from pillion.resources.suggest import nearest
from pillion.value import Path, Value


class Unknown(Value):
    """A field that its struct does not have."""

    path: Path
    meant: str = ""
    """The field that it is a slip of, if there is one."""


def unknown_fields(table: Table, document: Json, name: str, path: Path = ()) -> Iterator[Unknown]:
    """Yield the fields that struct `name`, and those inside it, do not have; values of wrong types are passed over."""
    fields = table.structs[name].by_json
    for key, value in document.items():
        here: Path = (*path, str(key))
        field = fields.get(key)
        if field is None:
            yield Unknown(path=here, meant=nearest(str(key), fields) or "")
        else:
            yield from _inside(table, value, field.type, here)


def _inside(table: Table, value: Any, kind: str, path: Path) -> Iterator[Unknown]:
    kind = kind.removeprefix("*")
    if kind.startswith("[]") and isinstance(value, list):
        for index, item in enumerate(cast(list[Any], value)):
            yield from _inside(table, item, kind[2:], (*path, index))
    elif kind.startswith("map:") and isinstance(value, dict):
        for key, item in cast(Json, value).items():
            yield from _inside(table, item, kind[4:], (*path, str(key)))
    elif kind in table.structs and isinstance(value, dict):
        yield from unknown_fields(table, cast(Json, value), kind, path)
