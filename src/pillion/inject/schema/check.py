"""A quick look at whether a document fits a table's type: the answer of `decode.Decoder`, without saying what is wrong.

The table's structs become msgspec's, which checks in C: large pods are mostly looked at, and nearly never wrong.
"""

from typing import Any

import msgspec

from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import Json, Table

_SCALARS: dict[str, Any] = {
    "string": str | None,
    "int": int | None,
    "bool": bool | None,
    "float": float | None,
    "IntOrString": int | str | None,
    "Time": str | None,
    "bytes": str | None,
}


class _Quantity:
    """Stands for a value that reads as a quantity."""


class Checker:
    """Looks at documents of one type."""

    def __init__(self, table: Table, name: str, *, is_closed: bool = False) -> None:
        self._table = table
        self._is_closed = is_closed
        self._made: dict[str, Any] = {}
        self._type = self._struct(name)

    def fits(self, document: Json) -> bool:
        """Return whether no known field has a value of another type than its own, and, if closed, there is no other."""
        try:
            msgspec.convert(document, self._type, dec_hook=_hook)
        except msgspec.ValidationError:
            return False
        return True

    def _struct(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = Any  # a type inside itself is looked at no further
            fields = [
                (f"f{index}", self._of(field.type), msgspec.field(default=None, name=field.json))
                for index, field in enumerate(self._table.structs[name].fields)
                if field.json
            ]
            self._made[name] = msgspec.defstruct(
                f"Known{name}", fields, gc=False, forbid_unknown_fields=self._is_closed
            )
        return self._made[name]

    def _of(self, kind: str) -> Any:
        bare = self._bare(kind)
        return bare if bare is Any else bare | None

    def _bare(self, kind: str) -> Any:
        if kind.startswith("*"):
            return self._bare(kind[1:])
        if kind.startswith("[]"):
            item = kind[2:]
            return list[self._bare(item) if item in self._table.structs else self._of(item)]
        if kind.startswith("map:"):
            return dict[Any, self._of(kind[4:])]
        if kind == "Quantity":
            return _Quantity
        if kind in self._table.structs:
            return self._struct(kind)
        return _SCALARS.get(kind, Any)


def _hook(kind: type, value: Any) -> _Quantity:
    if kind is _Quantity and isinstance(value, str | int | float) and canonical(str(value).strip()) is not None:
        return _Quantity()
    raise ValueError("a quantity was expected")
