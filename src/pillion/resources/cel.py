"""Whether a text is an expression of CEL, the language of Telemetry's filters. Syntax only, as Istio checks it."""

import re
from typing import NoReturn

_TOKEN = re.compile(
    r"""\s+ | //[^\n]*
    | (?P<number>(?:\d+\.\d+(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|0x[0-9a-fA-F]+[uU]?|\d+[uU]?))
    | (?P<text>[bBrR]{0,2}(?:'{3}(?:\\.|[^\\])*?'{3}|"{3}(?:\\.|[^\\])*?"{3}
        |'(?:\\.|[^\\'\n\r])*'|"(?:\\.|[^\\"\n\r])*"))
    | (?P<name>[A-Za-z_]\w*)
    | (?P<sign>&&|\|\||==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_RESERVED = frozenset({
    "as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package",
    "namespace", "return", "var", "void", "while",
})  # fmt: skip
_LITERALS = frozenset({"true", "false", "null", "in"})
_RELATIONS = frozenset({"==", "!=", "<", "<=", ">", ">=", "in"})


class _Fault(Exception):  # noqa: N818  # of the expression
    """What is wrong with an expression."""


def problem_of(expression: str) -> str | None:
    """Say why a text is no CEL expression, or `None`."""
    try:
        parser = _Parser(_tokens(expression))
        parser.expression()
        parser.end()
    except _Fault as fault:
        return str(fault)
    except RecursionError:
        return "expression nests too deeply"
    return None


def _tokens(text: str) -> list[tuple[str, str]]:
    """Cut a text into (kind, token) pairs."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            message = f"unexpected {text[at]!r} at column {at + 1}"
            raise _Fault(message)
        if match.lastgroup:
            found.append((match.lastgroup, match[0]))
        at = match.end()
    return found


class _Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self._tokens = tokens
        self._at = 0

    def expression(self) -> None:
        self._binary(0)
        if self._take("?"):
            self._binary(0)
            self._need(":")
            self.expression()

    def end(self) -> None:
        if self._at < len(self._tokens):
            self._fail()

    def _binary(self, level: int) -> None:
        """Parse operands and operators, from the loosest (`||`) to the tightest (`*`)."""
        levels = ({"||"}, {"&&"}, _RELATIONS, {"+", "-"}, {"*", "/", "%"})
        if level == len(levels):
            self._unary()
            return
        self._binary(level + 1)
        while self._peek()[1] in levels[level] and self._peek()[0] in {"sign", "name"}:
            self._at += 1
            self._binary(level + 1)

    def _unary(self) -> None:
        sign = self._peek()
        while self._peek() == sign and sign in {("sign", "!"), ("sign", "-")}:
            self._at += 1
        self._primary()
        self._members()

    def _members(self) -> None:
        while True:
            if self._take("."):
                self._take("?")
                self._name()
                if self._take("("):
                    self._list(")")
            elif self._take("["):
                self._take("?")
                self.expression()
                self._need("]")
            elif self._peek() == ("sign", "{") and self._tokens[self._at - 1][0] == "name":
                self._at += 1
                self._map(names_only=True)
            else:
                return

    def _primary(self) -> None:
        kind, word = self._peek()
        if kind in {"number", "text"} or word in {"true", "false", "null"}:
            self._at += 1
        elif kind == "name" or word == ".":
            self._take(".")
            self._name()
            if self._take("("):
                self._list(")")
        elif word == "(":
            self._at += 1
            self.expression()
            self._need(")")
        elif word == "[":
            self._at += 1
            self._list("]")
        elif word == "{":
            self._at += 1
            self._map(names_only=False)
        else:
            self._fail()

    def _list(self, end: str) -> None:
        while not self._take(end):
            self._take("?")
            self.expression()
            if not self._take(","):
                self._need(end)
                return

    def _map(self, *, names_only: bool) -> None:
        while not self._take("}"):
            self._take("?")
            if names_only:
                self._name()
            else:
                self.expression()
            self._need(":")
            self.expression()
            if not self._take(","):
                self._need("}")
                return

    def _name(self) -> None:
        kind, token = self._peek()
        if kind != "name" or token in _RESERVED or token in _LITERALS:
            self._fail()
        self._at += 1

    def _peek(self) -> tuple[str, str]:
        return self._tokens[self._at] if self._at < len(self._tokens) else ("end", "")

    def _take(self, sign: str) -> bool:
        if self._peek() != ("sign", sign):
            return False
        self._at += 1
        return True

    def _need(self, sign: str) -> None:
        if not self._take(sign):
            self._fail()

    def _fail(self) -> NoReturn:
        token = self._peek()[1]
        message = f"unexpected {token!r}" if token else "expression ends too early"
        raise _Fault(message)
