"""The values that are served: a `Resource`, the `Resources` of one type, and a `View` of all types.

A version is a hash of the content, so an unchanged resource is an unsent one, over reconnects and restarts too. Views
are shared by many streams: what differs between two sets of resources is found once, whoever asks.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping
from types import MappingProxyType
from typing import final
from weakref import WeakKeyDictionary

from msgspec.structs import force_setattr

from pillion.value import Value
from pillion.xds import frame

NO_NAMES: frozenset[str] = frozenset()
Need = tuple[str, str]
"""(type URL, name) of another resource."""


class Resource(Value):
    """A serialised message with a name and a version. Two with the same type, name and version are the same."""

    type_url: str
    name: str
    version: str
    body: bytes
    """The serialised message, deterministic."""
    needs: tuple[Need, ...] = ()
    """The resources without which this one is not complete: a cluster's endpoints, a listener's routes."""
    delta_frame: bytes = b""
    """Derived: the resource as a delta response holds it."""
    state_frame: bytes = b""
    """Derived: the resource as a state-of-the-world response holds it."""

    def __post_init__(self) -> None:
        framed, start = frame.resource_frame(self.type_url, self.name, self.version, self.body)
        force_setattr(self, "delta_frame", framed)
        force_setattr(self, "state_frame", framed[start:])

    def __repr__(self) -> str:
        return f"Resource({self.type_url.rpartition('.')[2]} {self.name} {self.version})"


def versioned(type_url: str, name: str, body: bytes, needs: tuple[Need, ...] = (), context: str = "") -> Resource:
    """Make a resource whose version is the hash of its body, and of a context whose change counts as its own."""
    version = hashlib.blake2b(body + context.encode(), digest_size=8).hexdigest()
    return Resource(type_url=type_url, name=name, version=version, body=body, needs=needs)


class Changes(Value):
    """What differs between two sets of resources, as names."""

    upserted: tuple[str, ...]
    """New or with another version, in the order of the newer set."""
    removed: tuple[str, ...]


@final
class Resources:
    """The resources of one type, in order, by name. Immutable; told apart by identity."""

    def __init__(self, type_url: str, resources: Iterable[Resource] = ()) -> None:
        self.type_url = type_url
        self._by_name: dict[str, Resource] = {resource.name: resource for resource in resources}
        self._changes: WeakKeyDictionary[Resources, Changes] | None = None
        self._delta_body: bytes | None = None
        self._state_body: bytes | None = None
        self._name_set: frozenset[str] | None = None
        self._needs: Mapping[str, frozenset[str]] | None = None
        self._version: str | None = None

    def get(self, name: str) -> Resource | None:
        """Return the resource of that name."""
        return self._by_name.get(name)

    def names(self) -> KeysView[str]:
        """Return all names, in order."""
        return self._by_name.keys()

    @property
    def name_set(self) -> frozenset[str]:
        """All names, as a set that clients who ask for exactly these can share."""
        if self._name_set is None:
            self._name_set = frozenset(self._by_name)
        return self._name_set

    def __contains__(self, name: str) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Resource]:
        return iter(self._by_name.values())

    def __len__(self) -> int:
        return len(self._by_name)

    def __repr__(self) -> str:
        return f"Resources({self.type_url.rpartition('.')[2]}, {len(self)})"

    def updated(self, upserted: Iterable[Resource] = (), removed: Iterable[str] = ()) -> "Resources":
        """Return these resources with some replaced, added at the end, or taken away; itself when that is no change.

        Costs a shallow copy; what changed is remembered, so that no stream has to look for it.
        """
        fresh = {res.name: res for res in upserted if not same(self._by_name.get(res.name), res)}
        gone = tuple(dict.fromkeys(name for name in removed if name in self._by_name and name not in fresh))
        if not fresh and not gone:
            return self
        after = Resources(self.type_url)
        after._by_name = self._by_name | fresh
        for name in gone:
            del after._by_name[name]
        after._changes = WeakKeyDictionary({self: Changes(upserted=tuple(fresh), removed=gone)})
        return after

    def changes_since(self, before: "Resources") -> Changes:
        """Return what differs from an earlier set; computed once for each pair."""
        if self._changes is None:
            self._changes = WeakKeyDictionary()
        found = self._changes.get(before)
        if found is None:
            old, new = before._by_name, self._by_name  # noqa: SLF001 (of the same class)
            upserted = tuple(name for name, resource in new.items() if not same(old.get(name), resource))
            found = Changes(upserted=upserted, removed=tuple(name for name in old if name not in new))
            self._changes[before] = found
        return found

    @property
    def version(self) -> str:
        """A hash of all names and versions, whatever their order."""
        if self._version is None:
            lines = sorted(f"{resource.name}\0{resource.version}" for resource in self)
            self._version = hashlib.blake2b("\n".join(lines).encode(), digest_size=8).hexdigest()
        return self._version

    @property
    def delta_body(self) -> bytes:
        """All delta frames, joined once for all streams that are told everything."""
        if self._delta_body is None:
            self._delta_body = b"".join([resource.delta_frame for resource in self])
        return self._delta_body

    @property
    def state_body(self) -> bytes:
        """All frames of a state-of-the-world response, joined once."""
        if self._state_body is None:
            self._state_body = b"".join([resource.state_frame for resource in self])
        return self._state_body

    @property
    def needs(self) -> Mapping[str, frozenset[str]]:
        """What these resources need: type URL -> names."""
        if self._needs is None:
            found: dict[str, set[str]] = {}
            for resource in self:
                for type_url, name in resource.needs:
                    found.setdefault(type_url, set()).add(name)
            self._needs = MappingProxyType({type_url: frozenset(names) for type_url, names in found.items()})
        return self._needs


def same(one: Resource | None, other: Resource | None) -> bool:
    """Return whether a client that has one need not be sent the other."""
    return one is other or (one is not None and other is not None and one.version == other.version)


Fallback = Callable[[str], Resource]
"""Name -> the resource that says "this exists and is empty"; the same name gives the same version."""


@final
class View:
    """What one kind of proxy is to see: resources by type. Immutable, shared by streams, told apart by identity."""

    def __init__(self, resources: Iterable[Resources] = (), fallbacks: Mapping[str, Fallback] | None = None) -> None:
        self._by_type: dict[str, Resources] = {each.type_url: each for each in resources}
        self.fallbacks: Mapping[str, Fallback] = fallbacks or {}
        """By type URL: how to answer for a name that a client asks for and that is not there. Without one, it is
        told that there is no such resource. All views that a stream is shown one after another agree on these."""

    @staticmethod
    def of(
        resources: Iterable[Resource],
        fallbacks: Mapping[str, Fallback] | None = None,
        previous: "View | None" = None,
    ) -> "View":
        """Make a view of resources of any types, keeping what did not change since `previous` as the same objects."""
        grouped: dict[str, list[Resource]] = {}
        for resource in resources:
            grouped.setdefault(resource.type_url, []).append(resource)
        sets = (_reused(type_url, members, previous) for type_url, members in grouped.items())
        view = View(sets, fallbacks if fallbacks is not None or previous is None else previous.fallbacks)
        if previous is None or view.fallbacks != previous.fallbacks:
            return view
        return previous if _same_sets(view, previous) else view

    def resources(self, type_url: str) -> Resources | None:
        """Return the resources of a type; None when there is none of it."""
        return self._by_type.get(type_url)

    def __iter__(self) -> Iterator[Resources]:
        return iter(self._by_type.values())

    def updated(self, upserted: Iterable[Resource] = (), removed: Iterable[Need] = ()) -> "View":
        """Return this view with some resources replaced, added or taken away; itself when that is no change."""
        changed: dict[str, tuple[list[Resource], list[str]]] = {}
        for resource in upserted:
            changed.setdefault(resource.type_url, ([], []))[0].append(resource)
        for type_url, name in removed:
            changed.setdefault(type_url, ([], []))[1].append(name)
        by_type = dict(self._by_type)
        for type_url, (fresh, gone) in changed.items():
            by_type[type_url] = (by_type.get(type_url) or Resources(type_url)).updated(fresh, gone)
        after = View(by_type.values(), self.fallbacks)
        return self if _same_sets(after, self) else after

    def tells_as(self, other: "View") -> bool:
        """Return whether a proxy that has the one has all that is in the other, too, and nothing else."""
        sets = {each.type_url: each for each in other}
        if sets.keys() != {each.type_url for each in self}:
            return False
        return not any(
            changes.upserted or changes.removed
            for changes in (each.changes_since(sets[each.type_url]) for each in self)
        )


def _reused(type_url: str, members: list[Resource], previous: View | None) -> Resources:
    before = previous.resources(type_url) if previous else None
    fresh = Resources(type_url, members)
    if before is None or list(before.names()) != list(fresh.names()):
        return fresh
    changes = fresh.changes_since(before)
    return fresh if changes.upserted or changes.removed else before


def _same_sets(one: View, other: View) -> bool:
    ones, others = list(one), list(other)
    return len(ones) == len(others) and all(each is other.resources(each.type_url) for each in ones)
