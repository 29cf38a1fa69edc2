"""How a resource's type reads a document: one compiled reader a type, which goes on after a mistake.

A reader takes a JSON-like value, its path and the list of findings; it returns the typed value, or a stand-in when it
found an error. So one pass tells the user everything that is wrong.
"""

import sys
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Annotated, Any, Literal, TypeAlias, cast, get_args, get_origin, get_type_hints

import msgspec

from pillion.resources.duration import Duration, parse_duration
from pillion.resources.frozen import NOT_EMPTY, freeze
from pillion.resources.meta import Metadata
from pillion.resources.number import PortNumber
from pillion.resources.suggest import nearest
from pillion.value import Diagnostic, FrozenMap, Path, Severity, Where

Manner = Literal["strict", "tolerant", "proto"]
"""What an unknown field means: a finding (Istio's resources), nothing (Kubernetes'), or a finding unless it is the
field's protobuf name (MeshConfig, which Istio reads from a file itself)."""
Findings: TypeAlias = list[Diagnostic]
Reader: TypeAlias = Callable[[Any, Path, Findings], Any]

_GAPS = {"INHERIT": 1000, "ALLOW_ANY_DYNAMIC_DNS": 3}
"""Enum values whose number is not their place."""
_INT64 = (-(2**63), 2**63 - 1)
DEEPEST = 100
"""Levels of a value whose form is not ours; Envoy reads fewer."""


def find(  # the parts of a Diagnostic
    findings: Findings, code: str, path: Path, message: str, hint: str = "", severity: Severity = "error"
) -> None:
    """Note something about the field at `path`."""
    where = Where(path=path)
    findings.append(Diagnostic(code=code, severity=severity, message=message, where=where, hint=hint))


@cache
def reader_of(annotation: Any, manner: Manner) -> Reader:
    """Return the reader of a type: a struct, a scalar, an enum (`Literal`), a tuple, a `FrozenMap`, or JSON."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _reader_of_annotated(arguments, manner)
    if origin is Literal:
        return partial(_read_enum, arguments)
    if origin is tuple:
        return partial(_read_list, reader_of(arguments[0], manner))
    if origin is FrozenMap:
        return partial(_read_map, reader_of(arguments[0], manner))
    if origin is types.UnionType or len(arguments) > 1:
        return _reader_of_union(arguments, manner)
    if annotation in _SCALARS:
        return _SCALARS[annotation]
    return _reader_of_struct(annotation, "tolerant" if annotation is Metadata else manner)


def kind_of(value: Any) -> str:
    """Name the JSON type of a value, and the value where that is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return f"the boolean {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) < 40 else "a text"
    return "a map" if isinstance(value, Mapping) else "a list"


def _reader_of_annotated(arguments: tuple[Any, ...], manner: Manner) -> Reader:
    if arguments[1] == "timestamp":
        return _read_timestamp
    if arguments[1] == NOT_EMPTY:
        return partial(_read_not_empty, reader_of(arguments[0], manner))
    meta = cast(msgspec.Meta, arguments[1])
    return partial(_read_int, (int(meta.ge or 0), int(meta.le or 0)))


def _reader_of_union(arguments: tuple[Any, ...], manner: Manner) -> Reader:
    members = [argument for argument in arguments if argument is not type(None)]
    if len(members) == 1:
        return reader_of(members[0], manner)
    return _read_port_or_name if set(members) == {PortNumber, str} else _read_json


def _reader_of_struct(cls: type[msgspec.Struct], manner: Manner) -> Reader:
    hints = get_type_hints(cls, include_extras=True)
    names = {name: (name, hints[name]) for name in cls.__struct_fields__}
    fields = dict(zip(cls.__struct_encode_fields__, names.values(), strict=True))
    aliases = names if manner == "proto" else {name: names[name] for name in getattr(cls, "ALIASES", ())}
    fields = aliases | fields
    oneofs = cast("tuple[tuple[str, ...], ...]", getattr(cls, "ONEOFS", ()))
    spelt = dict(zip(cls.__struct_fields__, cls.__struct_encode_fields__, strict=True))
    groups = tuple(tuple(spelt[name] for name in group) for group in oneofs)
    # Types that contain themselves do not occur, so all readers can be made at once.
    readers = {key: (name, reader_of(hint, manner)) for key, (name, hint) in fields.items()}
    return partial(_read_struct, cls, readers, groups, manner != "tolerant")


def _read_struct(  # noqa: PLR0913, PLR0917  # the first four are bound when the reader is made
    cls: type[msgspec.Struct],
    readers: Mapping[str, tuple[str, Reader]],
    oneofs: tuple[tuple[str, ...], ...],
    closed: bool,
    value: Any,
    path: Path,
    findings: Findings,
) -> Any:
    if value is None:
        return cls()
    if not isinstance(value, Mapping):
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected a map")
        return cls()
    document = cast(Mapping[Any, Any], value)
    fields: dict[str, Any] = {}
    for key, item in document.items():
        known = readers.get(key)
        if known is None:
            if closed:
                _unknown(str(key), readers, path, findings)
        elif item is not None:
            fields[known[0]] = known[1](item, (*path, key), findings)
    for group in oneofs:
        chosen = [name for name in group if document.get(name) is not None]
        if len(chosen) > 1:
            find(findings, "oneof-conflict", (*path, chosen[1]), f"only one of {', '.join(chosen)} may be set")
    return cls(**fields)


def _unknown(key: str, known: Mapping[str, object], path: Path, findings: Findings) -> None:
    meant = nearest(key, known)
    if meant is not None:
        find(findings, "unknown-field", (*path, key), f"unknown field {key}", f"did you mean {meant}?")
        return
    hint = f"known here: {', '.join(sorted(known))}" if 0 < len(known) <= 16 else ""
    find(findings, "unknown-field", (*path, key), f"unknown field {key} is ignored", hint, "warning")


def _read_list(item: Reader, value: Any, path: Path, findings: Findings) -> Any:
    if not isinstance(value, list | tuple):
        hint = "put it into a list: a - in front of it" if isinstance(value, Mapping | str) else ""
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected a list", hint)
        return ()
    items = cast("list[Any]", value)
    return tuple(item(entry, (*path, index), findings) for index, entry in enumerate(items))


def _read_map(item: Reader, value: Any, path: Path, findings: Findings) -> Any:
    if not isinstance(value, Mapping):
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected a map")
        return FrozenMap[Any]()
    pairs = cast(Mapping[Any, Any], value)
    return FrozenMap(
        {
            str(key): item(entry, (*path, str(key)), findings)
            for key, entry in pairs.items()
            if _is_unicode(str(key), path, findings)
        }
    )


def _is_unicode(text: str, path: Path, findings: Findings) -> bool:
    """Refuse half a surrogate pair: JSON can spell one, but no text that goes on a wire can hold it."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        find(findings, "wrong-type", path, "is no Unicode text: it holds half a surrogate pair")
        return False
    return True


def _read_not_empty(inner: Reader, value: Any, path: Path, findings: Findings) -> Any:
    if value == {}:
        find(findings, "required", path, "is empty, expected at least one entry", "leave it out")
    return inner(value, path, findings)


def _read_enum(choices: tuple[str, ...], value: Any, path: Path, findings: Findings) -> Any:
    if value in choices and isinstance(value, str):
        return value
    if value is None:
        return choices[0]
    if isinstance(value, int) and not isinstance(value, bool):
        numbers = {_GAPS.get(choice, index): choice for index, choice in enumerate(choices)}
        if value in numbers:
            return numbers[value]
    shown = [choice for choice in choices if choice]
    meant = nearest(value, shown) if isinstance(value, str) else None
    hint = f"did you mean {meant}?" if meant else ""
    find(findings, "unknown-value", path, f"is {kind_of(value)}, expected one of {', '.join(shown)}", hint)
    return choices[0]


def _read_text(value: Any, path: Path, findings: Findings) -> Any:
    if isinstance(value, str):
        return value if _is_unicode(value, path, findings) else ""
    if value is not None:
        hint = "" if isinstance(value, Mapping | list) else f'put it in quotes: "{_spelt(value)}"'
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected a text", hint)
    return ""


def _spelt(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _read_bool(value: Any, path: Path, findings: Findings) -> Any:
    if isinstance(value, bool):
        return value
    if value is not None:
        hint = f"write {value.lower()} without quotes" if str(value).lower() in {"true", "false"} else ""
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected true or false", hint)
    return False


def _read_int(bounds: tuple[int, int], value: Any, path: Path, findings: Findings) -> Any:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        if value is not None:
            hint = f"write {value} without quotes" if isinstance(value, str) and value.isdecimal() else ""
            find(findings, "wrong-type", path, f"is {kind_of(value)}, expected a whole number", hint)
        return 0
    if not bounds[0] <= value <= bounds[1]:
        find(findings, "out-of-range", path, f"is {value}, expected a number from {bounds[0]} to {bounds[1]}")
        return 0
    return value


def _read_float(value: Any, path: Path, findings: Findings) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) <= sys.float_info.max:
            return float(value)
        find(findings, "out-of-range", path, "is no number that can be counted with")
    elif value is not None:
        find(findings, "wrong-type", path, f"is {kind_of(value)}, expected a number")
    return 0.0


def _read_port_or_name(value: Any, path: Path, findings: Findings) -> Any:
    if isinstance(value, str):
        return _read_text(value, path, findings)
    return _read_int((0, 2**16 - 1), value, path, findings)


def _read_duration(value: Any, path: Path, findings: Findings) -> Any:
    duration = parse_duration(value) if isinstance(value, str) else None
    if duration is None and value is not None:
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        hint = f'write "{value}s" for seconds' if is_number else ""
        find(
            findings, "bad-duration", path, f"is {kind_of(value)}, expected a duration such as 1.5s, 100ms or 1h", hint
        )
    return duration or Duration()


def _read_timestamp(value: Any, path: Path, findings: Findings) -> Any:
    try:
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (TypeError, ValueError, OverflowError):
        find(findings, "bad-timestamp", path, f"is {kind_of(value)}, expected a time such as 2026-01-31T12:00:00Z")
        return ""


def _read_json(value: Any, path: Path, findings: Findings) -> Any:
    if _depth(value) > DEEPEST:
        find(findings, "out-of-range", path, f"nests too deeply, expected at most {DEEPEST} levels")
        return None
    return freeze(value) if all(_is_unicode(text, path, findings) for text in _texts(value)) else None


def _depth(value: Any) -> int:
    """Count the levels of maps and lists of a JSON value, however deep."""
    depth, level = 0, _inside(value)
    while level is not None:
        depth += 1
        below = [inner for each in level if (inner := _inside(each)) is not None]
        level = [each for inner in below for each in inner] if below else None
    return depth


def _inside(value: Any) -> Iterable[Any] | None:
    if isinstance(value, Mapping):
        return cast(Mapping[Any, Any], value).values()
    return cast("list[Any]", value) if isinstance(value, list | tuple) else None


def _texts(value: Any) -> Iterator[str]:
    """Give the keys and the texts of a JSON value, however deep."""
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, str):
            yield each
        elif isinstance(each, Mapping):
            for key, inner in cast(Mapping[Any, Any], each).items():
                waiting += (str(key), inner)
        elif isinstance(each, list | tuple):
            waiting += cast("list[Any]", each)


_SCALARS: dict[Any, Reader] = {
    str: _read_text,
    bool: _read_bool,
    int: partial(_read_int, _INT64),
    float: _read_float,
    Duration: _read_duration,
}
