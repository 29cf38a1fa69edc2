"""The form of a document, which its value does not tell: order, quotes, comments.

Where taking an injection off again would not give back the very text, the reversal remembers the lines that differ.
They are believed only if the text that they are laid over is the one they were made for; what is said in them is
checked by whoever uses them.
"""

import hashlib
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Any, cast

from pillion.inject.schema.encode import go_json
from pillion.inject.schema.types import Json

MOST = 4096
"""Bytes that a document may carry about its form."""
_COMPARED = 500
"""Lines that are compared one by one: it takes time that grows with their square."""


def difference(text: str, wanted: str) -> Json | None:
    """Return what makes one text of the other; `None` if that would be too much to carry."""
    lines, others = text.splitlines(keepends=True), wanted.splitlines(keepends=True)
    same = sum(1 for _ in takewhile(_is_equal, zip(lines, others, strict=False)))
    rest, other_rest = lines[same:], others[same:]
    tail = sum(1 for _ in takewhile(_is_equal, zip(reversed(rest), reversed(other_rest), strict=False)))
    rest, other_rest = rest[: len(rest) - tail], other_rest[: len(other_rest) - tail]
    if max(len(rest), len(other_rest)) > _COMPARED:
        return None
    hunks = [
        [start + same, end + same, "".join(other_rest[begin:stop])]
        for tag, start, end, begin, stop in SequenceMatcher(None, rest, other_rest, autojunk=False).get_opcodes()
        if tag != "equal"
    ]
    found = {"of": _digest(text), "lines": hunks}
    return found if len(go_json(found)) <= MOST else None


def applied(text: str, remembered: Json) -> str | None:
    """Return the text with the remembered lines; `None` if they were remembered for another one."""
    hunks = remembered.get("lines")
    if remembered.get("of") != _digest(text) or not isinstance(hunks, list):
        return None
    lines = text.splitlines(keepends=True)
    parts: list[str] = []
    at = 0
    for hunk in cast(list[Any], hunks):
        match hunk:
            case [int() as start, int() as end, str() as new] if at <= start <= end <= len(lines):
                parts += (*lines[at:start], new)
                at = end
            case _:
                return None
    return "".join([*parts, *lines[at:]])


def _is_equal(pair: tuple[str, str]) -> bool:
    return pair[0] == pair[1]


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=6).hexdigest()
