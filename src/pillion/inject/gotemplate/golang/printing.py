"""Go's fmt: Sprint, Sprintln, Sprintf and what a template prints of a value."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from pillion.inject.gotemplate.golang import verbs
from pillion.inject.gotemplate.golang.numbers import format_float
from pillion.inject.gotemplate.golang.values import (
    ANY,
    Pointer,
    Slice,
    class_of,
    element_type,
    is_nil,
    kind,
    sorted_keys,
    text_of,
    type_name,
)
from pillion.inject.gotemplate.golang.verbs import PLAIN, Directive
from pillion.inject.gotemplate.limits import Meter

NIL = "<nil>"
NO_VALUE = "<no value>"


def print_value(meter: Meter, value: Any) -> str:
    """Return what a template prints of a value (pointers followed already)."""
    if value is None:
        return NO_VALUE
    return text_for(meter, value)


def text_for(meter: Meter, value: Any) -> str:
    """Return `%v` of a value."""
    shape = class_of(value)
    if shape is str:
        return value
    if shape is int:
        return str(value)
    if shape is bool:
        return "true" if value else "false"
    if shape is float:
        return format_float(value)
    parts = Parts(meter)
    _Printer(parts, PLAIN).argument(value, "v")
    return parts.text()


def sprint(meter: Meter, *values: Any) -> str:
    """Write values with `%v`, with a space between two that are no strings."""
    parts = Parts(meter)
    previous_is_text = True
    for value in values:
        is_text = kind(value) == "string"
        if not is_text and not previous_is_text:
            parts.add(" ")
        parts.add(text_for(meter, value) if value is not None else NIL)
        previous_is_text = is_text
    return parts.text()


def sprintln(meter: Meter, *values: Any) -> str:
    """Write values with `%v`, with spaces between them and a newline."""
    parts = Parts(meter)
    for index, value in enumerate(values):
        parts.add(" " if index else "")
        parts.add(text_for(meter, value) if value is not None else NIL)
    parts.add("\n")
    return parts.text()


class Parts:
    """Text in the making, metered."""

    __slots__ = ("length", "meter", "parts")

    def __init__(self, meter: Meter) -> None:
        self.meter: Meter = meter
        self.parts: list[str] = []
        self.length: int = 0

    def add(self, text: str) -> None:
        """Add some text."""
        self.length += len(text)
        self.meter.text(self.length if self.length > self.meter.limits.output else len(text))
        self.parts.append(text)

    def text(self) -> str:
        """Return all of it."""
        return "".join(self.parts)


class _Printer:
    """Writes one argument under one directive."""

    def __init__(self, parts: Parts, directive: Directive) -> None:
        self.parts: Parts = parts
        self.directive: Directive = directive
        self.erroring: bool = False

    def argument(self, value: Any, verb: str) -> None:
        if value is None and verb in "Tv":
            self.parts.add(self.directive.pad(NIL))
        elif value is None:
            self.bad_verb(value, verb)
        elif verb == "T":
            self.parts.add(verbs.write_string(self.directive, type_name(value), "s") or "")
        elif verb == "p":
            self.pointer(value, verb)
        else:
            self.value(value, verb, 0)

    def bad_verb(self, value: Any, verb: str) -> None:
        self.parts.add(f"%!{verb}(")
        if value is None:
            self.parts.add(NIL)
        else:
            self.erroring = True
            self.parts.add(f"{type_name(value)}=")
            self.value(value, "v", 0)
            self.erroring = False
        self.parts.add(")")

    def value(self, value: Any, verb: str, depth: int) -> None:
        self.parts.meter.step()
        if self.by_method(value, verb):
            return
        shape = kind(value)
        text: str | None
        match shape:
            case "invalid":
                self.nil()
                return
            case "string":
                text = verbs.write_string(self.directive, value, verb)
            case "bool":
                text = verbs.write_bool(self.directive, value, verb)
            case "int" | "uint":
                text = verbs.write_integer(self.directive, int(value), verb, unsigned=shape == "uint")
            case "float":
                text = verbs.write_float(self.directive, value, verb)
            case "complex":
                text = verbs.write_complex(self.directive, value, verb)
            case _:
                self.composite(value, shape, verb, depth)
                return
        if text is None:
            self.bad_verb(value, verb)
        else:
            self.parts.add(text)

    def by_method(self, value: Any, verb: str) -> bool:
        if verb == "w" and not self.erroring and value is not None:
            self.bad_verb(value, verb)
            return True
        if self.erroring or self.directive.sharp_v or verb not in "vsxXq":
            return False
        target = value.target if isinstance(value, Pointer) else value
        method = text_of(target)
        if method is None:
            return False
        self.parts.add(verbs.write_string(self.directive, method(), verb) or "")
        return True

    def nil(self) -> None:
        """Write the nil that an element of a collection holds, whatever the verb."""
        self.parts.add(f"{ANY}(nil)" if self.directive.sharp_v else NIL)

    def composite(self, value: Any, shape: str, verb: str, depth: int) -> None:
        if shape == "map":
            self.map(value, verb, depth)
        elif shape == "slice":
            self.slice(value, verb, depth)
        elif shape == "struct":
            self.struct(value, verb, depth)
        elif shape == "ptr" and value.target is not None and depth == 0:
            self.parts.add("&")
            self.value(value.target, verb, depth + 1)
        else:
            self.pointer(value, verb)

    def open(self, value: Any, usual: str) -> str:
        """Begin a collection; return its separator."""
        if self.directive.sharp_v:
            self.parts.add(type_name(value) + "{")
            return ", "
        self.parts.add(usual)
        return " "

    def nil_collection(self, value: Any) -> bool:
        if self.directive.sharp_v and is_nil(value):
            self.parts.add(f"{type_name(value)}(nil)")
            return True
        return False

    def map(self, value: Mapping[Any, Any], verb: str, depth: int) -> None:
        if self.nil_collection(value):
            return
        separator = self.open(value, "map[")
        for index, key in enumerate(sorted_keys(value)):
            self.parts.add(separator if index else "")
            self.value(key, verb, depth + 1)
            self.parts.add(":")
            self.value(value[key], verb, depth + 1)
        self.parts.add("}" if self.directive.sharp_v else "]")

    def slice(self, value: Sequence[Any], verb: str, depth: int) -> None:
        if element_type(value) == "uint8" and (not isinstance(value, Slice) or verb in "sqxX"):
            text = verbs.write_bytes(self.directive, bytes(value), verb)
            if text is not None:
                self.parts.add(text)
                return
        if self.nil_collection(value):
            return
        separator = self.open(value, "[")
        for index, element in enumerate(value):
            self.parts.add(separator if index else "")
            self.value(element, verb, depth + 1)
        self.parts.add("}" if self.directive.sharp_v else "]")

    def struct(self, value: Any, verb: str, depth: int) -> None:
        separator = self.open(value, "{")
        named = self.directive.sharp_v or self.directive.plus_v
        for index, name in enumerate(struct_fields(value)):
            self.parts.add(separator if index else "")
            self.parts.add(f"{name}:" if named else "")
            self.value(getattr(value, name), verb, depth + 1)
        self.parts.add("}")

    def pointer(self, value: Any, verb: str) -> None:
        if kind(value) not in {"func", "map", "ptr", "slice"}:
            self.bad_verb(value, verb)
            return
        # Go prints an address here. Ours would differ from run to run: a pure engine prints a fixed one.
        address = 0 if is_nil(value) else 0xC000000000
        if verb == "v" and self.directive.sharp_v:
            self.parts.add(f"({type_name(value)})({'nil' if not address else hex(address)})")
        elif verb == "v" and not address:
            self.parts.add(self.directive.pad(NIL))
        elif verb in "vp":
            directive = msgspec.structs.replace(self.directive, sharp=not self.directive.sharp)
            self.parts.add(verbs.write_integer(directive, address, "x", unsigned=True) or "")
        else:
            text = verbs.write_integer(self.directive, address, verb, unsigned=True) if verb in "bodxX" else None
            self.parts.add(text or f"%!{verb}({type_name(value)}={hex(address)})")


def struct_fields(value: Any) -> tuple[str, ...]:
    """Return the names of the fields of a struct, in order."""
    owner = class_of(value)
    declared: tuple[str, ...] | None = getattr(owner, "__struct_fields__", None)
    if declared is not None:
        return declared
    return tuple(field.name for field in dataclasses.fields(value)) if dataclasses.is_dataclass(value) else ()


def print_argument(parts: Parts, directive: Directive, value: Any, verb: str) -> None:
    """Write one argument of Sprintf."""
    _Printer(parts, directive).argument(value, verb)
