"""A cache whose key is the input: equal input gives the same object back, and nothing is ever stale.

The owner of a memo (the control plane) calls `advance` after each push: what two pushes in a row did not ask for is
dropped, so that a memo never outgrows what is in use.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple, cast

A = TypeVarTuple("A")
R = TypeVar("R")


class Memo:
    """Remembers what functions gave for their arguments, for two generations."""

    __slots__ = ("_now", "_past", "hits", "misses")

    def __init__(self) -> None:
        self._now: dict[Hashable, Any] = {}
        self._past: dict[Hashable, Any] = {}
        self.hits: int = 0
        self.misses: int = 0

    def __call__(self, function: Callable[[*A], R], *args: *A) -> R:
        """Return `function(*args)`, from memory when the same function had equal arguments before."""
        key = (function, *args)
        found = self._now.get(key, self)
        if found is not self:
            self.hits += 1
            return cast(R, found)
        found = self._past.pop(key, self)
        if found is self:
            self.misses += 1
            found = function(*args)
        else:
            self.hits += 1
        self._now[key] = found
        return cast(R, found)

    def advance(self) -> None:
        """Begin a new generation: drop what the last one did not use."""
        self._past = self._now
        self._now = {}

    def __len__(self) -> int:
        return len(self._now) + len(self._past)
