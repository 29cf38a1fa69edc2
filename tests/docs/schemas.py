"""The JSON that `docs/cli.md` promises, and whether a value is of it.

A `schema NAME` block lists fields, one a line, `name: type`; a field without type has its own fields below, indented.
Types: `text`, `number`, `bool`, `any`, `step` (text or number), `[T]`, `{NAME: T}`, `T?` (may be null), or another
block's name. A value has all fields of its block and no other.
"""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parents[2] / "docs" / "cli.md"
BLOCK = re.compile(r"^```schema ([\w-]+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
Fields = dict[str, Any]
SIMPLE: dict[str, tuple[type, ...]] = {"text": (str,), "number": (int, float), "bool": (bool,), "step": (str, int)}


@cache
def schemas() -> dict[str, Fields]:
    return {name: _fields(text.splitlines()) for name, text in BLOCK.findall(PAGE.read_text())}


def _fields(lines: list[str]) -> Fields:
    found: Fields = {}
    last = ""
    for line in lines:
        name, _, kind = line.strip().partition(":")
        if line.startswith(" "):
            found[last][name] = kind.strip()
        else:
            last = name
            found[name] = kind.strip() or {}
    return found


def problems(value: Any, kind: str | Fields, path: str = "") -> Iterator[str]:
    """Say where a value is not what its schema says."""
    if isinstance(kind, dict):
        yield from _of_object(value, kind, path)
    elif kind.endswith("?"):
        if value is not None:
            yield from problems(value, kind[:-1], path)
    elif kind[0] in "[{":
        yield from _of_many(value, kind, path)
    elif kind in SIMPLE:
        right = isinstance(value, SIMPLE[kind]) and (kind == "bool" or not isinstance(value, bool))
        if not right:
            yield f"{path} is {value!r}, expected {kind}"
    elif kind != "any":
        yield from problems(value, schemas()[kind], path)


def _of_many(value: Any, kind: str, path: str) -> Iterator[str]:
    inner = kind[1:-1]
    if kind[0] == "{" and isinstance(value, dict):
        yield from _of_object(value, dict.fromkeys(value, inner.partition(":")[2].strip()), path)
    elif kind[0] == "[" and isinstance(value, list):
        for index, each in enumerate(value):
            yield from problems(each, inner, f"{path}[{index}]")
    else:
        yield f"{path} is no {'list' if kind[0] == '[' else 'object'}"


def _of_object(value: Any, fields: Fields, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is no object"
        return
    for name in sorted(value.keys() ^ fields.keys()):
        yield f"{path}.{name} is {'missing' if name in fields else 'not documented'}"
    for name in value.keys() & fields.keys():
        yield from problems(value[name], fields[name], f"{path}.{name}")
