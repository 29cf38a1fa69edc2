"""The way back from an injected pod: what to take away, what to set again, told by names instead of places.

Our own settings leave it in an annotation of the injected pod, so that `uninject` restores the document exactly, even
after somebody added a container or a label to the injected one. A reversal is JSON: `-` names what goes, `=` what
gets its old value, `~` what is changed inside, `#` the old order of a list of named items. Beside them, `form` holds
what the text of the document looked like where its value does not tell (see `pillion.inject.form`).
"""

from typing import Any, cast

from pillion.inject.patch import differs, is_named
from pillion.inject.pod.containers import annotations, with_annotations, with_metadata
from pillion.inject.schema.encode import go_map_json, read_json
from pillion.inject.schema.types import Json, section

ANNOTATION = "inject.pillion.dev/reversal"
FORM = "form"
DEEPEST = 50
"""Changes within changes; a pod has fewer levels."""


def reversible(original: Json, injected: Json, written: Json | None = None) -> Json:
    """Return the injected pod with the way back to the original in its annotations.

    A form that the pod as it was `written` remembers from an earlier injection is kept. Keys are sorted: the order in
    which they stand in the document makes no other annotation.
    """
    way_back = reversal(injected, original)
    remembered = form(written or original)
    return with_annotations(
        injected, {ANNOTATION: go_map_json(way_back if remembered is None else way_back | {FORM: remembered})}
    )


def form(pod: Json) -> Json | None:
    """Return what an injected pod remembers of the form of its document."""
    way_back = _way_back(pod)
    remembered = None if way_back is None else way_back.get(FORM)
    return cast(Json, remembered) if isinstance(remembered, dict) else None


def with_form(pod: Json, remembered: Json) -> Json:
    """Return an injected pod that remembers the form of its document."""
    way_back = _way_back(pod)
    return pod if way_back is None else with_annotations(pod, {ANNOTATION: go_map_json(way_back | {FORM: remembered})})


def _way_back(pod: Json) -> Json | None:
    way_back = read_json(annotations(pod).get(ANNOTATION, ""))
    return cast(Json, way_back) if _is_change(way_back) else None


def _is_change(found: Any, levels: int = DEEPEST) -> bool:
    """Return whether JSON has the form of a reversal: anybody can write an annotation."""
    if not isinstance(found, dict) or not levels:
        return False
    change = cast(Json, found)
    inside, old = change.get("~", {}), change.get("=", {})
    return (
        all(_are_names(change.get(key, [])) for key in ("-", "#"))
        and isinstance(old, dict)
        and isinstance(inside, dict)
        and all(_is_change(each, levels - 1) for each in cast(Json, inside).values())
    )


def _are_names(found: Any) -> bool:
    return isinstance(found, list) and all(isinstance(each, str) for each in cast(list[Any], found))


def restored(pod: Json) -> Json | None:
    """Return the pod as it was before the injection that its annotation remembers; `None` when it remembers none."""
    way_back = _way_back(pod)
    if way_back is None:
        return None
    rest = {key: value for key, value in annotations(pod).items() if key != ANNOTATION}
    return cast(Json, applied(with_metadata(pod, annotations=rest), way_back))


def reversal(after: Any, before: Any) -> Json:
    """Return what leads from `after` back to `before`, both maps or both lists of named items."""
    if isinstance(after, list):
        return _list_reversal(cast(list[Json], after), cast(list[Json], before))
    return _reversal(cast(Json, after), cast(Json, before))


def _reversal(after: Json, before: Json) -> Json:
    gone = sorted(key for key in after if key not in before)
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


def _place(item: Any, order: list[str]) -> int:
    name = cast(Json, item).get("name") if isinstance(item, dict) else None
    return order.index(name) if name in order else len(order)


def _applied(value: Json, change: Json) -> Json:
    gone = change.get("-", ())
    inside = section(change, "~")
    result = {
        key: applied(item, inside[key]) if key in inside else item for key, item in value.items() if key not in gone
    }
    return result | section(change, "=")
