"""The syntax tree of a regular expression."""

from typing import Literal

import msgspec

from pillion.inject.gotemplate.re2.classes import CharacterSet

Position = Literal["text start", "text end", "line start", "line end", "word boundary", "no word boundary"]


class Empty(msgspec.Struct, frozen=True):
    """Matches the empty string."""


class Characters(msgspec.Struct, frozen=True):
    """Matches one character of a set."""

    characters: CharacterSet


class Assertion(msgspec.Struct, frozen=True):
    """Matches at certain positions."""

    position: Position


class Sequence(msgspec.Struct, frozen=True):
    """Matches its parts, one after the other."""

    parts: tuple["Node", ...]


class Choice(msgspec.Struct, frozen=True):
    """Matches one of its branches, the first preferred."""

    branches: tuple["Node", ...]


class Repeat(msgspec.Struct, frozen=True):
    """Matches its body several times."""

    body: "Node"
    least: int
    most: int | None
    greedy: bool


class Group(msgspec.Struct, frozen=True):
    """Matches its body and remembers where."""

    body: "Node"
    index: int


Node = Empty | Characters | Assertion | Sequence | Choice | Repeat | Group


def can_be_empty(node: Node) -> bool:
    """Return whether a node may match the empty string."""
    match node:
        case Characters():
            return False
        case Sequence():
            return all(map(can_be_empty, node.parts))
        case Choice():
            return any(map(can_be_empty, node.branches))
        case Repeat():
            return node.least == 0 or can_be_empty(node.body)
        case Group():
            return can_be_empty(node.body)
        case _:
            return True
