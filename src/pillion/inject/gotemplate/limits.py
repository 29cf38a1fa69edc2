"""Bounds on what a rendering may cost, so that a hostile template can neither hang nor exhaust memory.

Time is counted in steps, not seconds: the engine reads no clock, and the same template always ends at the same place.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from pillion.inject.gotemplate.errors import LimitError

_SCALARS = frozenset((bool, int, float, type(None)))
FREE_LENGTH = 256
"""Strings and lists up to this length cost nothing beyond the step of the call that handles them."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much one rendering may do."""

    depth: int = 100
    """How deep `template` calls may nest (Go allows 100000, on a stack that grows)."""
    steps: int = 1_000_000
    """Function calls, iterations, template calls; plus one for every 16 elements or characters that a call handles."""
    output: int = 4 * 1024 * 1024
    """Characters of the result, and of any string on the way to it."""
    elements: int = 1_000_000
    """Elements of any list or map that a function makes."""


class Meter:
    """Counts one rendering down; raises `LimitError` when a limit is reached."""

    __slots__ = ("limits", "room", "steps")

    def __init__(self, limits: Limits) -> None:
        self.limits: Limits = limits
        self.steps: int = limits.steps
        self.room: int = limits.output

    def step(self, count: int = 1) -> None:
        """Count `count` steps."""
        self.steps -= count
        if self.steps < 0:
            raise LimitError(f"exceeded maximum number of steps ({self.limits.steps})")

    def write(self, length: int) -> None:
        """Count `length` characters of output."""
        self.room -= length
        if self.room < 0:
            raise LimitError(f"exceeded maximum output size ({self.limits.output})")

    def text(self, length: int) -> None:
        """Refuse to make a string of `length` characters when that is too many; call it before making it."""
        if length > self.limits.output:
            raise LimitError(f"exceeded maximum string size ({self.limits.output})")
        self.step(length >> 4)

    def collection(self, length: int) -> None:
        """Refuse to make a list or map of `length` elements when that is too many; call it before making it."""
        if length > self.limits.elements:
            raise LimitError(f"exceeded maximum number of elements ({self.limits.elements})")
        self.step(length >> 4)

    def call(self, arguments: Iterable[Any], result: Any) -> None:
        """Count a function call by what it read and what it made."""
        cost = 1
        for value in arguments:
            if value.__class__ is str:
                if len(value) > FREE_LENGTH:
                    cost += len(value) >> 4
            elif value.__class__ not in _SCALARS and hasattr(value, "__len__") and len(value) > FREE_LENGTH:
                cost += len(value) >> 4
        if result.__class__ is str:
            if len(result) > FREE_LENGTH:
                self.text(len(result))
        elif result.__class__ not in _SCALARS and hasattr(result, "__len__") and len(result) > FREE_LENGTH:
            self.collection(len(result))
        self.steps -= cost
        if self.steps < 0:
            self.step(0)
