"""Whether a pod's sidecar is what injection would make today, told field by field.

A live pod has more than injection wrote: defaults of the API server, and the token of its account. So a field that only
the live pod has counts where injection could have written it (a container's own fields, its variables, its ports), and
not where the API server fills it in.
"""

from collections.abc import Iterator
from typing import Any, cast

from pillion.inject.pod import status
from pillion.inject.pod.containers import listed, named
from pillion.inject.schema.quantity import canonical
from pillion.inject.schema.types import Json, items

GROUPS = ("initContainers", "containers", "volumes")
FILLED_IN = frozenset(
    {"imagePullPolicy", "resources", "terminationMessagePath", "terminationMessagePolicy", "volumeMounts"}
)
"""Fields of a container that an API server sets where nobody does; the token's mount is among them."""
KEYED = {"env": "name", "ports": "containerPort", "volumeMounts": "mountPath"}
TOKEN = "/var/run/secrets/kubernetes.io/serviceaccount"  # noqa: S105 (a path)
MOST = 20
"""Differences that are told of one pod."""


def drift(live: Json, wanted: Json) -> tuple[str, ...]:
    """Compare the injected parts of a live pod with those of a fresh injection of it; name what differs."""
    found: list[str] = []
    for group in GROUPS:
        names = dict.fromkeys([*status.names(status.read(live), group), *status.names(status.read(wanted), group)])
        for name in names:
            old, new = named(name, listed(live, group)), named(name, listed(wanted, group))
            place = f"{group}.{name}"
            if old is None and new is None:
                continue
            if new is None:
                found.append(f"{place} is not made any more")
            elif old is None:
                found.append(f"{place} is missing")
            else:
                found += _fields(old, new, place, whole=group != "volumes")
    return tuple(found[:MOST])


def _fields(live: Json, wanted: Json, place: str, *, whole: bool) -> Iterator[str]:
    """Compare maps; `whole`: what only the live one has is a difference too."""
    for key, value in wanted.items():
        yield from _value(live.get(key), value, f"{place}.{key}")
    if whole:
        for key, value in live.items():
            if key not in wanted and key not in FILLED_IN and not _is_nothing(value):
                yield f"{place}.{key} is not set any more"


def _value(live: Any, wanted: Any, place: str) -> Iterator[str]:
    if isinstance(wanted, dict) and isinstance(live, dict):
        yield from _fields(cast(Json, live), cast(Json, wanted), place, whole=False)
    elif isinstance(wanted, list) and isinstance(live, list):
        yield from _list(cast(list[Any], live), cast(list[Any], wanted), place)
    elif not _is_same(live, wanted):
        yield f"{place} is {_shown(live)}, would be {_shown(wanted)}"


def _list(live: list[Any], wanted: list[Any], place: str) -> Iterator[str]:
    key = KEYED.get(place.rpartition(".")[2])
    if key is None:
        if len(live) != len(wanted):
            yield f"{place} is {_shown(live)}, would be {_shown(wanted)}"
            return
        for index, (old, new) in enumerate(zip(live, wanted, strict=True)):
            yield from _value(old, new, f"{place}[{index}]")
        return
    before = {str(each.get(key)): each for each in items({"": live}, "")}
    after = {str(each.get(key)): each for each in items({"": wanted}, "")}
    for name, new in after.items():
        if name in before:
            yield from _fields(before[name], new, f"{place}.{name}", whole=False)
        else:
            yield f"{place}.{name} is missing"
    yield from (f"{place}.{name} is not set any more" for name in before if name not in after and name != TOKEN)


def _is_nothing(value: Any) -> bool:
    return value is None or value is False or value in ("", [], {}, 0)


def _is_same(live: Any, wanted: Any) -> bool:
    if live == wanted or (_is_nothing(live) and _is_nothing(wanted)):
        return True
    # an API server writes amounts in their canonical form
    return canonical(str(live)) is not None and canonical(str(live)) == canonical(str(wanted))


def _shown(value: Any) -> str:
    text = "nothing" if value is None else repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
