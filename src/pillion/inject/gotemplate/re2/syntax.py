"""Regular expressions in RE2's syntax to trees, refusing what Go refuses, with its messages."""

import re
from typing import NoReturn

import msgspec

from pillion.inject.gotemplate.re2 import classes, nodes
from pillion.inject.gotemplate.re2.classes import CharacterSet

MAX_REPEAT = 1000
MAX_DEPTH = 60
_COUNT = re.compile(r"\{([0-9]+)(,([0-9]*))?\}")
_FLAGS = re.compile(r"\(\?([imsU]*)(?:-([imsU]+))?([:)])")
_NAMED = re.compile(r"\(\?P?<([^>]*)>")
_SIMPLE = {"a": 7, "f": 12, "t": 9, "n": 10, "r": 13, "v": 11}
_ANY = CharacterSet(((0, classes.LAST),))
_NOT_NEWLINE = CharacterSet(((0, 9), (11, classes.LAST)))


class RegexError(Exception):
    """The expression is wrong; the message is Go's."""


class Parsed(msgspec.Struct, frozen=True):
    """A tree, and what its groups are called."""

    tree: nodes.Node
    names: tuple[str, ...]
    """Of the groups, from the first on; empty for those without a name."""


class _Flags(msgspec.Struct, frozen=True):
    fold: bool = False
    multiline: bool = False
    dot_newline: bool = False
    swapped: bool = False


def parse(expression: str) -> Parsed:
    """Parse a regular expression; raises RegexError."""
    parser = _Parser(expression)
    tree = parser.choice(_Flags(), 0)
    if parser.at < len(expression):
        parser.fail("unexpected )", expression)
    return Parsed(tree, tuple(parser.names))


class _Parser:
    def __init__(self, text: str) -> None:
        self.text: str = text
        self.at: int = 0
        self.names: list[str] = []
        self.flags: _Flags = _Flags()

    def fail(self, code: str, where: str) -> NoReturn:
        raise RegexError(f"error parsing regexp: {code}: `{where}`")

    def choice(self, flags: _Flags, depth: int) -> nodes.Node:
        if depth > MAX_DEPTH:
            self.fail("expression nests too deeply", self.text)
        outer, self.flags = self.flags, flags
        branches = [self.sequence(depth)]
        while self.text[self.at : self.at + 1] == "|":
            self.at += 1
            branches.append(self.sequence(depth))
        self.flags = outer
        return branches[0] if len(branches) == 1 else nodes.Choice(tuple(branches))

    def sequence(self, depth: int) -> nodes.Node:
        parts: list[nodes.Node] = []
        repeated = -1
        while self.at < len(self.text) and self.text[self.at] not in "|)":
            start = self.at
            if self.text.startswith("\\Q", start):
                parts.extend(self.quoted())
                continue
            counted = self.repetition()
            if counted is not None:
                self.repeat(parts, counted, start, repeated)
                repeated = self.at
                continue
            part = self.atom(depth)
            if part is not None:
                parts.append(part)
        return parts[0] if len(parts) == 1 else nodes.Sequence(tuple(parts)) if parts else nodes.Empty()

    def quoted(self) -> list[nodes.Node]:
        end = self.text.find("\\E", self.at)
        body = self.text[self.at + 2 : end if end >= 0 else len(self.text)]
        self.at = end + 2 if end >= 0 else len(self.text)
        return [self.literal(ord(character)) for character in body]

    def literal(self, code: int) -> nodes.Node:
        if not self.flags.fold:
            return nodes.Characters(CharacterSet(((code, code),)))
        forms = {chr(code), *(form for form in (chr(code).lower(), chr(code).upper()) if len(form) == 1)}
        return nodes.Characters(CharacterSet([(ord(form), ord(form)) for form in sorted(forms)], fold=True))

    # Repetition

    def repetition(self) -> tuple[int, int | None] | None:
        """Read an operator such as `*` or `{2,3}`; None when there is none here."""
        operator = self.text[self.at]
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        if operator in simple:
            self.at += 1
            return simple[operator]
        match = _COUNT.match(self.text, self.at) if operator == "{" else None
        if match is None:
            return None
        least = int(match[1][:6])
        most = least if match[2] is None else int(match[3][:6]) if match[3] else None
        if least > MAX_REPEAT or (most is not None and (most > MAX_REPEAT or most < least)):
            self.fail("invalid repeat count", match[0])
        self.at = match.end()
        return least, most

    def repeat(self, parts: list[nodes.Node], counted: tuple[int, int | None], start: int, repeated: int) -> None:
        lazy = self.text[self.at : self.at + 1] == "?"
        self.at += lazy
        operator = self.text[start : self.at]
        if repeated == start and start > 0:
            self.fail("invalid nested repetition operator", self.previous(start) + operator)
        if not parts:
            self.fail("missing argument to repetition operator", operator)
        least, most = counted
        parts[-1] = nodes.Repeat(parts[-1], least, most, lazy is self.flags.swapped)
        if _copies(parts[-1]) > MAX_REPEAT:
            self.fail("invalid repeat count", operator)

    def previous(self, end: int) -> str:
        match = re.search(r"(?:[*+?]|\{[0-9,]+\})\??\Z", self.text[:end])
        return match[0] if match else ""

    # Atoms

    def atom(self, depth: int) -> nodes.Node | None:
        character = self.text[self.at]
        match character:
            case "(":
                return self.group(depth)
            case "[":
                return nodes.Characters(self.bracket())
            case "\\":
                return self.escape()
            case ".":
                self.at += 1
                return nodes.Characters(_ANY if self.flags.dot_newline else _NOT_NEWLINE)
            case "^":
                self.at += 1
                return nodes.Assertion("line start" if self.flags.multiline else "text start")
            case "$":
                self.at += 1
                return nodes.Assertion("line end" if self.flags.multiline else "text end")
            case _:
                self.at += 1
                return self.literal(ord(character))

    def group(self, depth: int) -> nodes.Node | None:
        start = self.at
        index = 0
        flags = self.flags
        if not self.text.startswith("(?", start):
            self.names.append("")
            index = len(self.names)
            self.at += 1
        elif self.text.startswith(("(?P<", "(?<"), start):
            index = self.named()
        else:
            match = _FLAGS.match(self.text, start)
            if match is None or (not match[1] and not match[2] and match[3] == ")"):
                self.fail("invalid or unsupported Perl syntax", self.text[start : start + 3])
            flags = self.changed(match[1], match[2] or "")
            self.at = match.end()
            if match[3] == ")":
                self.flags = flags
                return None
        body = self.choice(flags, depth + 1)
        if self.at >= len(self.text):
            self.fail("missing closing )", self.text)
        self.at += 1
        return nodes.Group(body, index) if index else body

    def named(self) -> int:
        match = _NAMED.match(self.text, self.at)
        if match is None:
            self.fail("invalid named capture", self.text[self.at :])
        if not re.fullmatch(r"[0-9A-Za-z_]+", match[1]):
            self.fail("invalid named capture", match[0])
        self.names.append(match[1])
        self.at = match.end()
        return len(self.names)

    def changed(self, on: str, off: str) -> _Flags:
        names = {"i": "fold", "m": "multiline", "s": "dot_newline", "U": "swapped"}
        changes = {names[flag]: True for flag in on} | {names[flag]: False for flag in off}
        return msgspec.structs.replace(self.flags, **changes)

    # Escapes

    def escape(self) -> nodes.Node:
        positions: dict[str, nodes.Position] = {
            "A": "text start",
            "z": "text end",
            "b": "word boundary",
            "B": "no word boundary",
        }
        following = self.text[self.at + 1 : self.at + 2]
        if following in positions:
            self.at += 2
            return nodes.Assertion(positions[following])
        shorthand = self.shorthand()
        if shorthand is not None:
            ranges, properties = shorthand
            return nodes.Characters(CharacterSet(ranges, properties, fold=self.flags.fold))
        return self.literal(self.code())

    def shorthand(self) -> tuple[classes.Ranges, tuple[tuple[str, bool], ...]] | None:
        r"""Read `\d`, `\W`, `\pL`, `\P{Greek}` and the like; None for other escapes."""
        letter = self.text[self.at + 1 : self.at + 2]
        if letter and letter.lower() in classes.PERL:
            self.at += 2
            ranges = classes.PERL[letter.lower()]
            return (classes.complement(ranges) if letter.isupper() else ranges), ()
        if letter not in {"p", "P"}:
            return None
        start = self.at
        name = self.text[self.at + 2 : self.at + 3]
        self.at += 3
        if name == "{":
            end = self.text.find("}", self.at)
            if end < 0:
                self.fail("invalid character class range", self.text[start:])
            name = self.text[self.at : end]
            self.at = end + 1
        negated = letter == "P"
        if name.startswith("^"):
            negated, name = not negated, name[1:]
        if name not in classes.CATEGORIES and name not in classes.SCRIPTS:
            self.fail("invalid character class range", self.text[start : self.at])
        return (), ((name, negated),)

    def code(self) -> int:
        """Read an escaped character."""
        start = self.at
        self.at += 2
        if self.at > len(self.text):
            raise RegexError("error parsing regexp: trailing backslash at end of expression: ``")
        letter = self.text[start + 1]
        if letter in _SIMPLE:
            return _SIMPLE[letter]
        if letter == "x":
            return self.hexadecimal(start)
        octal = re.compile(r"[0-7]{1,3}").match(self.text, start + 1) if letter in "01234567" else None
        if octal is not None and (letter == "0" or len(octal[0]) > 1):
            self.at = octal.end()
            return int(octal[0], 8)
        if letter.isascii() and not letter.isalnum() and letter != "_":
            return ord(letter)
        return self.fail("invalid escape sequence", self.text[start : self.at])

    def hexadecimal(self, start: int) -> int:
        match = re.compile(r"\\x(?:([0-9A-Fa-f]{2})|\{([0-9A-Fa-f]{1,8})\})").match(self.text, start)
        code = int(match[1] or match[2], 16) if match else classes.LAST + 1
        if match is None or code > classes.LAST:
            self.fail("invalid escape sequence", match[0].rstrip("}") if match else self.text[start : start + 3])
        self.at = match.end()
        return code

    # Brackets

    def bracket(self) -> CharacterSet:
        start = self.at
        self.at += 1
        negated = self.text[self.at : self.at + 1] == "^"
        self.at += negated
        ranges: list[tuple[int, int]] = []
        properties: list[tuple[str, bool]] = []
        first = True
        while first or self.text[self.at : self.at + 1] != "]":
            if self.at >= len(self.text):
                self.fail("missing closing ]", self.text[start:])
            first = False
            self.bracket_item(start, ranges, properties)
        self.at += 1
        return CharacterSet(ranges, properties, negated=negated, fold=self.flags.fold)

    def bracket_item(self, start: int, ranges: list[tuple[int, int]], properties: list[tuple[str, bool]]) -> None:
        if self.text.startswith("[:", self.at):
            end = self.text.find(":]", self.at + 2)
            if end >= 0:
                ranges.extend(self.posix(end))
                return
        if self.text[self.at] == "\\":
            shorthand = self.shorthand()
            if shorthand is not None:
                ranges.extend(shorthand[0])
                properties.extend(shorthand[1])
                return
        item = self.at
        low = high = self.bracket_code(start)
        if self.text.startswith("-", self.at) and self.text[self.at + 1 : self.at + 2] not in {"", "]"}:
            self.at += 1
            high = self.bracket_code(start)
            if high < low:
                self.fail("invalid character class range", self.text[item : self.at])
        ranges.append((low, high))

    def bracket_code(self, start: int) -> int:
        if self.at >= len(self.text):
            self.fail("missing closing ]", self.text[start:])
        if self.text[self.at] == "\\":
            return self.code()
        self.at += 1
        return ord(self.text[self.at - 1])

    def posix(self, end: int) -> classes.Ranges:
        name = self.text[self.at + 2 : end]
        negated = name.startswith("^")
        ranges = classes.POSIX.get(name.removeprefix("^"))
        if ranges is None:
            self.fail("invalid character class range", self.text[self.at : end + 2])
        self.at = end + 2
        return classes.complement(ranges) if negated else ranges


def _copies(node: nodes.Node) -> int:
    """Return how often the innermost part of nested repetitions is copied."""
    match node:
        case nodes.Repeat():
            count = max(node.least, node.most or 0) if (node.least, node.most) not in {(0, None), (1, None)} else 1
            return max(1, count) * _copies(node.body)
        case nodes.Group():
            return _copies(node.body)
        case nodes.Sequence():
            return max(map(_copies, node.parts))
        case nodes.Choice():
            return max(map(_copies, node.branches))
        case _:
            return 1
