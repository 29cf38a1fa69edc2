"""The way back from an injected pod: what to take away, what to set again, told by names instead of places.

Our own settings leave it in an annotation of the injected pod, so that `uninject` restores the document exactly, even
after somebody added a container or a label to the injected one. A reversal is JSON: `-` names what goes, `=` what
gets its old value, `~` what is changed inside, `#` the old order of a list of named items.
"""

from typing import Any, cast

from pillion.inject.patch import differs, is_named
from pillion.inject.pod.containers import annotations, with_annotations, with_metadata
from pillion.inject.schema.encode import go_json, read_json
from pillion.inject.schema.types import Json, section

ANNOTATION = "inject.pillion.dev/reversal"


def reversible(original: Json, injected: Json) -> Json:
    """Return the injected pod with the way back to the original in its annotations."""
    way_back = reversal(injected, original)
    return with_annotations(injected, {ANNOTATION: go_json(way_back)})


def restored(pod: Json) -> Json | None:
    """Return the pod as it was before the injection that its annotation remembers; `None` when it remembers none."""
    found = annotations(pod)
    way_back = read_json(found.get(ANNOTATION, ""))
    if not isinstance(way_back, dict):
        return None
    rest = {key: value for key, value in found.items() if key != ANNOTATION}
    return cast(Json, applied(with_metadata(pod, annotations=rest), cast(Json, way_back)))


def reversal(after: Any, before: Any) -> Json:
    """Return what leads from `after` back to `before`, both maps or both lists of named items."""
    if isinstance(after, list):
        return _list_reversal(cast(list[Json], after), cast(list[Json], before))
    return _reversal(cast(Json, after), cast(Json, before))


def _reversal(after: Json, before: Json) -> Json:
    gone = [key for key in after if key not in before]
    old: Json = {}
    inside: Json = {}
    for key, value in before.items():
        if key not in after:
            old[key] = value
        elif after[key] is not value and differs(after[key], value):
            _note(key, after[key], value, old, inside)
    return _without_empty({"-": gone, "=": old, "~": inside})


def _note(key: str, after: Any, before: Any, old: Json, inside: Json) -> None:
    both_maps = isinstance(after, dict) and isinstance(before, dict)
    if both_maps or (is_named(after) and is_named(before) and before):
        inside[key] = reversal(after, before)
    else:
        old[key] = before


def _list_reversal(after: list[Json], before: list[Json]) -> Json:
    change = _reversal({item["name"]: item for item in after}, {item["name"]: item for item in before})
    names = [item["name"] for item in before]
    kept = [item["name"] for item in after if item["name"] not in change.get("-", ())]
    return change if kept == names else change | {"#": names}


def _without_empty(change: Json) -> Json:
    return {key: value for key, value in change.items() if value}


def applied(value: Any, change: Json) -> Any:
    """Return a value after a reversal; what is not there any more is left alone."""
    if is_named(value):
        named = {item["name"]: item for item in cast(list[Json], value)}
        back = list(_applied(named, change).values())
        order: list[str] = change.get("#") or []
        return sorted(back, key=lambda item: _place(item, order)) if order else back
    return _applied(cast(Json, value), change) if isinstance(value, dict) else value


def _place(item: Json, order: list[str]) -> int:
    return order.index(item["name"]) if item.get("name") in order else len(order)


def _applied(value: Json, change: Json) -> Json:
    gone = change.get("-", ())
    inside = section(change, "~")
    result = {
        key: applied(item, inside[key]) if key in inside else item for key, item in value.items() if key not in gone
    }
    return result | section(change, "=")
