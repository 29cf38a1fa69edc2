"""Go's Sprintf: the format language. Mistakes are written into the text, as in `%!d(string=x)`."""

from collections.abc import Sequence
from typing import Any

from pillion.inject.gotemplate.golang.printing import NIL, Parts, print_argument
from pillion.inject.gotemplate.golang.values import kind, type_name
from pillion.inject.gotemplate.golang.verbs import Directive
from pillion.inject.gotemplate.limits import Meter

_FLAGS = {"#": "sharp", "0": "zero", "+": "plus", "-": "minus", " ": "space"}
_DIGITS = "0123456789"
_LARGEST = 1_000_000
"""Go refuses wider fields."""


def sprintf(meter: Meter, pattern: str, *values: Any) -> str:
    """Format values as Go's Sprintf does."""
    if "%" not in pattern and not values:
        return pattern
    return _Format(meter, pattern, values).run()


class _Format:
    def __init__(self, meter: Meter, pattern: str, values: Sequence[Any]) -> None:
        self.parts: Parts = Parts(meter)
        self.pattern: str = pattern
        self.values: Sequence[Any] = values
        self.at: int = 0
        self.next: int = 0
        self.reordered: bool = False
        self.good_index: bool = True
        self.after_index: bool = False

    def run(self) -> str:
        while self.at < len(self.pattern):
            percent = self.pattern.find("%", self.at)
            end = len(self.pattern) if percent < 0 else percent
            self.parts.add(self.pattern[self.at : end])
            if percent < 0:
                break
            self.at = percent + 1
            self.directive()
        self.extra()
        return self.parts.text()

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def directive(self) -> None:
        directive = Directive()
        self.good_index = True
        self.after_index = False
        while self.peek() in _FLAGS and self.peek():
            setattr(directive, _FLAGS[self.peek()], True)
            self.at += 1
        if "a" <= self.peek() <= "z" and self.next < len(self.values):
            self.verb(directive)
            return
        self.index()
        self.width(directive)
        self.precision(directive)
        if not self.after_index:
            self.index()
        if self.at >= len(self.pattern):
            self.parts.add("%!(NOVERB)")
            return
        self.verb(directive)

    def verb(self, directive: Directive) -> None:
        verb = self.peek()
        self.at += 1
        if verb == "%":
            self.parts.add("%")
        elif not self.good_index:
            self.parts.add(f"%!{verb}(BADINDEX)")
        elif self.next >= len(self.values):
            self.parts.add(f"%!{verb}(MISSING)")
        else:
            if verb in "vw":
                directive.sharp_v, directive.sharp = directive.sharp, False
                directive.plus_v, directive.plus = directive.plus, False
            print_argument(self.parts, directive, self.values[self.next], verb)
            self.next += 1

    def index(self) -> None:
        """Read `[3]`: which argument comes next."""
        self.after_index = False
        if self.peek() != "[":
            return
        self.reordered = True
        close = self.pattern.find("]", self.at)
        inside = self.pattern[self.at + 1 : close] if close >= 0 else ""
        if close < 0 or len(self.pattern) - self.at < 3:
            self.good_index = False
            self.at += 1
            return
        self.at = close + 1
        number = int(inside) if inside.isascii() and inside.isdigit() and len(inside) < 8 else 0
        if 1 <= number <= len(self.values):
            self.next = number - 1
            self.after_index = True
        else:
            self.good_index = False
            self.after_index = number > 0

    def star(self) -> int | None:
        """Read a width or precision from the arguments; None when it is unfit."""
        if self.next >= len(self.values):
            return None
        value = self.values[self.next]
        self.next += 1
        return int(value) if kind(value) in {"int", "uint"} and abs(value) <= _LARGEST else None

    def number(self) -> int | None:
        start = self.at
        while self.peek() and self.peek() in _DIGITS:
            self.at += 1
        digits = self.pattern[start : self.at]
        if len(digits) > 7 or (digits and int(digits) > _LARGEST * 10):
            self.at = len(self.pattern)
            return None
        return int(digits) if digits else None

    def width(self, directive: Directive) -> None:
        if self.peek() == "*":
            self.at += 1
            directive.width = self.star()
            if directive.width is None:
                self.parts.add("%!(BADWIDTH)")
            elif directive.width < 0:
                directive.width, directive.minus, directive.zero = -directive.width, True, False
            self.after_index = False
            return
        directive.width = self.number()
        if self.after_index and directive.width is not None:
            self.good_index = False

    def precision(self, directive: Directive) -> None:
        if self.peek() != "." or self.at + 1 >= len(self.pattern):
            return
        self.at += 1
        if self.after_index:
            self.good_index = False
        self.index()
        if self.peek() == "*":
            self.at += 1
            value = self.star()
            directive.precision = value if value is not None and value >= 0 else None
            if directive.precision is None:
                self.parts.add("%!(BADPREC)")
            self.after_index = False
            return
        directive.precision = self.number() or 0

    def extra(self) -> None:
        """Say which arguments nothing asked for."""
        left = self.values[self.next :]
        if self.reordered or not left:
            return
        self.parts.add("%!(EXTRA ")
        for index, value in enumerate(left):
            self.parts.add(", " if index else "")
            if value is None:
                self.parts.add(NIL)
            else:
                self.parts.add(f"{type_name(value)}=")
                print_argument(self.parts, Directive(), value, "v")
        self.parts.add(")")
