"""The difference that injection made, as a JSON patch (RFC 6902).

An injected document shares every part that injection left alone with the document that came in, so the patch is found
by following what is *not* the same object: its cost is that of what was injected, not of the pod. Items of lists are
told apart by their name; a user's container is touched field by field or not at all.
"""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any, Literal, cast

from pillion.inject.schema.types import Json
from pillion.value import Path

Operation = Json
"""`{"op": "add" | "remove" | "replace", "path": "/spec/containers/1", "value": ...}`."""


class PatchError(Exception):
    """An operation does not fit the document."""


def difference(before: Any, after: Any) -> list[Operation]:
    """Return the operations that turn `before` into `after`."""
    operations: list[Operation] = []
    _compare(before, after, (), operations)
    return operations


def pointer(path: Path) -> str:
    """Write a path as a JSON pointer."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in path)


def _operation(kind: Literal["add", "remove", "replace"], path: Path, value: Any = None) -> Operation:
    operation: Operation = {"op": kind, "path": pointer(path)}
    return operation if kind == "remove" else operation | {"value": value}


def _compare(before: Any, after: Any, path: Path, found: list[Operation]) -> None:
    if before is after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        _compare_maps(cast(Json, before), cast(Json, after), path, found)
    elif is_named(before) and is_named(after):
        _compare_lists(cast(list[Json], before), cast(list[Json], after), path, found)
    elif differs(before, after):
        found.append(_operation("replace", path, after))


def differs(before: Any, after: Any) -> bool:
    """Return whether two values differ, `1` and `true` included."""
    return bool(before != after) or type(before) is not type(after)


def _compare_maps(before: Json, after: Json, path: Path, found: list[Operation]) -> None:
    found.extend(_operation("remove", (*path, key)) for key in before if key not in after)
    for key, value in after.items():
        if key in before:
            _compare(before[key], value, (*path, key), found)
        else:
            found.append(_operation("add", (*path, key), value))


def is_named(value: Any) -> bool:
    """Return whether a value is a list of maps, each with a name of its own."""
    if not isinstance(value, list):
        return False
    items = cast(list[Any], value)
    names = [cast(Json, item).get("name") if isinstance(item, dict) else None for item in items]
    return all(isinstance(name, str) for name in names) and len(set(names)) == len(names)


def _compare_lists(before: list[Json], after: list[Json], path: Path, found: list[Operation]) -> None:
    places = {item["name"]: index for index, item in enumerate(before)}
    stay = _longest_increasing([places[item["name"]] for item in after if item["name"] in places])
    found.extend(_operation("remove", (*path, index)) for index in reversed(range(len(before))) if index not in stay)
    for index, item in enumerate(after):
        place = places.get(item["name"])
        if place in stay:
            _compare(before[place], item, (*path, index), found)
        else:
            found.append(_operation("add", (*path, index), item))


def _longest_increasing(places: Sequence[int]) -> set[int]:
    """Return the most items that can stay where they are, so that as few as possible are moved."""
    ends: list[int] = []
    ends_at: list[int] = []
    before: list[int] = []
    for index, place in enumerate(places):
        length = bisect_left(ends, place)
        ends[length:] = [place]
        ends_at[length:] = [index]
        before.append(ends_at[length - 1] if length else -1)
    stay: set[int] = set()
    index = ends_at[-1] if ends_at else -1
    while index >= 0:
        stay.add(places[index])
        index = before[index]
    return stay


def apply(document: Any, operations: Sequence[Operation]) -> Any:
    """Return the document with a patch applied, as an API server does; raises `PatchError`."""
    for operation in operations:
        steps = [step.replace("~1", "/").replace("~0", "~") for step in str(operation["path"]).split("/")[1:]]
        document = _applied(document, steps, operation)
    return document


def _applied(document: Any, steps: list[str], operation: Operation) -> Any:
    if not steps:
        return operation.get("value")
    step, rest = steps[0], steps[1:]
    if isinstance(document, dict):
        return _applied_in_map(cast(Json, document), step, rest, operation)
    if isinstance(document, list):
        return _applied_in_list(cast(list[Any], document), step, rest, operation)
    msg = f"{operation['path']}: there is no map or list to change"
    raise PatchError(msg)


def _applied_in_map(document: Json, step: str, rest: list[str], operation: Operation) -> Json:
    if step not in document and (rest or operation["op"] != "add"):
        msg = f"{operation['path']}: no field {step}"
        raise PatchError(msg)
    if rest:
        return document | {step: _applied(document[step], rest, operation)}
    if operation["op"] == "remove":
        return {key: value for key, value in document.items() if key != step}
    return document | {step: operation["value"]}


def _applied_in_list(document: list[Any], step: str, rest: list[str], operation: Operation) -> list[Any]:
    adds = operation["op"] == "add" and not rest
    index = len(document) if step == "-" else int(step) if step.isdigit() else -1
    if not 0 <= index < len(document) + adds:
        msg = f"{operation['path']}: no item {step}"
        raise PatchError(msg)
    if rest:
        return [*document[:index], _applied(document[index], rest, operation), *document[index + 1 :]]
    if operation["op"] == "remove":
        return document[:index] + document[index + 1 :]
    return [*document[:index], operation["value"], *document[index + (not adds) :]]
