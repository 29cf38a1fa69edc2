"""Memory of results, keyed by the values that they were computed from: equal input gives the same object back.

A memo is a value of whoever owns it (no module keeps one): the control plane keeps its memos from one world to the next
and forgets, with `sweep`, what the last world did not ask for.
"""

from collections.abc import Callable, Hashable
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Memo(Generic[P, R]):
    """A function that remembers. Its arguments must be hashable values; keyword arguments are not taken."""

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self._fresh: dict[tuple[Hashable, ...], R] = {}
        self._old: dict[tuple[Hashable, ...], R] = {}
        self.computed = 0
        """How often the function really ran; figures of benchmarks and tests."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function gives for these arguments, computing it only when no equal ones were seen."""
        if kwargs:
            raise TypeError("a memo takes positional arguments only")
        found = self._fresh.get(args)
        if found is not None:
            return found
        found = self._old.get(args)
        if found is None:
            found = self._function(*args, **kwargs)
            self.computed += 1
        self._fresh[args] = found
        return found

    def sweep(self) -> None:
        """Forget what was not asked for since the last sweep."""
        self._old, self._fresh = self._fresh, {}

    def __len__(self) -> int:
        return len(self._fresh.keys() | self._old.keys())
