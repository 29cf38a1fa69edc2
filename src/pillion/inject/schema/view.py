"""A document as the Go value that a template sees: `.Spec.Containers`, `.ProxyConfig.InterceptionMode.String`.

A view reads its document when it is asked and changes nothing. What a document leaves out has Go's zero value: an empty
string, a nil map, a nil pointer. Protobuf messages have their getters, which work on nil too. `plain` goes back from a
view to JSON, with the fields in the order in which Go's encoder would write them.
"""

from collections.abc import Callable
from inspect import Parameter, Signature
from types import MethodType
from typing import Any, cast, final

from pillion.inject.gotemplate.golang.values import Int32, Pointer, Slice, StringMap
from pillion.inject.schema.encode import encoded
from pillion.inject.schema.message import WRAPPERS, without_zeros
from pillion.inject.schema.types import Field, GoStruct, Json, Table
from pillion.resources.duration import parse_duration

_ZERO: dict[str, Any] = {
    "string": "",
    "int": 0,
    "bool": False,
    "float": 0.0,
    "Time": "",
    "bytes": "",
    "IntOrString": 0,
    "Quantity": "0",
}
_GETTER = Signature([Parameter("self", Parameter.POSITIONAL_ONLY)])


class StructView:
    """A Kubernetes struct."""

    def __init__(self, table: Table, struct: GoStruct, document: Json) -> None:
        self._table = table
        self._struct = struct
        self._document = document

    _whole: bool = False

    @property
    def go_type(self) -> str:
        """Its Go type."""
        return f"v1.{self._struct.name}"

    def __getattr__(self, name: str) -> Any:
        field = None if name.startswith("_") else self._struct.by_go.get(name)
        if field is None:
            raise AttributeError(name)
        value = self if field.inline else _struct_value(self._table, self._document.get(field.json), field.type)
        self.__dict__[name] = value
        return value

    def was_read(self, name: str) -> bool:
        """Return whether anybody has read this field, or the whole."""
        return name in self.__dict__ or "_whole" in self.__dict__

    def String(self) -> str:  # noqa: N802  # templates call Go's methods by Go's names
        """The struct as JSON."""
        return str(self.json())

    def json(self) -> Json:
        """The struct as Go's encoder writes it."""
        self._whole = True
        return encoded(self._table, self._document, self._struct)


def _struct_value(table: Table, value: Any, kind: str) -> Any:
    if kind.startswith("*"):
        target = None if value is None else _struct_value(table, value, kind[1:])
        return Pointer(target, _go_name(table, kind[1:]))
    if kind.startswith("[]"):
        items = cast(list[Any], value) if isinstance(value, list) else []
        views = [_struct_value(table, item, kind[2:]) for item in items]
        return Slice(_go_name(table, kind[2:]), views, nil=value is None)
    if kind == "map:string":
        found = cast(Json, value) if isinstance(value, dict) else None
        return StringMap(found, nil=found is None)
    if kind.startswith("map:"):
        found = cast(Json, value) if isinstance(value, dict) else {}
        return {key: _struct_value(table, item, kind[4:]) for key, item in found.items()}
    if kind in table.structs:
        return StructView(table, table.structs[kind], cast(Json, value) if isinstance(value, dict) else {})
    return _ZERO.get(kind) if value is None else value


def _go_name(table: Table, kind: str) -> str:
    names = {"int": "int64", "float": "float64"}
    return f"v1.{kind}" if kind in table.structs else names.get(kind, kind)


def pod_views(table: Table, pod: Json) -> tuple[StructView, StructView]:
    """Return the views of a pod's metadata and of its spec."""
    metadata: Json = pod.get("metadata") or {}
    spec: Json = pod.get("spec") or {}
    return StructView(table, table.structs["ObjectMeta"], metadata), StructView(table, table.structs["PodSpec"], spec)


@final
class GoEnum(Int32):
    """A protobuf enum: a number to Go, a name to people."""

    name: str = ""

    @classmethod
    def of(cls, number: int, name: str) -> "GoEnum":
        """Make the value `name`."""
        value = cls(number)
        value.name = name
        return value

    def String(self) -> str:  # noqa: N802  # templates call Go's methods by Go's names
        """Its name."""
        return self.name


@final
class GoDuration:
    """A protobuf duration."""

    go_type = "*durationpb.Duration"

    def __init__(self, text: str) -> None:
        self.text: str = text

    @property
    def nanoseconds(self) -> int:
        """Its length."""
        duration = parse_duration(self.text)
        return duration.nanoseconds if duration else 0

    def String(self) -> str:  # noqa: N802
        """As protobuf's text format has it."""
        whole, rest = divmod(self.nanoseconds, 10**9)
        return f"seconds:{whole}" + (f" nanos:{rest}" if rest else "")


class MessageView:
    """A protobuf message: fields by their Go names, getters by `GetX`, choices of a `oneof` by their getters."""

    def __init__(self, table: Table, struct: GoStruct, document: Json) -> None:
        self._table = table
        self._struct = struct
        self._document = document

    @property
    def go_type(self) -> str:
        """Its Go type, a pointer."""
        return f"*v1alpha1.{self._struct.name}"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        field = self._struct.by_go.get(name)
        if field is not None and not field.oneof:
            value = self.__dict__[name] = self._read(field)
            return value
        return _getter(self, self._struct, name, self._read)

    @property
    def document(self) -> Json:
        """The message in canonical JSON, zeros included; nobody may change it."""
        return self._document

    def _read(self, field: Field) -> Any:
        return _message_value(self._table, self._document.get(field.json), field.type)

    def String(self) -> str:  # noqa: N802
        """The message as JSON."""
        return str(self.json())

    def json(self) -> Json:
        """The message in protobuf's JSON."""
        return without_zeros(self._table, self._document, self._struct.name)


@final
class NilMessage(tuple[()]):  # noqa: SLOT001  # it has two fields beside its no elements
    """A nil pointer to a message: false, and its getters give zero values.

    A tuple, for an empty one is what the template engine takes for false.
    """

    _table: Table | None = None
    _struct: GoStruct | None = None

    @classmethod
    def of(cls, table: Table, struct: GoStruct) -> "NilMessage":
        """Make the nil pointer to a message of this type."""
        value = cls()
        value._table, value._struct = table, struct
        return value

    @property
    def go_type(self) -> str:
        """Its Go type, a pointer."""
        return f"*v1alpha1.{self._struct.name if self._struct else ''}"

    def __getattr__(self, name: str) -> Any:
        table, struct = self._table, self._struct
        if name.startswith("_") or table is None or struct is None:
            raise AttributeError(name)
        return _getter(self, struct, name, lambda field: _message_value(table, None, field.type))

    def String(self) -> str:  # noqa: N802
        """As Go prints it."""
        return "<nil>"


def _getter(owner: object, struct: GoStruct, name: str, read: Callable[[Field], Any]) -> Any:
    field = struct.by_go.get(name.removeprefix("Get")) if name.startswith("Get") else None
    if field is None:
        raise AttributeError(name)

    def get(_self: object) -> Any:
        return read(field)

    get.__signature__ = _GETTER  # found at once where engines look for it
    return MethodType(get, owner)


def _message_value(table: Table, value: Any, kind: str) -> Any:
    if kind.startswith("[]"):
        return Slice(kind[2:], [_message_value(table, item, kind[2:]) for item in value or ()], nil=value is None)
    if kind == "map:string":
        return StringMap(value, nil=value is None)
    if kind.startswith("map:"):
        return {key: _message_value(table, item, kind[4:]) for key, item in cast(Json, value or {}).items()}
    if kind.startswith("enum:"):
        return _enum(table, value, kind[5:])
    if kind == "*Duration":
        return Pointer(None, "durationpb.Duration") if value is None else GoDuration(str(value))
    if kind.startswith("*"):
        struct = table.structs[kind[1:]]
        if value is None:
            return NilMessage.of(table, struct)
        document = {"value": value} if kind[1:] in WRAPPERS else cast(Json, value)
        return MessageView(table, struct, document)
    return _ZERO.get(kind) if value is None else value


def _enum(table: Table, value: Any, name: str) -> GoEnum:
    enum = table.enums[name]
    if value is None:
        value = next((key for key, number in enum.items() if number == 0), "")
    return GoEnum.of(enum.get(str(value), 0), str(value))


def message_view(table: Table, document: Json, name: str) -> MessageView:
    """Return the view of a message in canonical JSON."""
    return MessageView(table, table.structs[name], document)


def plain(value: Any) -> Any:
    """Return the JSON of a template's value, views included."""
    match value:
        case StructView() | MessageView():
            return value.json()
        case NilMessage():
            return None
        case Pointer():
            return plain(value.target)
        case GoEnum():
            return value.name
        case GoDuration():
            return value.text
        case dict():
            return {key: plain(item) for key, item in cast(Json, value).items()}
        case list() | tuple():
            return [plain(item) for item in cast(list[Any], value)]
        case _:
            return value
