"""Compiled regular expressions: finding, replacing and splitting as Go's regexp does, the leftmost match preferred."""

import re
from collections.abc import Callable, Iterator
from functools import lru_cache

from pillion.inject.gotemplate.re2.nodes import Position
from pillion.inject.gotemplate.re2.program import Instruction, assemble
from pillion.inject.gotemplate.re2.syntax import parse

Spans = tuple[int, ...]
"""Begin and end of the match, then of each group; -1 for a group that took no part."""
Step = Callable[[int], None]

_REFERENCE = re.compile(r"\$(?:\{(\w+)\}|(\w+)|(\$))?")
_META = re.compile(r"[\\.+*?()|\[\]{}^$]")


@lru_cache(maxsize=256)
def compile_pattern(expression: str) -> "Pattern":
    """Compile an expression; raises RegexError."""
    parsed = parse(expression)
    return Pattern(expression, assemble(parsed), parsed.names)


def quote_meta(text: str) -> str:
    """Return an expression that matches just this text."""
    return _META.sub(r"\\\g<0>", text)


class Pattern:
    """A compiled expression. Each method takes a `step` that is told how much work is done, and may stop it."""

    def __init__(self, expression: str, code: list[Instruction], names: tuple[str, ...]) -> None:
        self.expression: str = expression
        self.code: list[Instruction] = code
        self.names: tuple[str, ...] = names
        self.slots: int = 2 * len(names) + 2

    def search(self, text: str, start: int, step: Step) -> Spans | None:
        """Return the leftmost match from `start` on; None when there is none."""
        return _Machine(self.code, self.slots, text, step).run(start)

    def matches(self, text: str, count: int, step: Step) -> Iterator[Spans]:
        """Yield matches that do not overlap; at most `count`, all when it is negative."""
        at, previous, left = 0, -1, len(text) + 1 if count < 0 else count
        while left > 0 and at <= len(text):
            found = self.search(text, at, step)
            if found is None:
                return
            accepted = True
            if found[1] == at:
                accepted = found[0] != previous
                at += 1
            else:
                at = found[1]
            previous = found[1]
            if accepted:
                yield found
                left -= 1

    def replace(self, text: str, expand: Callable[[Spans], str], step: Step) -> str:
        """Replace every match by what `expand` makes of it."""
        parts: list[str] = []
        last = at = 0
        while at <= len(text):
            found = self.search(text, at, step)
            if found is None:
                break
            parts.append(text[last : found[0]])
            if found[1] > last or found[0] == 0:
                parts.append(expand(found))
            last = found[1]
            at = max(at + 1, found[1])
        return "".join([*parts, text[last:]])

    def expand(self, template: str, text: str, spans: Spans) -> str:
        """Fill in `$1`, `${1}`, `$name`, `${name}` and `$$`."""

        def fill(match: re.Match[str]) -> str:
            braced, bare, dollar = match.groups()
            if dollar:
                return "$"
            name = braced or bare
            return match[0] if name is None else self.group(name, text, spans)

        return _REFERENCE.sub(fill, template)

    def group(self, name: str, text: str, spans: Spans) -> str:
        """Return what a group matched, by number or name; nothing for one that does not exist."""
        if re.fullmatch(r"0|[1-9][0-9]{0,7}", name):
            indices = [int(name)]
        else:
            indices = [index for index, known in enumerate(self.names, 1) if known == name]
        for index in indices:
            if 2 * index < len(spans) and spans[2 * index] >= 0:
                return text[spans[2 * index] : spans[2 * index + 1]]
        return ""

    def split(self, text: str, count: int, step: Step) -> list[str] | None:
        """Split a text at the matches, into at most `count` parts unless it is negative; None for 0."""
        if count == 0:
            return None
        if self.expression and not text:
            return [""]
        parts: list[str] = []
        begin = end = 0
        for found in self.matches(text, count, step):
            if 0 < count == len(parts) + 1:
                break
            end = found[0]
            if found[1] != 0:
                parts.append(text[begin:end])
            begin = found[1]
        if end != len(text):
            parts.append(text[begin:])
        return parts


Thread = tuple[int, Spans]


class _Machine:
    """Runs a program over a text; every instruction at most once for each character, so the time is bounded."""

    def __init__(self, code: list[Instruction], slots: int, text: str, step: Step) -> None:
        self.code: list[Instruction] = code
        self.slots: int = slots
        self.weight: int = 1 + (slots >> 5)
        self.text: str = text
        self.step: Step = step

    def run(self, start: int) -> Spans | None:
        text, code = self.text, self.code
        threads: list[Thread] = []
        best: Spans | None = None
        seen = set[int]()
        nowhere = (-1,) * self.slots
        for at in range(start, len(text) + 1):
            if best is None:
                waiting = {pc for pc, _ in threads}
                self.follow(threads, waiting, 0, nowhere, at)
            if not threads and best is not None:
                break
            self.step((len(seen) + 1) * self.weight)
            following: list[Thread] = []
            seen = set[int]()
            character = text[at] if at < len(text) else ""
            for pc, spans in threads:
                instruction = code[pc]
                if instruction.operation == "match":
                    best = spans
                    break
                characters = instruction.characters
                if character and characters is not None and characters.has(character):
                    self.follow(following, seen, instruction.first, spans, at + 1)
            threads = following
        return best

    def follow(self, threads: list[Thread], seen: set[int], start: int, spans: Spans, at: int) -> None:
        """Add the threads within reach of an instruction without taking a character, in order of preference."""
        code = self.code
        stack: list[Thread] = [(start, spans)]
        while stack:
            pc, spans = stack.pop()
            if pc in seen:
                continue
            seen.add(pc)
            instruction = code[pc]
            match instruction.operation:
                case "jump":
                    stack.append((instruction.first, spans))
                case "fork":
                    stack.append((instruction.second, spans))
                    stack.append((instruction.first, spans))
                case "save":
                    slot = instruction.second
                    stack.append((instruction.first, (*spans[:slot], at, *spans[slot + 1 :])))
                case "assert":
                    if self.holds(instruction.position, at):
                        stack.append((instruction.first, spans))
                case _:
                    threads.append((pc, spans))

    def holds(self, position: Position, at: int) -> bool:
        text = self.text
        match position:
            case "text start":
                return at == 0
            case "text end":
                return at == len(text)
            case "line start":
                return at == 0 or text[at - 1] == "\n"
            case "line end":
                return at == len(text) or text[at] == "\n"
            case "word boundary":
                return self.at_word(at - 1) is not self.at_word(at)
            case "no word boundary":
                return self.at_word(at - 1) is self.at_word(at)

    def at_word(self, at: int) -> bool:
        if not 0 <= at < len(self.text):
            return False
        character = self.text[at]
        return character.isascii() and (character.isalnum() or character == "_")
