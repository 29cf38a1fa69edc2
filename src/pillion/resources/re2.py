"""Whether a regular expression is one of RE2's, which Istio and Envoy use: no look-around, no back references.

Python's `re` is another language, so the syntax is checked here (Go's `regexp/syntax`, Perl flags).
"""

import re
from typing import Final, NoReturn

_MOST_REPEATS: Final = 1000
_REPEAT = re.compile(r"\{(\d+)(,(\d*))?\}")
_GROUP = re.compile(r"\?P?<([^>]*)>")
_FLAGS = re.compile(r"\?([imsU]*(?:-[imsU]+)?)([:)])")
_CLASS_NAME = re.compile(r"\[:\^?(\w*):\]")
_CLASS_NAMES = frozenset({
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word",
    "xdigit",
})  # fmt: skip
_ESCAPE = re.compile(
    r"""\\(?: [dDsSwW] | [pP](?:\{\^?[A-Za-z_]+\}|[A-Z]) | [afnrtv] | 0[0-7]{0,2} | [1-7][0-7]{1,2}
    | x[0-9a-fA-F]{2} | x\{0*(?:10[0-9a-fA-F]{4}|[0-9a-fA-F]{1,5})\} | [^0-9A-Za-z\x80-\U0010ffff] )""",
    re.VERBOSE | re.DOTALL,
)
_MANY: Final = frozenset([r"\d", r"\D", r"\s", r"\S", r"\w", r"\W"])


class _Fault(Exception):  # noqa: N818  # of the expression
    """What is wrong with an expression."""


def problem_of(expression: str) -> str | None:
    """Say what RE2 has against an expression, or `None`."""
    parser = _Parser(expression)
    try:
        parser.alternatives()
    except _Fault as fault:
        return str(fault)
    except RecursionError:
        return "expression nests too deeply"
    return None if parser.done else "unexpected ): " + expression


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._names: set[str] = set()

    @property
    def done(self) -> bool:
        return self._at >= len(self._text)

    def alternatives(self) -> int:
        """Parse up to the end or a closing parenthesis; return how often its parts repeat at most."""
        most = self._sequence()
        while self._peek() == "|":
            self._at += 1
            most = max(most, self._sequence())
        return most

    def _sequence(self) -> int:
        most = 1
        while self._peek() not in {"", "|", ")"}:
            if self._repeat() is not None:
                self._fail("missing argument to repetition operator")
            most = max(most, self._repeated(self._atom()))
        return most

    def _repeated(self, inner: int) -> int:
        times = self._repeat()
        if times is None:
            return inner
        if self._peek() == "?":
            self._at += 1
        if self._repeat() is not None:
            self._fail("invalid nested repetition operator")
        product = inner * max(times, 1)
        if product > _MOST_REPEATS:
            self._fail("invalid repeat count")
        return product

    def _repeat(self) -> int | None:
        """Take a repetition operator; return how often it repeats at least, for the limit."""
        if self._peek() in {"*", "+", "?"}:
            self._at += 1
            return 1
        match = _REPEAT.match(self._text, self._at)
        if match is None:
            return None
        least, comma, most = int(match[1]), match[2], match[3]
        top = int(most) if most else least
        if max(least, top) > _MOST_REPEATS or (comma and most and top < least):
            self._fail("invalid repeat count")
        self._at = match.end()
        return top

    def _atom(self) -> int:
        head = self._peek()
        if head == "(":
            return self._group()
        if head == "[":
            self._class()
        elif head == "\\":
            self._escape()
        else:
            self._at += 1
        return 1

    def _group(self) -> int:
        self._at += 1
        if self._peek() == "?" and self._opening():
            return 1
        most = self.alternatives()
        if self._peek() != ")":
            self._fail("missing closing )")
        self._at += 1
        return most

    def _opening(self) -> bool:
        """Take what follows `(?`; return whether it was a switch of flags that holds nothing."""
        named = _GROUP.match(self._text, self._at)
        if named:
            name = named[1]
            if not re.fullmatch(r"\w+", name, re.ASCII) or name in self._names:
                self._fail("invalid named capture")
            self._names.add(name)
            self._at = named.end()
            return False
        flags = _FLAGS.match(self._text, self._at)
        if not flags:
            self._fail("invalid or unsupported Perl syntax")
        self._at = flags.end()
        return flags[2] == ")"

    def _escape(self) -> None:
        if self._text.startswith("\\Q", self._at):
            end = self._text.find("\\E", self._at)
            self._at = len(self._text) if end < 0 else end + 2
            return
        if self._text[self._at : self._at + 2] in {"\\b", "\\B", "\\A", "\\z"}:
            self._at += 2
            return
        self._plain_escape()

    def _plain_escape(self) -> str:
        match = _ESCAPE.match(self._text, self._at)
        if match is None:
            self._fail(
                "invalid escape sequence"
                if self._at + 1 < len(self._text)
                else "trailing backslash at end of expression"
            )
        self._at = match.end()
        return match[0]

    def _class(self) -> None:
        self._at += 1
        if self._peek() == "^":
            self._at += 1
        first = True
        while first or self._peek() != "]":
            if self.done:
                self._fail("missing closing ]")
            first = False
            named = _CLASS_NAME.match(self._text, self._at)
            if named:
                if named[1] not in _CLASS_NAMES:
                    self._fail("invalid character class range")
                self._at = named.end()
            else:
                self._range()
        self._at += 1

    def _range(self) -> None:
        low = self._member()
        if self._peek() != "-" or self._text[self._at + 1 : self._at + 2] in {"]", ""} or low in _MANY:
            return
        self._at += 1
        high = self._member()
        if high in _MANY or (len(low) == len(high) == 1 and high < low):
            self._fail("invalid character class range")

    def _member(self) -> str:
        if self._peek() == "\\":
            return self._plain_escape()
        if self.done:
            self._fail("missing closing ]")
        self._at += 1
        return self._text[self._at - 1]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _fail(self, problem: str) -> NoReturn:
        message = f"{problem} in {self._text!r}"
        raise _Fault(message)
