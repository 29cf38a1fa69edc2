"""Tables of Go types: field names in JSON and in Go, their types, and how Kubernetes merges them.

The tables are data beside this module (`kubernetes.json` from `k8s.io/api`, `mesh.json` from Istio's protobuf
files). A type is written as a short string: `string`, `int`, `*Probe`, `[]Container`, `map:Quantity`,
`enum:AuthenticationPolicy`.
"""

from functools import cache
from importlib import resources
from typing import Any, Literal, cast

import msgspec

from pillion.value import FrozenMap, Value

Json = dict[str, Any]
"""A document, or a map inside one."""


def section(document: Json, *path: str) -> Json:
    """Return the map at a path; an empty one where there is none."""
    for step in path:
        inner = document.get(step)
        document = cast(Json, inner) if isinstance(inner, dict) else {}
    return document


def items(document: Json, key: str) -> list[Json]:
    """Return the maps of a list; none where there is no list."""
    found = document.get(key)
    return (
        [cast(Json, item) for item in cast(list[Any], found) if isinstance(item, dict)]
        if isinstance(found, list)
        else []
    )


class Field(Value):
    """One field of a Go struct."""

    json: str
    """Its name in a document; empty for an embedded struct."""
    go: str
    """Its name in a template."""
    type: str
    omitempty: bool = False
    inline: bool = False
    merges: bool = False
    """Whether Kubernetes merges this list item by item instead of replacing it."""
    merge_key: str = ""
    oneof: str = ""
    """The Go name of the protobuf `oneof` that this field is a choice of."""


class GoStruct(Value):
    """One Go struct: its fields in the order of their declaration, embedded structs opened."""

    name: str
    fields: tuple[Field, ...]
    by_json: FrozenMap[Field]
    by_go: FrozenMap[Field]
    written: tuple[Field, ...]
    """The fields that Go's encoder always writes: those without `omitempty`, and structs by value."""
    is_message: bool
    """Whether it is a protobuf message: a template reaches it by pointer and may call `GetX` on nil."""


class Table(Value):
    """All structs and enums of one family."""

    structs: FrozenMap[GoStruct]
    enums: FrozenMap[FrozenMap[int]]


class _File(msgspec.Struct):
    types: dict[str, list[tuple[str, str, str, str, str]]]
    enums: dict[str, dict[str, int]] = {}


_Rows = dict[str, list[tuple[str, str, str, str, str]]]


@cache
def table(name: Literal["kubernetes", "mesh"]) -> Table:
    """Read one of the two tables."""
    text = resources.files("pillion.inject.schema").joinpath(f"{name}.json").read_bytes()
    raw = msgspec.json.decode(text, type=_File)
    structs = {key: _struct(key, raw.types, is_message=name == "mesh") for key in raw.types}
    return Table(structs=FrozenMap(structs), enums=FrozenMap({key: FrozenMap(enum) for key, enum in raw.enums.items()}))


def _struct(name: str, rows: _Rows, *, is_message: bool) -> GoStruct:
    fields = tuple(_fields(rows[name], rows, is_message=is_message))
    return GoStruct(
        name=name,
        fields=fields,
        by_json=FrozenMap({field.json: field for field in fields if field.json}),
        by_go=FrozenMap({field.go: field for field in fields}),
        written=tuple(field for field in fields if field.json and (not field.omitempty or field.type in rows)),
        is_message=is_message,
    )


def _fields(row: list[tuple[str, str, str, str, str]], rows: _Rows, *, is_message: bool) -> list[Field]:
    found: list[Field] = []
    for json, go, kind, flags, extra in row:
        field = Field(
            json=json,
            go=go,
            type=kind,
            omitempty="o" in flags or is_message,
            inline="i" in flags,
            merges="m" in flags,
            merge_key="" if is_message else extra,
            oneof=extra if is_message else "",
        )
        found.append(field)
        if field.inline:
            found.extend(_fields(rows[kind], rows, is_message=is_message))
    return found
