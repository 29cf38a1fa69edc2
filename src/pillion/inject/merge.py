"""Kubernetes' strategic merge patch, for pods: lay one document over another by the merge keys of its lists.

Mirrors `strategicpatch.StrategicMergeMapPatch` of `k8s.io/apimachinery` as Istio calls it: a null takes a field
away, a list with a merge key is merged item by item with the patch's items first in the patch's order, other lists
are replaced; `$patch`, `$retainKeys`, `$setElementOrder/*` and `$deleteFromPrimitiveList/*` are honoured. Neither
input is changed; what the patch does not touch is the same object in the result.
"""

from typing import Any, cast

from pillion.inject.schema.types import GoStruct, Json, Table, table

_DIRECTIVE = "$patch"
_RETAIN = "$retainKeys"
_ORDER = "$setElementOrder/"
_DELETE = "$deleteFromPrimitiveList/"


class MergeError(Exception):
    """The patch cannot be merged: its message says which list or directive is at fault."""


def merge_pod(pod: Json, patch: Json) -> Json:
    """Return `pod` with `patch` laid over it; raises `MergeError`."""
    kubernetes = table("kubernetes")
    return _Merge(kubernetes).maps(pod, patch, kubernetes.structs["Pod"])


def is_map(value: object) -> bool:
    """Return whether a value is a map; a template may render anything, whatever the types say."""
    return isinstance(value, dict)


def _element(table: Table, kind: str) -> GoStruct | None:
    """The struct that a value of this type is or holds."""
    return table.structs.get(kind.removeprefix("*").removeprefix("[]").removeprefix("map:").removeprefix("*"))


class _Merge:
    def __init__(self, table: Table) -> None:
        self._table = table

    def maps(self, original: Json, patch: Json, struct: GoStruct | None) -> Json:
        directive = patch.get(_DIRECTIVE)
        if directive is not None:
            return _directed(directive, patch)
        merged = dict(original)
        if _RETAIN in patch:
            merged = {key: value for key, value in merged.items() if key in patch[_RETAIN]}
        for key, value in patch.items():
            if key == _RETAIN or key.startswith(_ORDER):
                continue
            if key.startswith(_DELETE):
                name = key.removeprefix(_DELETE)
                merged[name] = [item for item in merged.get(name, ()) if item not in value]
            elif value is None:
                merged.pop(key, None)
            else:
                self._set(merged, key, value, struct)
        for key, order in patch.items():
            if key.startswith(_ORDER) and isinstance(order, list):
                name = key.removeprefix(_ORDER)
                merged[name] = _ordered(merged.get(name, []), cast(list[Any], order), struct, name)
        return merged

    def _set(self, merged: Json, key: str, value: Any, struct: GoStruct | None) -> None:
        if key in merged:
            merged[key] = self._value(merged[key], value, struct, key)
        elif value != []:
            merged[key] = _taken(value)

    def _value(self, original: Any, value: Any, struct: GoStruct | None, key: str) -> Any:
        field = struct.by_json.get(key) if struct else None
        if isinstance(value, dict) and isinstance(original, dict):
            inner = _element(self._table, field.type) if field else None
            return self.maps(cast(Json, original), cast(Json, value), inner)
        if isinstance(value, list) and isinstance(original, list) and field and field.merges:
            items, kept = cast(list[Any], value), cast(list[Any], original)
            if not field.merge_key:
                return [*kept, *(item for item in items if item not in kept)]
            return self._lists(kept, items, field.merge_key, _element(self._table, field.type))
        return _taken(value)

    def _lists(self, original: list[Json], patch: list[Json], merge_key: str, struct: GoStruct | None) -> list[Json]:
        patch, original = _special(patch, original, merge_key)
        found = {item.get(merge_key): item for item in original if is_map(item)}
        merged: dict[Any, Json] = {}
        for item in patch:
            if merge_key not in item:
                msg = f"an item of a list merged by {merge_key} has no {merge_key}"
                raise MergeError(msg)
            name = item[merge_key]
            before = merged.get(name) or found.get(name)
            merged[name] = _taken(item) if before is None else self.maps(before, item, struct)
        return _interleave(original, merged, merge_key)


def _directed(directive: object, patch: Json) -> Json:
    if directive == "replace":
        return {key: value for key, value in patch.items() if key != _DIRECTIVE}
    if directive == "delete":
        return {}
    msg = f"unknown $patch directive {directive!r}; replace and delete are known"
    raise MergeError(msg)


def _special(patch: list[Json], original: list[Json], merge_key: str) -> tuple[list[Json], list[Json]]:
    """Take the items that are directives out of a patch, and do what they say to the original."""
    plain: list[Json] = []
    for item in patch:
        if not is_map(item):
            msg = f"a list merged by {merge_key} holds {item!r}, which is not a map"
            raise MergeError(msg)
        match item.get(_DIRECTIVE):
            case None:
                plain.append(item)
            case "delete":
                original = [kept for kept in original if kept.get(merge_key) != item.get(merge_key)]
            case "replace":
                original = []
            case directive:
                _directed(directive, item)
    return plain, original


def _interleave(original: list[Json], merged: dict[Any, Json], merge_key: str) -> list[Json]:
    """Order a merged list: the patch's items keep the patch's order; the others stand where they can stay in theirs.

    An item that only the original has goes before the first item of the patch that follows it in the original.
    """
    position = {item.get(merge_key): index for index, item in reversed(list(enumerate(original)))}
    left = [item for item in original if item.get(merge_key) not in merged]
    result: list[Json] = []
    taken = 0
    for name, item in merged.items():
        while taken < len(left) and name in position and position[left[taken].get(merge_key)] < position[name]:
            result.append(left[taken])
            taken += 1
        result.append(item)
    return [*result, *left[taken:]]


def _ordered(items: list[Any], order: list[Any], struct: GoStruct | None, key: str) -> list[Any]:
    """Order a merged list as `$setElementOrder` says; what it does not name goes last."""
    field = struct.by_json.get(key) if struct else None
    merge_key = field.merge_key if field else ""

    def name_of(item: Any) -> Any:
        return cast(Json, item).get(merge_key) if isinstance(item, dict) else item

    names: list[Any] = [name_of(entry) for entry in order]

    def place(item: Any) -> int:
        name = name_of(item)
        return names.index(name) if name in names else len(names)

    return sorted(items, key=place)


def _taken(value: Any) -> Any:
    """A value that the original does not have: the patch's own, without its nulls and directives."""
    if isinstance(value, dict):
        items = cast(Json, value).items()
        return {key: _taken(item) for key, item in items if item is not None and key[:1] != "$"}
    if isinstance(value, list):
        return [_taken(item) for item in cast(list[Any], value) if not _deletes(item)]
    return value


def _deletes(item: Any) -> bool:
    return isinstance(item, dict) and _DIRECTIVE in item and len(cast(Json, item)) <= 2
