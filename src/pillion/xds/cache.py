"""What is published: which node sees which view, and who is to be told when that changes.

A view that is not consistent is refused and the last good one stays: a proxy that waits for a resource which never
comes, or a route to a cluster that is not there, would cost requests.
"""

from collections.abc import Callable, Hashable
from typing import final

from pillion.xds.request import Node
from pillion.xds.resource import View

Notify = Callable[[View], None]


def inconsistencies(view: View) -> tuple[str, ...]:
    """Return what a view needs and does not have, a sentence each; empty when it is consistent.

    Every resource that another needs is there, unless its type has a stand-in. Costs a set difference for each type.
    """
    needed: dict[str, set[str]] = {}
    for resources in view:
        for type_url, names in resources.needs.items():
            needed.setdefault(type_url, set()).update(names)
    found: list[str] = []
    for type_url, names in sorted(needed.items()):
        present = view.resources(type_url)
        kind = type_url.rpartition(".")[2]
        missing = names if present is None else names.difference(present.names())
        if type_url not in view.fallbacks:
            found.extend(f"{kind} {name} is needed and is not there" for name in sorted(missing))
    return tuple(found)


@final
class Attached:
    """One stream's place in the cache."""

    __slots__ = ("_cache", "key", "notify")

    def __init__(self, cache: "Cache", key: Hashable, notify: Notify) -> None:
        self._cache = cache
        self.key = key
        self.notify = notify

    @property
    def view(self) -> View | None:
        """What the stream sees now."""
        return self._cache.view(self.key)

    def heard(self, _event: object, /) -> None:
        """Take note of what the client says; the cache has no use for it."""

    def detach(self) -> None:
        """End the stream's interest."""
        self._cache.forget(self)


@final
class Cache:
    """Views by node key. Serves as the provider of a server as it is."""

    def __init__(self, key: Callable[[Node, str], Hashable]) -> None:
        """Set up a cache; `key` says from a node and its peer which view it sees."""
        self._key = key
        self._views: dict[Hashable, View] = {}
        self._attached: dict[Hashable, dict[Attached, None]] = {}

    def view(self, key: Hashable) -> View | None:
        """Return the view published under a key."""
        return self._views.get(key)

    def publish(self, key: Hashable, view: View) -> tuple[str, ...]:
        """Publish a view and tell its streams; refuse it when it is not consistent, and return why."""
        if self._views.get(key) is view:
            return ()
        found = inconsistencies(view)
        if not found:
            self._views[key] = view
            for attached in list(self._attached.get(key, ())):
                attached.notify(view)
        return found

    def withdraw(self, key: Hashable) -> None:
        """Take a key away. Its streams keep what they have."""
        self._views.pop(key, None)

    def attach(self, node: Node, peer: str, notify: Notify) -> Attached:
        """Begin a stream."""
        attached = Attached(self, self._key(node, peer), notify)
        self._attached.setdefault(attached.key, {})[attached] = None
        return attached

    def forget(self, attached: Attached) -> None:
        """End a stream's interest."""
        streams = self._attached.get(attached.key, {})
        streams.pop(attached, None)
        if not streams:
            self._attached.pop(attached.key, None)

    def attached(self, key: Hashable) -> int:
        """Return how many streams see this key."""
        return len(self._attached.get(key, ()))
