"""Memory of results, keyed by the values that they were computed from: equal input gives the same object back.

A memo is a value of whoever owns it (no module keeps one): the control plane keeps its memos from one world to the next
and forgets, with `sweep`, what the last world did not ask for. `Remembered` looks for equal input; `Kept` only asks
whether it is the very input of last time, which costs next to nothing where nearly nothing changes.
"""

from collections.abc import Callable, Container, Hashable
from operator import is_
from typing import Any, Generic, ParamSpec, TypeVar

from pillion.value import FrozenMap

P = ParamSpec("P")
R = TypeVar("R")


def differing(one: FrozenMap[Any], other: FrozenMap[Any]) -> set[str]:
    """Name the keys under which two maps do not hold the very same object."""
    return set() if one is other else {key for key in one.keys() | other.keys() if one.get(key) is not other.get(key)}


class Remembered(Generic[P, R]):
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
        if args in self._fresh:
            return self._fresh[args]
        if args in self._old:
            found = self._old[args]
        else:
            found = self._function(*args, **kwargs)
            self.computed += 1
        self._fresh[args] = found
        return found

    def sweep(self) -> None:
        """Forget what was not asked for since the last sweep."""
        self._old, self._fresh = self._fresh, {}

    def __len__(self) -> int:
        return len(self._fresh.keys() | self._old.keys())


class Kept(Generic[P, R]):
    """A function that keeps its last result under each key, as long as it is called with the very same objects.

    A result that equals the last one is given as the last one, so that whoever is called with it keeps his, too.
    """

    def __init__(self, function: Callable[P, R]) -> None:
        self._function = function
        self._last: dict[Hashable, tuple[tuple[object, ...], R]] = {}
        self.computed = 0
        """How often the function really ran; figures of benchmarks and tests."""

    def __call__(self, key: Hashable, *args: P.args, **kwargs: P.kwargs) -> R:
        """Return what the function gives for these arguments; `key` says whose they are."""
        if kwargs:
            raise TypeError("a function that keeps its results takes positional arguments only")
        last = self._last.get(key)
        if last is not None and len(last[0]) == len(args) and all(map(is_, last[0], args)):
            return last[1]
        result = self._function(*args, **kwargs)
        self.computed += 1
        if last is not None and last[1] == result:
            result = last[1]
        self._last[key] = (args, result)
        return result

    def keep(self, keys: Container[Any]) -> None:
        """Forget everything but what these keys hold."""
        self._last = {key: last for key, last in self._last.items() if key in keys}
