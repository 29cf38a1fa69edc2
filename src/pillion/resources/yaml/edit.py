"""Changing a document in its text: what does not change keeps its order, its quotes and its comments.

Additions are whole lines in the place where they belong, written as `dump` writes them; what goes takes its lines with
it. A map or list in brackets that gains or loses something is written anew, in lines. Where the text holds anchors,
aliases or tags nothing is changed in place: the caller writes the whole document anew.
"""

import re
from collections.abc import Iterable
from typing import Any, NamedTuple, cast

from pillion.resources.yaml.dump import Dumper
from pillion.resources.yaml.events import Chunk
from pillion.resources.yaml.nodes import Node, parse

_REST = re.compile(r"[ \t\r]*(#.*)?")
_COLON = re.compile(r"[ \t]*:(?=\s|$)")
_SAFE_IN_BRACKETS = re.compile(r"[\w./-]+|\"[\w ./:,-]*\"")


class Edited(NamedTuple):
    """A text after an edit."""

    text: str
    is_undone_exactly: bool
    """Whether the opposite edit gives back the very text that was edited. `False`: it may not."""


def edit(chunk: Chunk, before: Any, after: Any, dumper: Dumper | None = None) -> Edited | None:
    """Change the text of a chunk so that it reads as `after`; `None` where that cannot be.

    `before` is what was read from the chunk: it holds the keys in the order of the text.
    """
    text = chunk.text if chunk.text.endswith("\n") else chunk.text + "\n"
    root = parse(Chunk(text, chunk.lines_before))
    if root is None:
        return None
    editor = _Editor(text, dumper or Dumper())
    try:
        editor.value(root, before, after)
    except _CannotError:
        return None
    if text is not chunk.text and root.is_block_text:
        return None  # the end of the line that was missing would be a part of the value
    changed = editor.changed()
    return None if changed is None else Edited(changed, editor.is_undone_exactly and text is chunk.text)


def same(left: Any, right: Any) -> bool:
    """Return whether two values are equal and of the same types: 1 is neither true nor 1.0."""
    if left is right:
        return True
    if type(left) is not type(right):
        return False
    if isinstance(left, dict):
        pairs, others = cast(dict[str, Any], left), cast(dict[str, Any], right)
        return pairs.keys() == others.keys() and all(same(value, others[key]) for key, value in pairs.items())
    if isinstance(left, list):
        items, rest = cast(list[Any], left), cast(list[Any], right)
        return len(items) == len(rest) and all(map(same, items, rest))
    return left == right


class _CannotError(Exception):
    """This part cannot be changed in place; perhaps what it is in can be written anew."""


class _Change(NamedTuple):
    start: int
    end: int
    text: str


class _Editor:
    def __init__(self, text: str, dumper: Dumper) -> None:
        self.text = text
        self.is_undone_exactly = True
        self._changes: list[_Change] = []
        self._dumper = dumper

    def changed(self) -> str | None:
        """Return the text after all changes; `None` if two of them meet."""
        parts: list[str] = []
        at = 0
        for change in sorted(self._changes, key=lambda each: (each.start, each.end)):
            if change.start < at:
                return None
            parts += (self.text[at : change.start], change.text)
            at = change.end
        return "".join([*parts, self.text[at:]])

    def value(self, node: Node, before: Any, after: Any) -> None:
        """Change a part."""
        if same(before, after):
            return
        match before, after:
            case (dict(), dict()) if node.keys is not None:
                self._map(node, cast(dict[str, Any], before), cast(dict[str, Any], after))
            case (list(), list()) if node.items is not None and node.keys is None:
                self._list(node, cast(list[Any], before), cast(list[Any], after))
            case _ if node.items is None and not isinstance(after, dict | list):
                self._scalar(node, before, after)
            case _:
                raise _CannotError

    def _map(self, node: Node, before: dict[str, Any], after: dict[str, Any]) -> None:
        keys, values = node.keys or [], node.items or []
        added = {key: value for key, value in after.items() if key not in before}
        if len(keys) != len(before) or not before.keys() & after.keys():
            raise _CannotError
        if node.is_flow:
            self._map_in_brackets(node, before, after)
            return
        for name, key, value in zip(before, keys, values, strict=True):
            if name not in after:
                self._remove(self._line_start(key.start), self._line_end(value))
            else:
                self._entry(node, (key, value), before[name], {name: after[name]})
        if added:
            self._insert(self._line_end(values[-1]), added, node.column)

    def _map_in_brackets(self, node: Node, before: dict[str, Any], after: dict[str, Any]) -> None:
        values = node.items or []
        kept = [name for name in before if name in after]
        if kept != list(before)[: len(kept)]:
            raise _CannotError
        for name, value in zip(kept, values, strict=False):
            self._in_brackets(value, before[name], after[name])
        if len(kept) < len(values):
            self._remove(values[len(kept) - 1].end, values[-1].end)
        for name in self._dumper.ordered(tuple(name for name in after if name not in before)):
            if isinstance(after[name], dict | list):
                raise _CannotError
            words = [self._dumper.scalar(word) for word in (name, after[name])]
            if not all(map(_SAFE_IN_BRACKETS.fullmatch, words)):
                raise _CannotError
            at = values[len(kept) - 1].end
            self._changes.append(_Change(at, at, f", {words[0]}: {words[1]}"))

    def _entry(self, parent: Node, place: tuple[Node, Node], before: Any, after: dict[str, Any]) -> None:
        """Change the value of a map's key, or write key and value anew."""
        key, value = place
        (new,) = after.values()
        done = len(self._changes)
        try:
            self.value(value, before, new)
        except _CannotError:
            del self._changes[done:]
            if not _COLON.match(self.text, key.end):
                raise
            self._rewrite(key.start, self._line_end(value), after, parent.column)

    def _list(self, node: Node, before: list[Any], after: list[Any]) -> None:
        items = node.items or []
        if node.is_flow:
            if len(items) != len(after):
                raise _CannotError
            for item, old, new in zip(items, before, after, strict=True):
                self._in_brackets(item, old, new)
            return
        old_names, new_names = _names(before, after)
        kept = [name for name in old_names if name in new_names]
        if len(items) != len(before) or not kept or kept != [name for name in new_names if name in old_names]:
            raise _CannotError
        places = dict(zip(old_names, range(len(items)), strict=True))
        for name, place in places.items():
            if name not in new_names:
                self._remove(self._line_start(self._dash(node, place)), self._line_end(items[place]))
        waiting: list[Any] = []
        for name, new in zip(new_names, after, strict=True):
            if name not in places:
                waiting.append(new)
                continue
            self._add(node, places[name], waiting)
            self._item(node, places[name], before[places[name]], new)
            waiting = []
        self._add(node, len(items), waiting)

    def _item(self, node: Node, place: int, before: Any, after: Any) -> None:
        item = (node.items or [])[place]
        done = len(self._changes)
        try:
            self.value(item, before, after)
        except _CannotError:
            del self._changes[done:]
            self._rewrite(self._dash(node, place), self._line_end(item), [after], node.column)

    def _add(self, node: Node, place: int, new: list[Any]) -> None:
        """Add items before the one at a place, and before what is commented about it."""
        if not new:
            return
        if place:
            self._insert(self._line_end((node.items or [])[place - 1]), new, node.column)
            return
        start = self._line_start(node.start)
        while (above := self.text.rfind("\n", 0, max(start - 1, 0)) + 1) < start:
            line = self.text[above:start]
            if not line.startswith(" " * node.column + "#"):
                break
            start = above
        self._insert(start, new, node.column)

    def _scalar(self, node: Node, before: Any, after: Any) -> None:
        old, new = self.text[node.start : node.end], self._dumper.scalar(after)
        if node.is_block_text or "\n" in new or "\n" in old:
            raise _CannotError
        self.is_undone_exactly &= old == self._dumper.scalar(before)
        self._changes.append(_Change(node.start, node.end, new if old else f" {new}"))

    def _in_brackets(self, node: Node, before: Any, after: Any) -> None:
        if same(before, after):
            return
        scalar = not isinstance(after, dict | list)
        if scalar and not _SAFE_IN_BRACKETS.fullmatch(self._dumper.scalar(after)):
            raise _CannotError
        self.value(node, before, after)

    def _insert(self, at: int, new: Any, column: int) -> None:
        self._changes.append(_Change(at, at, " " * column + self._lines(new, column)))

    def _rewrite(self, start: int, end: int, new: Any, column: int) -> None:
        if self.text[self.text.rfind("\n", 0, start) + 1 : start].strip(" -"):
            raise _CannotError
        self.is_undone_exactly = False
        self._changes.append(_Change(start, end, self._lines(new, column)))

    def _remove(self, start: int, end: int) -> None:
        self.is_undone_exactly = False
        self._changes.append(_Change(start, end, ""))

    def _lines(self, new: Any, column: int) -> str:
        """Write something as lines at a column, the first of which is begun already."""
        last = self._dumper.last(new)
        if isinstance(last, str) and "\n" in last:
            self.is_undone_exactly = False  # blank lines after it would go with it
            if last.endswith("\n\n") or not last.strip("\n"):
                raise _CannotError  # such lines would be a part of it
        first, *rest = self._dumper.dump(new).split("\n")
        return "\n".join([first, *(" " * column + line if line else line for line in rest)])

    def _line_start(self, at: int) -> int:
        start = self.text.rfind("\n", 0, at) + 1
        if self.text[start:at].strip(" "):
            raise _CannotError
        return start

    def _line_end(self, node: Node) -> int:
        """Return where the line after a part begins."""
        if node.is_block_text:
            if self.text[node.end - 1] != "\n":
                raise _CannotError
            return node.end
        end = self.text.index("\n", node.end)
        if not _REST.fullmatch(self.text, node.end, end):
            raise _CannotError
        return end + 1

    def _dash(self, node: Node, place: int) -> int:
        """Return where the dash of a list's item is."""
        if place == 0:
            return node.start
        items = node.items or []
        start = self._line_end(items[place - 1])
        mark = " " * node.column + "-"
        while start < items[place].start:
            if self.text.startswith(mark, start):
                return start + node.column
            start = self.text.index("\n", start) + 1
        raise _CannotError


def _names(before: list[Any], after: list[Any]) -> tuple[list[Any], list[Any]]:
    """Tell which items of two lists are the same ones: by their names, or else by their places."""
    named = [_all_names(items) for items in (before, after)]
    if named[0] is not None and named[1] is not None:
        return named[0], named[1]
    if len(before) != len(after):
        raise _CannotError
    return list(range(len(before))), list(range(len(after)))


def _all_names(items: Iterable[Any]) -> list[str] | None:
    names = [cast(dict[str, Any], item).get("name") if isinstance(item, dict) else None for item in items]
    found = [name for name in names if isinstance(name, str)]
    return found if len(set(found)) == len(names) else None
