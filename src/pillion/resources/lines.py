"""The line that holds a field, found in the text only when somebody asks."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import msgspec
import yaml

from pillion.resources.yaml.events import Chunk, SyntaxFault, chunks, events
from pillion.value import Diagnostic, Origin, Path


class Place(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


def locate(diagnostic: Diagnostic, text: str) -> Diagnostic:
    """Return the diagnostic with the line and column of its field, or of the nearest part of the path that is there.

    `text` is the whole text of the file that `diagnostic.where.origin` names.
    """
    where = diagnostic.where
    if where.line is not None or where.origin is None:
        return diagnostic
    place = place_of(text, where.origin, where.path)
    if place is None:
        return diagnostic
    return msgspec.structs.replace(
        diagnostic, where=msgspec.structs.replace(where, line=place.line, column=place.column)
    )


def place_of(text: str, origin: Origin, path: Path = ()) -> Place | None:
    """Find a field of a document: the place of its key, or of its item in a list; `None` when there is no document."""
    index = 0
    for chunk in chunks(text):
        for root in _roots(chunk):
            if index == origin.document:
                steps = path if origin.item is None else ("items", origin.item, *path)
                return _descend(root, steps)
            index += 1
    return None


class _Node:
    """A value of a document: where it (or its key) stands, and what is inside."""

    __slots__ = ("children", "is_list", "place")

    def __init__(self, place: Place, *, is_list: bool = False) -> None:
        self.place = place
        self.is_list = is_list
        self.children: dict[str | int, _Node] = {}


def _descend(root: _Node, path: Path) -> Place:
    node = root
    for step in path:
        inner = node.children.get(step)
        if inner is None:
            break
        node = inner
    return node.place


def _roots(chunk: Chunk) -> Iterator[_Node]:
    """Yield the tree of each document; of a broken one, the part before the fault."""
    tree = _Tree(chunk.lines_before)
    try:
        for event in events(chunk):
            if isinstance(event, yaml.DocumentEndEvent):
                yield tree.finish()
            else:
                tree.take(event)
    except SyntaxFault:
        yield tree.finish()


class _Tree:
    def __init__(self, lines_before: int) -> None:
        self._before = lines_before
        self._stack: list[tuple[_Node, list[_Node | str]]] = []
        self._root: _Node | None = None
        self._anchors: dict[str, _Node] = {}

    def finish(self) -> _Node:
        root = self._root or _Node(Place(self._before + 1, 1))
        self._root, self._stack, self._anchors = None, [], {}
        return root

    def take(self, event: Any) -> None:
        if isinstance(event, yaml.MappingEndEvent | yaml.SequenceEndEvent):
            self._stack.pop()
        elif isinstance(event, yaml.ScalarEvent | yaml.AliasEvent | yaml.CollectionStartEvent):
            self._add(event)

    def _add(self, event: Any) -> None:
        place = Place(self._before + event.start_mark.line + 1, event.start_mark.column + 1)
        node = _Node(place, is_list=isinstance(event, yaml.SequenceStartEvent))
        if isinstance(event, yaml.AliasEvent) and event.anchor in self._anchors:
            node.children = self._anchors[event.anchor].children
        elif event.anchor is not None:
            self._anchors[event.anchor] = node
        self._attach(node, event)
        if isinstance(event, yaml.CollectionStartEvent):
            self._stack.append((node, []))

    def _attach(self, node: _Node, event: Any) -> None:
        if not self._stack:
            self._root = self._root or node
            return
        parent, pending = self._stack[-1]
        if parent.is_list:
            parent.children[len(parent.children)] = node
        elif not pending:
            pending.extend((node, getattr(event, "value", "")))
        else:
            key, name = pending
            pending.clear()
            if isinstance(key, _Node) and isinstance(name, str):
                node.place = key.place
                parent.children[name] = node
