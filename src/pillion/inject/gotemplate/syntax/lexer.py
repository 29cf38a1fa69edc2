"""Template text to tokens: what Go's lexer sees, with the text around trim markers trimmed and comments left out."""

import re
import unicodedata
from collections.abc import Container
from typing import Literal, NamedTuple

from pillion.inject.gotemplate.golang.quote import quote

TokenKind = Literal[
    "error", "bool", "char", "character", "assign", "declare", "eof", "field", "identifier", "left", "(", "number",
    "complex", "pipe", "raw", "right", ")", "space", "string", "text", "variable", ".", "block", "break", "continue",
    "define", "else", "end", "if", "nil", "range", "template", "with",
]  # fmt: skip

KEYWORDS: dict[str, TokenKind] = {
    "block": "block", "break": "break", "continue": "continue", "define": "define", "else": "else", "end": "end",
    "if": "if", "range": "range", "nil": "nil", "template": "template", "with": "with",
}  # fmt: skip
_KEYWORD_KINDS = frozenset((*KEYWORDS.values(), "."))
SPACES = " \t\r\n"
_SPACES = re.compile(r"[ \t\r\n]+")
_WORD = re.compile(r"\w+")
_QUOTED = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_CHARACTER = re.compile(r"'(?:[^'\\\n]|\\[^\n])*'")
_TERMINATORS = frozenset(" \t\r\n.,|:)(")
_NUMBER = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?"
    r"|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?"
)
_DIGITS = "0123456789"
_BEFORE_RIGHT = frozenset("} \t\r\n")
_COMMON = re.compile(
    r"""(?:(?P<space>[ \t\r\n]+)(?!-\}\})|(?P<string>"[^"\\\n]*")
    |(?:(?P<field>\.[A-Za-z_][A-Za-z0-9_]*)|(?P<variable>\$[A-Za-z0-9_]*))(?=[ .,|:)(\t\r\n]|\}\}))|(?P<pipe>\|)""",
    re.VERBOSE,
)
"""What most tokens look like; the rest, and all that is wrong, is looked at character by character."""
_COMMON_KINDS: dict[str, TokenKind] = {
    "space": "space", "string": "string", "field": "field", "variable": "variable", "pipe": "pipe",
}  # fmt: skip


class Token(NamedTuple):
    """One token: its kind, where it begins in the text, and how it is written."""

    kind: TokenKind
    at: int
    text: str

    def __str__(self) -> str:
        if self.kind == "eof":
            return "EOF"
        if self.kind == "error":
            return self.text
        if self.kind in _KEYWORD_KINDS:
            return f"<{self.text}>"
        return f"{quote(self.text[:10])}..." if len(self.text.encode("utf-8", "replace")) > 10 else quote(self.text)


class _LexError(Exception):
    def __init__(self, message: str, at: int) -> None:
        super().__init__(message)
        self.at: int = at


def tokenize(text: str, *, plain_words: Container[str] = ()) -> list[Token]:
    """Split a template into tokens; the last one is `eof` or the `error` that ended it.

    `plain_words` are keywords that are ordinary identifiers, because functions of these names are defined.
    """
    lexer = _Lexer(text, plain_words)
    try:
        lexer.run()
    except _LexError as error:
        lexer.tokens.append(Token("error", error.at, str(error)))
    return lexer.tokens


class _Lexer:
    def __init__(self, text: str, plain_words: Container[str]) -> None:
        self.text: str = text
        self.plain_words: Container[str] = plain_words
        self.tokens: list[Token] = []

    def add(self, kind: TokenKind, at: int, text: str) -> None:
        self.tokens.append(Token(kind, at, text))

    def run(self) -> None:
        text, at = self.text, 0
        while (left := text.find("{{", at)) >= 0:
            trim = text[left + 2 : left + 3] == "-" and left + 3 < len(text) and text[left + 3] in SPACES
            before = text[at:left]
            if trim:
                before = before.rstrip(SPACES)
            if before:
                self.add("text", at, before)
            inside = left + 4 if trim else left + 2
            if text.startswith("/*", inside):
                at = self.comment(inside)
                continue
            self.add("left", left, "{{")
            right = self.action(inside)
            self.add("right", right, "}}")
            at = self.skip_spaces(right + 2) if self.trimmed_right(right) else right + 2
        if at < len(text):
            self.add("text", at, text[at:])
        self.add("eof", len(text), "EOF")

    def trimmed_right(self, right: int) -> bool:
        return self.text[right - 1] == "-" and self.text[right - 2] in SPACES

    def skip_spaces(self, at: int) -> int:
        match = _SPACES.match(self.text, at)
        return match.end() if match else at

    def right_delimiter(self, at: int) -> tuple[int, bool] | None:
        text = self.text
        if text.startswith("}}", at):
            return at, False
        if text[at : at + 1] in SPACES and text.startswith("-}}", at + 1) and at < len(text):
            return at + 2, True
        return None

    def comment(self, at: int) -> int:
        end = self.text.find("*/", at + 2)
        if end < 0:
            raise _LexError("unclosed comment", at)
        found = self.right_delimiter(end + 2)
        if found is None:
            raise _LexError("comment ends before closing delimiter", at)
        right, trim = found
        return self.skip_spaces(right + 2) if trim else right + 2

    def action(self, at: int) -> int:
        """Add the tokens of an action; return where its right delimiter is."""
        depth = 0
        text, size, tokens = self.text, len(self.text), self.tokens
        while True:
            found = self.right_delimiter(at) if text[at : at + 1] in _BEFORE_RIGHT else None
            if found is not None:
                if depth:
                    raise _LexError("unclosed left paren", at)
                return found[0]
            if at >= size:
                raise _LexError("unclosed action", at)
            match = _COMMON.match(text, at)
            if match is not None and match.lastgroup is not None:
                token = Token(_COMMON_KINDS[match.lastgroup], at, match[0])
            else:
                token = self.token(text[at], at)
                depth += (token.kind == "(") - (token.kind == ")")
                if depth < 0:
                    raise _LexError("unexpected right paren", at)
            tokens.append(token)
            at += len(token.text)

    def token(self, first: str, at: int) -> Token:
        text = self.text
        if first in SPACES:
            return self.space(at)
        if first == "." and (at + 1 == len(text) or text[at + 1] not in _DIGITS):
            return self.field(at)
        if first == "$":
            return self.variable(at)
        if first in "()":
            return Token("(" if first == "(" else ")", at, first)
        if first == "|":
            return Token("pipe", at, first)
        if first in "\"'`":
            return self.literal(first, at)
        if first in "+-." or first in _DIGITS:
            return self.number(at)
        if is_alphanumeric(first):
            return self.identifier(at)
        return self.symbol(first, at)

    def symbol(self, first: str, at: int) -> Token:
        if first == "=":
            return Token("assign", at, first)
        if first == ":":
            if self.text[at + 1 : at + 2] != "=":
                raise _LexError("expected :=", at)
            return Token("declare", at, ":=")
        if "\x20" < first < "\x7f":
            return Token("char", at, first)
        raise _LexError(f"unrecognized character in action: {describe(first)}", at)

    def space(self, at: int) -> Token:
        end = self.skip_spaces(at)
        if self.text.startswith("-}}", end):
            end -= 1
        return Token("space", at, self.text[at:end])

    def word_end(self, start: int, at: int) -> int:
        match = _WORD.match(self.text, at)
        end = match.end() if match else at
        word = self.text[at:end]
        if not word.isascii():
            for offset, character in enumerate(word):
                if not is_alphanumeric(character):
                    end = at + offset
                    break
        if end < len(self.text) and self.text[end] not in _TERMINATORS and not self.text.startswith("}}", end):
            raise _LexError(f"bad character {describe(self.text[end])}", start)
        return end

    def field(self, at: int) -> Token:
        end = self.word_end(at, at + 1)
        return Token("field" if end > at + 1 else ".", at, self.text[at:end])

    def variable(self, at: int) -> Token:
        end = self.word_end(at, at + 1)
        return Token("variable", at, self.text[at:end])

    def identifier(self, at: int) -> Token:
        end = self.word_end(at, at)
        word = self.text[at:end]
        if word in {"true", "false"}:
            return Token("bool", at, word)
        if word in self.plain_words:
            return Token("identifier", at, word)
        return Token(KEYWORDS.get(word, "identifier"), at, word)

    def literal(self, first: str, at: int) -> Token:
        text = self.text
        if first == "`":
            end = text.find("`", at + 1)
            if end < 0:
                raise _LexError("unterminated raw quoted string", at)
            return Token("raw", at, text[at : end + 1])
        match = (_QUOTED if first == '"' else _CHARACTER).match(text, at)
        if match is None:
            what = "quoted string" if first == '"' else "character constant"
            raise _LexError(f"unterminated {what}", at)
        return Token("string" if first == '"' else "character", at, match[0])

    def number(self, at: int) -> Token:
        text = self.text
        end = self.number_end(at, at)
        if text[end : end + 1] in ("+", "-"):
            end = self.number_end(at, end)
            if text[end - 1] != "i":
                raise _LexError(f"bad number syntax: {quote(text[at:end])}", at)
            return Token("complex", at, text[at:end])
        return Token("number", at, text[at:end])

    def number_end(self, start: int, at: int) -> int:
        match = _NUMBER.match(self.text, at)
        end = match.end() if match else at
        if end < len(self.text) and is_alphanumeric(self.text[end]):
            raise _LexError(f"bad number syntax: {quote(self.text[start : end + 1])}", start)
        return end


def is_alphanumeric(character: str) -> bool:
    """Return whether a character can be part of a name: a letter, a decimal digit or an underscore."""
    if character.isascii():
        return character.isalnum() or character == "_"
    category = unicodedata.category(character)
    return category[0] == "L" or category == "Nd"


def describe(character: str) -> str:
    """Write a character as Go's `%#U` does: `U+002D '-'`."""
    shown = f" '{character}'" if character.isprintable() else ""
    return f"U+{ord(character):04X}{shown}"
