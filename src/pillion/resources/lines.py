"""The line that holds a field, found in the text only when somebody asks."""

from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, NamedTuple

import msgspec
import yaml

from pillion.resources.yaml.events import Chunk, SyntaxFault, chunks, events
from pillion.value import Diagnostic, Diagnostics, Origin, Path


class Place(NamedTuple):
    """A line and a column, both from 1."""

    line: int
    column: int


def locate(diagnostic: Diagnostic, text: str) -> Diagnostic:
    """Return the diagnostic with the line and column of its field, or of the nearest part of the path that is there.

    `text` is the whole text of the file that `diagnostic.where.origin` names.
    """
    return locate_all((diagnostic,), text)[0]


def locate_all(diagnostics: Diagnostics, text: str) -> Diagnostics:
    """Locate several diagnostics of one file; the text is parsed once, and only when one of them lacks its line."""
    wanted = [one for one in diagnostics if one.where.line is None and one.where.origin is not None]
    roots = _roots_of(text, {one.where.origin.document for one in wanted if one.where.origin is not None})
    return tuple(_located(one, roots) for one in diagnostics)


def place_of(text: str, origin: Origin, path: Path = ()) -> Place | None:
    """Find a field of a document: the place of its key, or of its item in a list; `None` when there is no document."""
    return _place_in(_roots_of(text, {origin.document}), origin, path)


def _located(diagnostic: Diagnostic, roots: Mapping[int, "_Node"]) -> Diagnostic:
    where = diagnostic.where
    if where.line is not None or where.origin is None:
        return diagnostic
    place = _place_in(roots, where.origin, where.path)
    if place is None:
        return diagnostic
    return msgspec.structs.replace(
        diagnostic, where=msgspec.structs.replace(where, line=place.line, column=place.column)
    )


def _place_in(roots: Mapping[int, "_Node"], origin: Origin, path: Path) -> Place | None:
    root = roots.get(origin.document)
    if root is None:
        return None
    return _descend(root, path if origin.item is None else ("items", origin.item, *path))


def _roots_of(text: str, documents: AbstractSet[int]) -> dict[int, "_Node"]:
    """Parse the text up to the last document that is wanted."""
    roots: dict[int, _Node] = {}
    index = 0
    for chunk in chunks(text) if documents else ():
        if index > max(documents):
            break
        for root in _roots(chunk):
            if index in documents:
                roots[index] = root
            index += 1
    return roots


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
