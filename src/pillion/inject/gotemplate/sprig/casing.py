"""sprig's functions on letters and words: case, initials, abbreviation, wrapping."""

import unicodedata
from collections.abc import Mapping
from itertools import groupby
from typing import Literal

from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import from_bytes, to_bytes
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.sprig.strings import GO_SPACE

_SPACES = frozenset(GO_SPACE)
_LATIN_SPACES = frozenset("\t\n\v\f\r \x85\xa0")

WordKind = Literal["number", "upper", "letters", "connector", "punctuation", "other", "end"]


def _simple(character: str, changed: str) -> str:
    return changed if len(changed) == 1 else character


def upper(text: str) -> str:
    """Return a string in capitals, character by character."""
    return text.upper() if text.isascii() else "".join(_simple(c, c.upper()) for c in text)


def lower(text: str) -> str:
    """Return a string in small letters, character by character."""
    return text.lower() if text.isascii() else "".join(c.lower()[0] for c in text)


def title(text: str) -> str:
    """Begin every word with a capital; words are separated by space and by ASCII that is no letter or digit."""
    previous = " "
    found: list[str] = []
    for character in text:
        found.append(_simple(character, character.title()) if _separates(previous) else character)
        previous = character
    return "".join(found)


def _separates(character: str) -> bool:
    if character.isascii():
        return not (character.isalnum() or character == "_")
    return unicodedata.category(character)[0] != "L" and not character.isdecimal() and character in _SPACES


def untitle(text: str) -> str:
    """Begin every word with a small letter."""
    gap = True
    found: list[str] = []
    for character in text:
        space = character in _SPACES
        found.append(lower(character) if gap and not space else character)
        gap = space
    return "".join(found)


def swap_case(text: str) -> str:
    """Swap capitals and small letters; a small letter that begins a word gets its title case."""
    gap = True
    found: list[str] = []
    for character in text:
        category = unicodedata.category(character)
        if category in {"Lu", "Lt"}:
            found.append(_simple(character, character.lower()))
            gap = False
        elif category == "Ll":
            found.append(_simple(character, character.title() if gap else character.upper()))
            gap = False
        else:
            found.append(character)
            gap = character in _SPACES
    return "".join(found)


def no_space(text: str) -> str:
    """Remove all space. Go's library reads bytes here, not characters; so do we."""
    bytewise = to_bytes(text).decode("latin-1")
    kept = "".join(character for character in bytewise if character not in _LATIN_SPACES)
    return text if len(kept) == len(bytewise) else kept


def initials(text: str) -> str:
    """Return the first letter (byte, for Go's library) of every word."""
    gap = True
    found: list[str] = []
    for character in to_bytes(text).decode("latin-1"):
        space = character in _LATIN_SPACES
        if gap and not space:
            found.append(character)
        gap = space
    return "".join(found)


def abbreviate(width: int, text: str) -> str:
    """Cut a string to `width` bytes, the last three being dots."""
    return text if width < 4 else _abbreviated(to_bytes(text), 0, width)


def abbreviate_both(left: int, width: int, text: str) -> str:
    """Cut a string to `width` bytes from `left` on, with dots on both sides."""
    if width < 4 or (left > 0 and width < 7):
        return text
    return _abbreviated(to_bytes(text), left, width)


def _abbreviated(data: bytes, offset: int, width: int) -> str:
    size = len(data)
    if size <= width:
        return from_bytes(data)
    offset = min(offset, size)
    if size - offset < width - 3:
        offset = size - (width - 3)
    if offset <= 4:
        return from_bytes(data[: width - 3]) + "..."
    if width < 7:
        return ""
    if offset + width - 3 < size:
        tail = data[offset:]
        inner = "" if width - 3 < 4 else _abbreviated(tail, 0, width - 3)
        return f"...{inner}"
    return "..." + from_bytes(data[size - (width - 3) :])


def wrap(meter: Meter, width: int, text: str) -> str:
    """Break lines after at most `width` bytes, between words."""
    return _wrapped(meter, width, "\n", text, long_words=False)


def wrap_with(meter: Meter, width: int, newline: str, text: str) -> str:
    """Break lines after at most `width` bytes with a string of one's own, long words too."""
    return _wrapped(meter, width, newline or "\n", text, long_words=True)


def _wrapped(meter: Meter, width: int, newline: str, text: str, *, long_words: bool) -> str:
    data = to_bytes(text)
    width = max(1, width)
    meter.text(len(data) + (len(data) // width + 1) * len(newline))
    lines: list[bytes] = []
    offset = 0
    while len(data) - offset > width:
        if data[offset] == 0x20:
            offset += 1
            continue
        space = data.rfind(b" ", offset, offset + width + 1)
        if space < 0 and long_words:
            lines.append(data[offset : offset + width])
            offset += width
            continue
        if space < 0:
            space = data.find(b" ", offset + width)
        if space < 0:
            break
        lines.append(data[offset:space])
        offset = space + 1
    return newline.join(map(from_bytes, [*lines, data[offset:]]))


def _connects(character: str) -> bool:
    return character in "-_" or character in _SPACES


def pascal_case(text: str) -> str:
    """Return words joined, each with a capital; connectors at the ends stay."""
    body = text.lstrip("-_" + GO_SPACE)
    found = [text[: len(text) - len(body)]]
    if not body:
        return text + text[-1:]
    first_upper = body[0].isupper()
    current = upper(body[0])
    for following in body[1:]:
        previous, current = current, following
        if _connects(previous) and _connects(following):
            found.append(previous)
        elif _connects(previous):
            first_upper = following.isupper()
            current = upper(following)
        else:
            if first_upper and following.isupper():
                current = lower(following)
            elif first_upper:
                first_upper = False
            found.append(previous)
    return "".join([*found, current])


def snake_case(text: str) -> str:
    """Return words in small letters, joined by underscores."""
    return _joined(text, "_")


def kebab_case(text: str) -> str:
    """Return words in small letters, joined by hyphens."""
    return _joined(text, "-")


def _kind(character: str) -> WordKind:
    category = unicodedata.category(character)
    if _connects(character):
        return "connector"
    if category[0] == "P":
        return "punctuation"
    if category == "Lu":
        return "upper"
    if category[0] == "L":
        return "other" if "\u3400" <= character <= "\u9fff" or character >= "\U00020000" else "letters"
    return "number" if category[0] == "N" else "other"


def words(text: str) -> list[tuple[WordKind, str]]:
    """Split a string into words: runs of one kind, a capital with the small letters after it being one."""
    runs: list[tuple[WordKind, str]] = [(kind, "".join(run)) for kind, run in groupby(text, _kind)]
    found: list[tuple[WordKind, str]] = []
    index = 0
    while index < len(runs):
        kind, run = runs[index]
        index += 1
        if kind == "upper" and index < len(runs) and runs[index][0] == "letters":
            if len(run) > 1:
                found.append((kind, run[:-1]))
            found.append((kind, run[-1] + runs[index][1]))
            index += 1
        else:
            found.append((kind, run))
    return found


class _Joiner:
    """Puts words together; digits cling to the letters around them."""

    def __init__(self, text: str, connector: str) -> None:
        self.words: list[tuple[WordKind, str]] = words(text)
        self.connector: str = connector
        self.index: int = 0
        self.found: list[str] = []

    def peek(self) -> WordKind:
        return self.words[self.index][0] if self.index < len(self.words) else "end"

    def take(self) -> None:
        kind, word = self.words[self.index]
        self.index += 1
        if kind == "connector":
            self.found.append(self.connector * len(word))
        else:
            self.found.append(lower(word) if kind == "upper" else word)

    def take_letters_and_numbers(self) -> None:
        while self.peek() in {"letters", "number"}:
            self.take()

    def separate(self) -> None:
        if self.peek() not in {"end", "connector", "punctuation"}:
            self.found.append(self.connector)

    def run(self) -> str:
        while self.index < len(self.words):
            kind = self.peek()
            self.take()
            if kind == "number":
                self.take_letters_and_numbers()
                self.separate()
            elif kind not in {"connector", "punctuation"}:
                self.after_letters()
        return "".join(self.found)

    def after_letters(self) -> None:
        if self.peek() != "number":
            self.separate()
            return
        following = self.words[self.index + 1][0] if self.index + 1 < len(self.words) else "end"
        if following == "letters":
            self.found.append(self.connector)
            self.take_letters_and_numbers()
            self.separate()
            return
        self.take()
        self.separate()


def _joined(text: str, connector: str) -> str:
    return _Joiner(text, connector).run()


_PLAIN = "func(string) string"

FUNCTIONS: Mapping[str, Function] = {
    "upper": Function(upper, _PLAIN),
    "lower": Function(lower, _PLAIN),
    "title": Function(title, _PLAIN),
    "untitle": Function(untitle, _PLAIN),
    "swapcase": Function(swap_case, _PLAIN),
    "nospace": Function(no_space, _PLAIN),
    "initials": Function(initials, _PLAIN),
    "camelcase": Function(pascal_case, _PLAIN),
    "snakecase": Function(snake_case, _PLAIN),
    "kebabcase": Function(kebab_case, _PLAIN),
    "abbrev": Function(abbreviate, "func(int, string) string"),
    "abbrevboth": Function(abbreviate_both, "func(int, int, string) string"),
    "wrap": Function(wrap, "func(int, string) string", metered=True),
    "wrapWith": Function(wrap_with, "func(int, string, string) string", metered=True),
}
