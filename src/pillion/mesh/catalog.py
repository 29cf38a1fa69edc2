"""All resources, on shelves by kind and namespace: what a source gathered, before it is made into a world.

A catalog never changes. `with_changes` gives a new one that shares every shelf that was not touched, so a world
built from it finds its old results by identity.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from pillion.memo import differing
from pillion.resources.meta import HasMetadata, Ref, ref_of
from pillion.value import FrozenMap

R = TypeVar("R", bound=HasMetadata)
Shelves = FrozenMap[tuple[HasMetadata, ...]]
"""Of one kind, by namespace; the namespace is empty for resources of the cluster."""
NOTHING: Shelves = FrozenMap()


class Catalog:
    """An immutable store of resources; oldest first on each shelf, equal ages by name."""

    __slots__ = ("_kinds",)

    def __init__(self, kinds: Mapping[str, Shelves] | None = None) -> None:
        self._kinds: Mapping[str, Shelves] = kinds or {}

    def with_changes(self, changed: Iterable[HasMetadata], deleted: Iterable[Ref] = ()) -> "Catalog":
        """Give the catalog with these resources put in, or replaced by kind, namespace and name, and these gone."""
        return Catalog(self._changed(changed, deleted))

    def shelf(self, kind: type[R], namespace: str = "") -> tuple[R, ...]:
        """Give the resources of one kind in one namespace."""
        return cast(tuple[R, ...], self._kinds.get(kind.__name__, NOTHING).get(namespace, ()))

    def shelves(self, kind: type[R]) -> FrozenMap[tuple[R, ...]]:
        """Give all shelves of one kind, by namespace; none of them is empty."""
        return cast(FrozenMap[tuple[R, ...]], self._kinds.get(kind.__name__, NOTHING))

    def every(self, kind: type[R]) -> tuple[R, ...]:
        """Give the resources of one kind in all namespaces, oldest first."""
        return tuple(sorted((each for shelf in self.shelves(kind).values() for each in shelf), key=_age))

    def find(self, ref: Ref) -> HasMetadata | None:
        """Find one resource by its name."""
        shelf = self._kinds.get(ref.kind, NOTHING).get(ref.namespace, ())
        return next((each for each in shelf if each.metadata.name == ref.name), None)

    def namespaces(self) -> tuple[str, ...]:
        """Give the names of all namespaces that hold anything, sorted."""
        return tuple(sorted({name for shelves in self._kinds.values() for name in shelves if name}))

    def differing(self, before: "Catalog") -> frozenset[str]:
        """Name the namespaces whose shelves are not the very ones of `before`; the empty one is the cluster's."""
        found: set[str] = set()
        others = before._kinds  # noqa: SLF001 (of the same class)
        for kind in self._kinds.keys() | others.keys():
            found |= differing(self._kinds.get(kind, NOTHING), others.get(kind, NOTHING))
        return frozenset(found)

    def resources(self) -> Iterable[HasMetadata]:
        """Give every resource, by kind, namespace and age."""
        for kind in sorted(self._kinds):
            for shelf in self._kinds[kind].values():
                yield from shelf

    def __len__(self) -> int:
        return sum(len(shelf) for shelves in self._kinds.values() for shelf in shelves.values())

    def _changed(self, changed: Iterable[HasMetadata], deleted: Iterable[Ref]) -> Mapping[str, Shelves]:
        touched: dict[str, dict[str, dict[str, HasMetadata]]] = {}

        def open_shelf(ref: Ref) -> dict[str, HasMetadata]:
            opened = touched.setdefault(ref.kind, {})
            if ref.namespace not in opened:
                shelf = self._kinds.get(ref.kind, NOTHING).get(ref.namespace, ())
                opened[ref.namespace] = {each.metadata.name: each for each in shelf}
            return opened[ref.namespace]

        for ref in deleted:
            open_shelf(ref).pop(ref.name, None)
        for resource in changed:
            ref = ref_of(resource)
            open_shelf(ref)[ref.name] = resource
        kinds = dict(self._kinds)
        for kind, opened in touched.items():
            kinds[kind] = _replaced(self._kinds.get(kind, NOTHING), opened)
        return kinds


def _replaced(shelves: Shelves, opened: Mapping[str, Mapping[str, HasMetadata]]) -> Shelves:
    """Put the changed shelves in the place of the old ones; the very map of before when none of them differs."""
    fresh = {name: tuple(sorted(shelf.values(), key=_age)) for name, shelf in opened.items()}
    different = {name: shelf for name, shelf in fresh.items() if shelf != shelves.get(name, ())}
    if not different:
        return shelves
    whole = {**shelves, **different}
    return FrozenMap({name: shelf for name, shelf in whole.items() if shelf})


def _age(resource: HasMetadata) -> tuple[str, str, str]:
    metadata = resource.metadata
    return metadata.creation_timestamp, metadata.name, metadata.namespace
