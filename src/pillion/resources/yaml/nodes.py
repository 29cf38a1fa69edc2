"""Where the parts of a document stand in its text: what an edit in place needs to know."""

from typing import Any, cast

import yaml

from pillion.resources.yaml.events import Chunk, events


class Node:
    """A scalar, map or list; places count characters from the start of the chunk."""

    __slots__ = ("column", "end", "is_block_text", "is_flow", "items", "keys", "start")

    def __init__(self, event: Any) -> None:
        mark = event.start_mark
        self.start: int = mark.index
        self.column: int = mark.column
        self.end: int = event.end_mark.index
        self.is_flow: bool = bool(getattr(event, "flow_style", False))
        self.is_block_text: bool = getattr(event, "style", None) in {"|", ">"}
        """Whether it ends with a literal or folded text: then `end` is the start of a line, blank ones passed."""
        self.keys: list[Node] | None = None
        self.items: list[Node] | None = None
        """Of a map its values, in the order of `keys`."""

    def close(self, event: Any) -> None:
        """Note where a map or list ends: the parser says it of the brackets only, else of what comes next."""
        if self.is_flow or not self.items:
            self.end = event.end_mark.index
        else:
            self.end, self.is_block_text = self.items[-1].end, self.items[-1].is_block_text


def parse(chunk: Chunk) -> Node | None:
    """Return the root of a chunk's only document; `None` where an anchor, alias or tag makes a part more than it shows.

    Raises `SyntaxFault`, as reading the chunk does.
    """
    root: Node | None = None
    stack: list[Node] = []
    for event in events(chunk):
        kind = cast("type[yaml.Event]", type(event))
        if kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            stack.pop().close(event)
            continue
        if kind is yaml.AliasEvent or getattr(event, "anchor", None) or getattr(event, "tag", None):
            return None
        if kind not in {yaml.ScalarEvent, yaml.MappingStartEvent, yaml.SequenceStartEvent}:
            continue
        node = Node(event)
        if not stack and root is not None:
            return None
        if not stack:
            root = node
        else:
            _place(stack[-1], node)
        if kind is not yaml.ScalarEvent:
            node.items = []
            node.keys = [] if kind is yaml.MappingStartEvent else None
            stack.append(node)
    return root


def _place(parent: Node, node: Node) -> None:
    assert parent.items is not None  # noqa: S101 only maps and lists are on the stack
    if parent.keys is not None and len(parent.keys) == len(parent.items):
        parent.keys.append(node)
    else:
        parent.items.append(node)
