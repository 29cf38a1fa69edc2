"""Sets of characters: ranges, Perl's and POSIX' classes, Unicode's categories and scripts."""

import unicodedata
from collections.abc import Sequence

LAST = 0x10FFFF
Ranges = tuple[tuple[int, int], ...]

DIGIT: Ranges = ((0x30, 0x39),)
WORD: Ranges = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
SPACE: Ranges = ((0x09, 0x0A), (0x0C, 0x0D), (0x20, 0x20))
PERL: dict[str, Ranges] = {"d": DIGIT, "w": WORD, "s": SPACE}
POSIX: dict[str, Ranges] = {
    "alnum": ((0x30, 0x39), (0x41, 0x5A), (0x61, 0x7A)),
    "alpha": ((0x41, 0x5A), (0x61, 0x7A)),
    "ascii": ((0x00, 0x7F),),
    "blank": ((0x09, 0x09), (0x20, 0x20)),
    "cntrl": ((0x00, 0x1F), (0x7F, 0x7F)),
    "digit": DIGIT,
    "graph": ((0x21, 0x7E),),
    "lower": ((0x61, 0x7A),),
    "print": ((0x20, 0x7E),),
    "punct": ((0x21, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E)),
    "space": ((0x09, 0x0D), (0x20, 0x20)),
    "upper": ((0x41, 0x5A),),
    "word": WORD,
    "xdigit": ((0x30, 0x39), (0x41, 0x46), (0x61, 0x66)),
}
CATEGORIES = frozenset(
    (
        *("L", "Lu", "Ll", "Lt", "Lm", "Lo", "M", "Mn", "Mc", "Me", "N", "Nd", "Nl", "No", "P", "Pc", "Pd", "Ps", "Pe"),
        *("Pi", "Pf", "Po", "S", "Sm", "Sc", "Sk", "So", "Z", "Zs", "Zl", "Zp", "C", "Cc", "Cf", "Cs", "Co", "Any"),
    )
)
SCRIPTS = {
    "Arabic": "ARABIC",
    "Armenian": "ARMENIAN",
    "Bengali": "BENGALI",
    "Cyrillic": "CYRILLIC",
    "Devanagari": "DEVANAGARI",
    "Georgian": "GEORGIAN",
    "Greek": "GREEK",
    "Han": "CJK UNIFIED",
    "Hangul": "HANGUL",
    "Hebrew": "HEBREW",
    "Hiragana": "HIRAGANA",
    "Katakana": "KATAKANA",
    "Latin": "LATIN",
    "Tamil": "TAMIL",
    "Thai": "THAI",
}
"""The scripts that are told by the names of their characters, Unicode's script table not being in Python."""


class CharacterSet:
    """A set of characters; remembers what it was asked."""

    __slots__ = ("fold", "known", "negated", "properties", "ranges")

    def __init__(
        self,
        ranges: Sequence[tuple[int, int]] = (),
        properties: Sequence[tuple[str, bool]] = (),
        *,
        negated: bool = False,
        fold: bool = False,
    ) -> None:
        self.ranges: Ranges = tuple(ranges)
        self.properties: tuple[tuple[str, bool], ...] = tuple(properties)
        """Names of categories and scripts, and whether they are negated."""
        self.negated: bool = negated
        self.fold: bool = fold
        self.known: dict[str, bool] = {}

    def has(self, character: str) -> bool:
        """Return whether a character is in the set."""
        answer = self.known.get(character)
        if answer is None:
            answer = self.known[character] = self._has(character)
        return answer

    def _has(self, character: str) -> bool:
        forms = {character}
        if self.fold:
            forms.update(form for form in (character.lower(), character.upper()) if len(form) == 1)
        return any(map(self._lists, forms)) is not self.negated

    def _lists(self, character: str) -> bool:
        code = ord(character)
        if any(low <= code <= high for low, high in self.ranges):
            return True
        return any(has_property(character, name) is not negated for name, negated in self.properties)


def has_property(character: str, name: str) -> bool:
    """Return whether a character has a Unicode category or script."""
    if name == "Any":
        return True
    if name in CATEGORIES:
        return unicodedata.category(character).startswith(name)
    return unicodedata.name(character, "").startswith(SCRIPTS[name])


def complement(ranges: Ranges) -> Ranges:
    """Return all characters that are not in some ranges."""
    found: list[tuple[int, int]] = []
    start = 0
    for low, high in sorted(ranges):
        if low > start:
            found.append((start, low - 1))
        start = max(start, high + 1)
    return (*found, (start, LAST)) if start <= LAST else tuple(found)
