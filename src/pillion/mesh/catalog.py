"""All resources, on shelves by kind and namespace: what a source gathered, before it is made into a world.

A catalog never changes. `with_changes` gives a new one that shares every shelf that was not touched, so a world
built from it finds its old results by identity.
"""

from collections.abc import Iterable, Mapping
from typing import TypeVar, cast

from pillion.resources.meta import HasMetadata, Ref, ref_of

R = TypeVar("R", bound=HasMetadata)
ShelfKey = tuple[str, str]
"""(kind, namespace); namespace is empty for resources of the cluster."""


class Catalog:
    """An immutable store of resources; oldest first on each shelf, equal ages by name."""

    __slots__ = ("_shelves",)

    def __init__(self, shelves: Mapping[ShelfKey, tuple[HasMetadata, ...]] | None = None) -> None:
        self._shelves: Mapping[ShelfKey, tuple[HasMetadata, ...]] = shelves or {}

    def with_changes(self, changed: Iterable[HasMetadata], deleted: Iterable[Ref] = ()) -> "Catalog":
        """Give the catalog with these resources put in, or replaced by kind, namespace and name, and these gone."""
        return Catalog(self._changed(changed, deleted))

    def shelf(self, kind: type[R], namespace: str = "") -> tuple[R, ...]:
        """Give the resources of one kind in one namespace."""
        return cast(tuple[R, ...], self._shelves.get((kind.__name__, namespace), ()))

    def every(self, kind: type[R]) -> tuple[R, ...]:
        """Give the resources of one kind in all namespaces, oldest first."""
        name = kind.__name__
        found = [each for key, shelf in self._shelves.items() if key[0] == name for each in shelf]
        return cast(tuple[R, ...], tuple(sorted(found, key=_age)))

    def find(self, ref: Ref) -> HasMetadata | None:
        """Find one resource by its name."""
        shelf = self._shelves.get((ref.kind, ref.namespace), ())
        return next((each for each in shelf if each.metadata.name == ref.name), None)

    def namespaces(self) -> tuple[str, ...]:
        """Give the names of all namespaces that hold anything, sorted."""
        return tuple(sorted({namespace for _, namespace in self._shelves if namespace}))

    def resources(self) -> Iterable[HasMetadata]:
        """Give every resource, by kind, namespace and age."""
        for key in sorted(self._shelves):
            yield from self._shelves[key]

    def __len__(self) -> int:
        return sum(len(shelf) for shelf in self._shelves.values())

    def _changed(
        self, changed: Iterable[HasMetadata], deleted: Iterable[Ref]
    ) -> Mapping[ShelfKey, tuple[HasMetadata, ...]]:
        touched: dict[ShelfKey, dict[str, HasMetadata]] = {}

        def open_shelf(key: ShelfKey) -> dict[str, HasMetadata]:
            if key not in touched:
                touched[key] = {each.metadata.name: each for each in self._shelves.get(key, ())}
            return touched[key]

        for ref in deleted:
            open_shelf((ref.kind, ref.namespace)).pop(ref.name, None)
        for resource in changed:
            ref = ref_of(resource)
            open_shelf((ref.kind, ref.namespace))[ref.name] = resource
        shelves = dict(self._shelves)
        for key, shelf in touched.items():
            if shelf:
                shelves[key] = _kept(shelves.get(key, ()), tuple(sorted(shelf.values(), key=_age)))
            else:
                shelves.pop(key, None)
        return shelves


def _kept(old: tuple[HasMetadata, ...], new: tuple[HasMetadata, ...]) -> tuple[HasMetadata, ...]:
    return old if old == new else new


def _age(resource: HasMetadata) -> tuple[str, str, str]:
    metadata = resource.metadata
    return metadata.creation_timestamp, metadata.name, metadata.namespace
