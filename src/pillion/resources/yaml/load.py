"""Events to JSON-like values: dicts, lists, texts, numbers, booleans, null."""

from typing import Any, NamedTuple, cast

import yaml

from pillion.resources.yaml.events import Chunk, SyntaxFault, chunks, events, fault
from pillion.resources.yaml.scalar import MERGE, ScalarError, is_plainly_text, key_text, resolve, resolve_key
from pillion.value import Diagnostic, Diagnostics, Where

DEEPEST = 200
"""How many maps and lists may stand inside one another."""
MOST_ALIASED = 1_000_000
"""How many values aliases may add to a text, in all its documents together."""

_MERGE_KEY = object()
_NO_KEY = object()


class AliasBudget:
    """How many values aliases may still add to a text."""

    __slots__ = ("left",)

    def __init__(self, left: int = MOST_ALIASED) -> None:
        self.left = left


class Loaded(NamedTuple):
    """The documents of a text, and what is wrong with it."""

    contents: list[Any]
    diagnostics: Diagnostics


def load(text: str) -> tuple[Any, Diagnostics]:
    """Read the first document as Go's `yaml.Unmarshal` does; `None` and an error where Go gives an error."""
    for chunk in chunks(text):
        loaded = load_chunk(chunk, first_only=True)
        if loaded.contents or loaded.diagnostics:
            return next(iter(loaded.contents), None), loaded.diagnostics
    return None, ()


def load_chunk(chunk: Chunk, *, first_only: bool = False, budget: AliasBudget | None = None) -> Loaded:
    """Read the documents of a chunk; a broken one counts as a document that is null.

    Chunks of one text share a `budget`; without it the chunk has one of its own.
    """
    builder = _Builder(chunk, budget or AliasBudget())
    contents: list[Any] = []
    try:
        for event in events(chunk):
            if type(event) is yaml.DocumentEndEvent:
                contents.append(builder.finish())
                if first_only:
                    break
            else:
                builder.take(event)
    except SyntaxFault as broken:
        return Loaded([*contents, None], (*builder.warnings, broken.diagnostic))
    return Loaded(contents, tuple(builder.warnings))


class _Frame:
    """A map or list that is being filled."""

    __slots__ = ("anchor", "container", "is_map", "key")

    def __init__(self, container: dict[str, Any] | list[Any], anchor: str | None) -> None:
        self.container = container
        self.anchor = anchor
        self.is_map = isinstance(container, dict)
        self.key: Any = _NO_KEY


class _Builder:
    def __init__(self, chunk: Chunk, budget: AliasBudget) -> None:
        self.chunk = chunk
        self.warnings: list[Diagnostic] = []
        self._stack: list[_Frame] = []
        self._anchors: dict[str, Any] = {}
        self._result: Any = None
        self._budget = budget

    def finish(self) -> Any:
        result, self._result, self._anchors = self._result, None, {}
        return result

    def take(self, event: Any) -> None:
        kind = cast("type[yaml.Event]", type(event))
        if kind is yaml.ScalarEvent:
            self._take_scalar(event)
        elif kind is yaml.MappingStartEvent:
            self._open({}, event)
        elif kind is yaml.SequenceStartEvent:
            self._open([], event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            frame = self._stack.pop()
            if frame.anchor is not None:
                self._anchors[frame.anchor] = frame.container
            self._place(frame.container, event)
        elif kind is yaml.AliasEvent:
            self._place(self._alias(event), event)

    def _open(self, container: dict[str, Any] | list[Any], event: Any) -> None:
        if self._stack and self._stack[-1].is_map and self._stack[-1].key is _NO_KEY:
            raise fault(
                "invalid map key: a map or list (a template's {{ }} needs quotes)", event.start_mark, self.chunk
            )
        if len(self._stack) >= DEEPEST:
            raise fault("is nested too deeply", event.start_mark, self.chunk)
        if event.anchor is not None:
            self._anchors[event.anchor] = _NO_KEY
        self._stack.append(_Frame(container, event.anchor))

    def _take_scalar(self, event: Any) -> None:
        frame = self._stack[-1] if self._stack else None
        is_key = frame is not None and frame.is_map and frame.key is _NO_KEY
        is_plain = event.tag is None and event.implicit[0]
        text = event.value
        if is_key and text == "<<" and (is_plain or event.tag == MERGE):
            cast(_Frame, frame).key = _MERGE_KEY
            return
        if event.tag is None and event.anchor is None and (not is_plain or is_plainly_text(text)):
            self._place(text, event)
        else:
            self._place(self._resolved(event, is_plain=is_plain, is_key=is_key), event)

    def _resolved(self, event: Any, *, is_plain: bool, is_key: bool) -> Any:
        tag = None if is_plain else event.tag or "!"
        try:
            if event.anchor is not None:
                self._anchors[event.anchor] = resolve(event.value, tag)
            return resolve_key(event.value, tag) if is_key else resolve(event.value, tag)
        except ScalarError as error:
            raise fault(str(error), event.start_mark, self.chunk, "yaml-value") from error

    def _alias(self, event: Any) -> Any:
        if event.anchor not in self._anchors:
            raise fault(f"unknown anchor {event.anchor!r} referenced", event.start_mark, self.chunk)
        value = self._anchors[event.anchor]
        if value is _NO_KEY:
            raise fault(f"anchor {event.anchor!r} value contains itself", event.start_mark, self.chunk)
        return self._copy(value, len(self._stack), event)

    def _copy(self, value: Any, depth: int, event: Any) -> Any:
        self._budget.left -= 1
        if self._budget.left < 0 or depth > DEEPEST:
            raise fault("document contains excessive aliasing", event.start_mark, self.chunk)
        if isinstance(value, dict):
            pairs = cast(dict[str, Any], value)
            return {key: self._copy(item, depth + 1, event) for key, item in pairs.items()}
        if isinstance(value, list):
            return [self._copy(item, depth + 1, event) for item in cast(list[Any], value)]
        return value

    def _place(self, value: Any, event: Any) -> None:
        if not self._stack:
            self._result = value
            return
        frame = self._stack[-1]
        if not frame.is_map:
            cast(list[Any], frame.container).append(value)
        elif frame.key is _NO_KEY:
            self._take_key(frame, value, event)
        elif frame.key is _MERGE_KEY:
            self._merge(cast(dict[str, Any], frame.container), value, event)
            frame.key = _NO_KEY
        else:
            cast(dict[str, Any], frame.container)[frame.key] = value
            frame.key = _NO_KEY

    def _take_key(self, frame: _Frame, value: Any, event: Any) -> None:
        key = value if type(value) is str else None if isinstance(value, dict | list) else key_text(value)
        if key is None:
            raise fault("invalid map key: null, a map or a list", event.start_mark, self.chunk)
        if key in frame.container:
            self._warn_of_duplicate(key, event)
        frame.key = key

    def _warn_of_duplicate(self, key: str, event: Any) -> None:
        line = self.chunk.lines_before + 1 + event.start_mark.line
        where = Where(line=line, column=event.start_mark.column + 1)
        message = f"key {key!r} is already set in this map, the last one counts"
        hint = "is a --- missing before it?" if key in {"apiVersion", "kind"} and len(self._stack) == 1 else ""
        self.warnings.append(
            Diagnostic(code="duplicate-key", severity="warning", message=message, where=where, hint=hint)
        )

    def _merge(self, into: dict[str, Any], value: Any, event: Any) -> None:
        # Go's reader lets a later merge replace an earlier key; among several maps the first one counts.
        maps = list(reversed(cast(list[Any], value))) if isinstance(value, list) else [value]
        for one in maps:
            if not isinstance(one, dict):
                raise fault("map merge requires map or sequence of maps as the value", event.start_mark, self.chunk)
            into.update(cast(dict[str, Any], one))
