"""A rendered template's document in the form that Go's decoder would give it.

Istio decodes what a template renders into `corev1.Pod`: a field of the wrong type is an error, quantities become
canonical, and a field that says nothing (an empty string, `false`, 0 where Go omits them) is as if it were not there.
Here such a field becomes `None`, which the merge reads as "take it away". What the tables do not know is kept as it
is.
"""

from collections.abc import Callable
from typing import Any, cast

from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import Field, GoStruct, Json, Table
from pillion.resources.schema import kind_of
from pillion.value import Path

Problem = tuple[Path, str]
"""Where, and what was expected there."""

_ZERO: dict[str, Any] = {"string": "", "int": 0, "bool": False, "float": 0}


def _is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


_CHECKS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "string": (lambda value: isinstance(value, str), "a string"),
    "int": (_is_integer, "an integer"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "float": (lambda value: isinstance(value, float) or _is_integer(value), "a number"),
    "IntOrString": (lambda value: isinstance(value, str) or _is_integer(value), "an integer or a string"),
    "Time": (lambda value: isinstance(value, str), "a time"),
    "bytes": (lambda value: isinstance(value, str), "base64 text"),
}


class Decoder:
    """Decodes one document; collects what is wrong with it."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.problems: list[Problem] = []

    def struct(self, document: Json, struct: GoStruct, path: Path = ()) -> Json:
        """Return the document with every known field decoded."""
        return {key: self._field(value, struct.by_json.get(key), (*path, key)) for key, value in document.items()}

    def _field(self, value: Any, field: Field | None, path: Path) -> Any:
        if field is None or value is None:
            return value
        decoded = self._value(value, field.type, path)
        if field.omitempty and field.type in _ZERO and decoded == _ZERO[field.type]:
            return None
        return decoded

    def _value(self, value: Any, kind: str, path: Path) -> Any:
        if value is None:
            return None
        if kind.startswith("*"):
            return self._value(value, kind[1:], path)
        if kind.startswith("[]"):
            return self._list(value, kind[2:], path)
        if kind.startswith("map:"):
            return self._map(value, kind[4:], path)
        if kind == "Quantity":
            return self._quantity(value, path)
        if kind in _CHECKS:
            check, expected = _CHECKS[kind]
            return value if check(value) else self._wrong(path, expected, value)
        struct = self._table.structs.get(kind)
        if struct is None:
            return value
        if not isinstance(value, dict):
            return self._wrong(path, "a map", value)
        return self.struct(cast(Json, value), struct, path)

    def _list(self, value: Any, kind: str, path: Path) -> Any:
        if not isinstance(value, list):
            return self._wrong(path, "a list", value)
        return [self._item(item, kind, (*path, index)) for index, item in enumerate(cast(list[Any], value))]

    def _item(self, value: Any, kind: str, path: Path) -> Any:
        if value is None and kind in self._table.structs:
            return self._wrong(path, "a map", value)
        return self._value(value, kind, path)

    def _map(self, value: Any, kind: str, path: Path) -> Any:
        if not isinstance(value, dict):
            return self._wrong(path, "a map", value)
        return {key: self._value(item, kind, (*path, key)) for key, item in cast(Json, value).items()}

    def _quantity(self, value: Any, path: Path) -> Any:
        text = canonical(str(value).strip()) if isinstance(value, str | int | float) else None
        return text if text is not None else self._wrong(path, "a quantity such as 100m or 128Mi", value)

    def _wrong(self, path: Path, expected: str, value: Any) -> Any:
        self.problems.append((path, f"{expected} was expected, not {kind_of(value)}"))
        return value
