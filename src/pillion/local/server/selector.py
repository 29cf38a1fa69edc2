"""Label selectors as kubectl takes them: `a=b`, `a==b`, `a!=b`, `a`, `!a`, `a in (x,y)`, `a notin (x,y)`, by commas."""

import re
from typing import Literal, NamedTuple

from pillion.value import Labels

Operator = Literal["in", "notin", "exists", "missing"]
_COMMA = re.compile(r",(?![^(]*\))")
_WORD = r"[A-Za-z0-9](?:[-_.A-Za-z0-9]*[A-Za-z0-9])?"
_KEY = rf"(?:[a-z0-9](?:[-.a-z0-9]*[a-z0-9])?/)?{_WORD}"
_EXISTS = re.compile(rf"(?P<not>!)?\s*(?P<key>{_KEY})")
_EQUALS = re.compile(rf"(?P<key>{_KEY})\s*(?P<operator>==|=|!=)\s*(?P<value>(?:{_WORD})?)")
_IN = re.compile(rf"(?P<key>{_KEY})\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_VALUE = re.compile(rf"(?:{_WORD})?")


class SelectorError(ValueError):
    """A text is no selector; the message says which part."""


class Requirement(NamedTuple):
    """What is asked of one label."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()


Selector = tuple[Requirement, ...]


def parse(text: str) -> Selector:
    """Read a selector; an empty one selects everything. Raises `SelectorError`."""
    return tuple(_requirement(part.strip()) for part in _COMMA.split(text)) if text.strip() else ()


def selects(selector: Selector, labels: Labels) -> bool:
    """Return whether labels fulfil every requirement; `!=` and `notin` hold for a label that is not there too."""
    return all(_holds(each, labels.get(each.key)) for each in selector)


def _holds(requirement: Requirement, value: str | None) -> bool:
    match requirement.operator:
        case "in":
            return value in requirement.values
        case "notin":
            return value not in requirement.values
        case "exists":
            return value is not None
        case "missing":
            return value is None


def _requirement(part: str) -> Requirement:
    if found := _EXISTS.fullmatch(part):
        return Requirement(found["key"], "missing" if found["not"] else "exists")
    if found := _EQUALS.fullmatch(part):
        return Requirement(found["key"], "notin" if found["operator"] == "!=" else "in", (found["value"],))
    if found := _IN.fullmatch(part):
        values = tuple(value.strip() for value in found["values"].split(","))
        if all(map(_VALUE.fullmatch, values)):
            return Requirement(found["key"], "in" if found["operator"] == "in" else "notin", values)
    raise SelectorError(f"{part!r} is no label selector, expected KEY=VALUE, KEY!=VALUE, KEY, !KEY or KEY in (A,B)")
