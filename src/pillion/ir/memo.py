"""A cache whose key is the input: equal input gives the same object back, and nothing is ever stale.

Functions remember each other: one that was remembered whole keeps what it was made from alive, so that when it must
be made anew, only the changed parts are. What no recent call led to is dropped once the memo has doubled.
"""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar, TypeVarTuple, final

A = TypeVarTuple("A")
R = TypeVar("R")

SMALL = 1000
"""A memo below this size is not worth a clean-up."""


@final
class _Entry:
    __slots__ = ("function", "generation", "parts", "result")

    def __init__(self, function: Hashable) -> None:
        self.function: Hashable = function
        self.result: Any = None
        self.parts: list[_Entry] = []
        self.generation: int = 0


@final
class Memo:
    """Remembers what functions gave for their arguments.

    A memo may be an argument itself: it is no part of the input, all memos are equal.
    """

    __slots__ = ("_asked", "_entries", "_generation", "_making", "_roomy", "_roots", "hits", "misses")

    def __init__(self) -> None:
        self._entries: dict[Hashable, _Entry] = {}
        self._making: list[_Entry] = []
        """The calls under way, the innermost last."""
        self._roots: dict[_Entry, None] = {}
        """What was asked for from outside."""
        self._asked: dict[Hashable, tuple[int, int]] = {}
        """For each function asked from outside: the last two generations in which it was."""
        self._generation: int = 1
        self._roomy: int = SMALL
        self.hits: int = 0
        self.misses: int = 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Memo)

    def __hash__(self) -> int:
        return 0

    def __call__(self, function: Callable[[*A], R], *args: *A) -> R:
        """Return `function(*args)`, from memory when the same function had equal arguments before."""
        key = (function, *args)
        entry = self._entries.get(key)
        if entry is None:
            self.misses += 1
            entry = self._make(function, *args)
            self._entries[key] = entry
        else:
            self.hits += 1
        if self._making:
            self._making[-1].parts.append(entry)
        elif entry.generation != self._generation:
            entry.generation = self._generation
            self._roots[entry] = None
            last = self._asked.get(function, (0, 0))[1]
            if last != self._generation:
                self._asked[function] = (last, self._generation)
        return entry.result

    def _make(self, function: Callable[[*A], R], *args: *A) -> _Entry:
        entry = _Entry(function)
        self._making.append(entry)
        try:
            entry.result = function(*args)
        finally:
            self._making.pop()
        return entry

    @property
    def full(self) -> bool:
        """Whether there is so much that the next generation begins with a clean-up."""
        return len(self._entries) > self._roomy

    def advance(self) -> None:
        """Begin a new generation.

        When there is too much, drop what no call led to in the last two generations in which its function was called.
        """
        if self.full:
            self._drop()
        self._generation += 1

    def _drop(self) -> None:
        self._roots = {entry: None for entry in self._roots if entry.generation >= self._asked[entry.function][0]}
        alive: set[_Entry] = set()
        waiting = list(self._roots)
        while waiting:
            entry = waiting.pop()
            if entry not in alive:
                alive.add(entry)
                waiting += entry.parts
        self._entries = {key: entry for key, entry in self._entries.items() if entry in alive}
        self._roomy = max(SMALL, 2 * len(self._entries))

    def __len__(self) -> int:
        return len(self._entries)
