"""Tokens to syntax trees, refusing what Go's parser refuses, with its messages."""

from collections.abc import Container
from typing import NoReturn

from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.golang.quote import quote, unquote
from pillion.inject.gotemplate.syntax import nodes
from pillion.inject.gotemplate.syntax.lexer import Token, TokenKind, tokenize
from pillion.inject.gotemplate.syntax.literals import NumberError, number

MAX_NESTING = 60
"""How deep actions and parentheses may nest: Python's stack is finite, and so is a reader's patience."""

_OPERANDS: frozenset[TokenKind] = frozenset(
    ("bool", "character", "complex", ".", "field", "identifier", "number", "nil", "raw", "string", "variable", "(")
)
_END: frozenset[TokenKind] = frozenset(("end", "else"))


def parse_trees(name: str, text: str, functions: Container[str]) -> dict[str, nodes.Tree]:
    """Parse a text: the trees of the templates that it defines, by name, its own among them.

    Raises TemplateError with Go's wording.
    """
    plain_words = frozenset(word for word in ("break", "continue") if word in functions)
    parser = _Parser(name, text, functions, tokenize(text, plain_words=plain_words))
    try:
        parser.parse()
    except RecursionError:
        parser.fail("max expression depth exceeded")
    for tree in parser.trees.values():
        tree.calls = frozenset(parser.calls)
    return parser.trees


class _Parser:
    def __init__(self, name: str, text: str, functions: Container[str], tokens: list[Token]) -> None:
        self.name: str = name
        self.text: str = text
        self.functions: Container[str] = functions
        self.tokens: list[Token] = tokens
        self.index: int = 0
        self.furthest: int = 0
        self.variables: list[str] = ["$"]
        self.ranges: list[bool] = []
        self.nesting: int = 0
        self.action_at: int = -1
        self.trees: dict[str, nodes.Tree] = {}
        self.calls: set[str] = set()

    # Reading tokens. `furthest` is the last token ever looked at: Go blames its line.

    def next(self) -> Token:
        index = self.index
        if index > self.furthest:  # noqa: PLR1730 - the parser's hottest line
            self.furthest = index
        token = self.tokens[index]
        if index + 1 < len(self.tokens):
            self.index = index + 1
        return token

    def next_word(self) -> Token:
        token = self.next()
        while token.kind == "space":
            token = self.next()
        return token

    def peek(self) -> Token:
        index = self.index
        if index > self.furthest:  # noqa: PLR1730 - the parser's hottest line
            self.furthest = index
        return self.tokens[index]

    def peek_word(self) -> Token:
        token = self.peek()
        while token.kind == "space":
            self.next()
            token = self.peek()
        return token

    # Complaints

    def line_at(self, at: int) -> int:
        return 1 + self.text.count("\n", 0, max(at, 0))

    def fail(self, message: str) -> NoReturn:
        line = self.line_at(self.tokens[self.furthest].at)
        raise TemplateError(f"template: {self.name}:{line}: {message}", template=self.name, line=line)

    def unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind == "error":
            extra = ""
            started = self.line_at(self.action_at)
            if self.action_at >= 0 and started != self.line_at(token.at):
                extra = f" in action started at {self.name}:{started}"
                if token.text.endswith(" action"):
                    extra = extra.removeprefix(" in action")
            self.fail(f"{token}{extra}")
        self.fail(f"unexpected {token} in {context}")

    def enter(self) -> None:
        self.nesting += 1
        if self.nesting > MAX_NESTING:
            self.fail("max expression depth exceeded")

    def expect(self, kind: TokenKind, context: str) -> Token:
        token = self.next_word()
        if token.kind != kind:
            self.unexpected(token, context)
        return token

    # Templates

    def parse(self) -> None:
        body: list[nodes.Statement] = []
        while self.peek().kind != "eof":
            if self.peek().kind == "left" and self.defines():
                self.definition()
                continue
            node = self.statement()
            if isinstance(node, Token):
                self.fail(f"unexpected {_closing(node)}")
            body.append(node)
        self.add(self.name, body)

    def defines(self) -> bool:
        start = self.index
        self.next()
        if self.next_word().kind == "define":
            return True
        self.index = start
        return False

    def definition(self) -> None:
        token = self.next_word()
        if token.kind not in {"string", "raw"}:
            self.unexpected(token, "define clause")
        name = self.unquoted(token)
        self.expect("right", "define clause")
        self.add(name, self.separate_body("define clause"))

    def separate_body(self, context: str) -> list[nodes.Statement]:
        outer = (self.variables, self.ranges, self.action_at)
        self.variables, self.ranges, self.action_at = ["$"], [], -1
        body, end = self.body()
        if end.kind != "end":
            self.fail(f"unexpected {_closing(end)} in {context}")
        self.variables, self.ranges, self.action_at = outer
        return body

    def add(self, name: str, body: list[nodes.Statement]) -> None:
        tree = nodes.Tree(name=name, source=self.name, text=self.text, body=body)
        existing = self.trees.get(name)
        if existing is None or existing.is_empty():
            self.trees[name] = tree
        elif not tree.is_empty():
            self.fail(f"template: multiple definition of template {quote(name)}")

    # Statements

    def body(self) -> tuple[list[nodes.Statement], Token]:
        self.enter()
        found: list[nodes.Statement] = []
        while self.peek_word().kind != "eof":
            node = self.statement()
            if isinstance(node, Token):
                self.nesting -= 1
                return found, node
            found.append(node)
        return self.fail("unexpected EOF")

    def statement(self) -> nodes.Statement | Token:
        """Parse text or an action; an `end` or `else` is given back as its token."""
        token = self.next_word()
        if token.kind == "text":
            return nodes.Text(token.at, token.text)
        if token.kind != "left":
            self.unexpected(token, "input")
        self.action_at = token.at
        node = self.action()
        self.action_at = -1
        return node

    def action(self) -> nodes.Statement | Token:
        token = self.peek_word()
        match token.kind:
            case "block":
                self.next()
                return self.block()
            case "break" | "continue":
                self.next()
                return self.leave(token)
            case "else":
                self.next()
                return self.else_control(token)
            case "end":
                self.next()
                self.expect("right", "end")
                return token
            case "if" | "with" | "range":
                self.next()
                return self.control(token.kind)
            case "template":
                self.next()
                return self.call()
            case _:
                return nodes.Action(token.at, self.pipeline("command", "right"))

    def leave(self, token: Token) -> nodes.Statement:
        following = self.next_word()
        if following.kind != "right":
            self.unexpected(following, f"{{{{{token.kind}}}}}")
        if not self.ranges:
            self.fail(f"{{{{{token.kind}}}}} outside {{{{range}}}}")
        self.ranges[-1] = True
        return nodes.Break(token.at) if token.kind == "break" else nodes.Continue(token.at)

    def else_control(self, token: Token) -> Token:
        if self.peek_word().kind not in {"if", "with"}:
            self.expect("right", "else")
        return token

    def control(self, keyword: str) -> nodes.Statement:
        scope = len(self.variables)
        pipe = self.pipeline(keyword, "right")
        if keyword == "range":
            self.ranges.append(False)
        body, end = self.body()
        leaves = self.ranges.pop() if keyword == "range" else False
        otherwise: list[nodes.Statement] | None = None
        if end.kind == "else":
            otherwise = self.otherwise(keyword)
        del self.variables[scope:]
        match keyword:
            case "if":
                return nodes.If(pipe.at, pipe, body, otherwise)
            case "with":
                return nodes.With(pipe.at, pipe, body, otherwise)
            case _:
                return nodes.Range(pipe.at, pipe, body, otherwise, leaves)

    def otherwise(self, keyword: str) -> list[nodes.Statement]:
        if keyword in {"if", "with"} and self.peek().kind == keyword:
            self.next()
            self.enter()
            chained = [self.control(keyword)]
            self.nesting -= 1
            return chained
        body, end = self.body()
        if end.kind != "end":
            self.fail(f"expected end; found {_closing(end)}")
        return body

    def block(self) -> nodes.Statement:
        token = self.next_word()
        name = self.template_name(token, "block clause")
        pipe = self.pipeline("block clause", "right")
        self.add(name, self.separate_body("block clause"))
        return nodes.Call(token.at, name, pipe)

    def call(self) -> nodes.Statement:
        token = self.next_word()
        name = self.template_name(token, "template clause")
        if self.peek_word().kind == "right":
            self.next()
            return nodes.Call(token.at, name, None)
        return nodes.Call(token.at, name, self.pipeline("template clause", "right"))

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in {"string", "raw"}:
            self.unexpected(token, context)
        return self.unquoted(token)

    def unquoted(self, token: Token) -> str:
        text = unquote(token.text)
        if text is None:
            self.fail("invalid syntax")
        return text

    # Pipelines

    def pipeline(self, context: str, end: TokenKind) -> nodes.Pipe:
        pipe = nodes.Pipe(self.peek_word().at, [], False, [])
        self.declarations(pipe, context)
        while True:
            token = self.peek_word()
            if token.kind == end:
                self.next()
                self.check(pipe, context)
                return pipe
            if token.kind not in _OPERANDS:
                self.next()
                self.unexpected(token, context)
            pipe.commands.append(self.command())

    def declarations(self, pipe: nodes.Pipe, context: str) -> None:
        while self.peek_word().kind == "variable":
            start = self.index
            variable = self.next()
            following = self.peek_word()
            if following.kind in {"assign", "declare"}:
                self.next()
                pipe.assigns = following.kind == "assign"
                self.declare(pipe, variable)
                return
            if following.kind != "char" or following.text != ",":
                self.index = start
                return
            self.next()
            self.declare(pipe, variable)
            if context != "range" or len(pipe.declared) >= 2:
                self.fail(f"too many declarations in {context}")
            if self.peek_word().kind not in {"variable", "right", ")"}:
                self.fail("range can only initialize variables")

    def declare(self, pipe: nodes.Pipe, variable: Token) -> None:
        pipe.declared.append(nodes.Variable(variable.at, (variable.text,)))
        self.variables.append(variable.text)

    def check(self, pipe: nodes.Pipe, context: str) -> None:
        if not pipe.commands:
            self.fail(f"missing value for {context}")
        for stage, command in enumerate(pipe.commands[1:], 2):
            if isinstance(command.operands[0], (nodes.Bool, nodes.Dot, nodes.Nil, nodes.Number, nodes.String)):
                self.fail(f"non executable command in pipeline stage {stage}")

    def command(self) -> nodes.Command:
        command = nodes.Command(self.peek_word().at, [])
        while True:
            self.peek_word()
            operand = self.operand()
            if operand is not None:
                command.operands.append(operand)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in {"right", ")"}:
                self.index -= 1
            elif token.kind != "pipe":
                self.unexpected(token, "operand")
            break
        if not command.operands:
            self.fail("empty command")
        return command

    def operand(self) -> nodes.Operand | None:
        node = self.term()
        if node is None or self.peek().kind != "field":
            return node
        at = self.peek().at
        names: list[str] = []
        while self.peek().kind == "field":
            names.append(self.next().text[1:])
        match node:
            case nodes.Field():
                return nodes.Field(at, (*node.names, *names))
            case nodes.Variable():
                return nodes.Variable(at, (*node.names, *names))
            case nodes.Bool() | nodes.String() | nodes.Number() | nodes.Nil() | nodes.Dot():
                return self.fail(f"unexpected . after term {quote(str(node))}")
            case _:
                return nodes.Chain(at, node, tuple(names))

    def term(self) -> nodes.Operand | None:
        token = self.peek_word()
        if token.kind not in _OPERANDS:
            return None
        self.next()
        at, text = token.at, token.text
        match token.kind:
            case "field":
                return nodes.Field(at, (text[1:],))
            case "identifier":
                if text not in self.functions:
                    self.fail(f"function {quote(text)} not defined")
                self.calls.add(text)
                return nodes.Identifier(at, text)
            case "variable":
                if text not in self.variables:
                    self.fail(f"undefined variable {quote(text)}")
                return nodes.Variable(at, (text,))
            case "string" | "raw":
                return nodes.String(at, text, self.unquoted(token))
            case "(":
                self.enter()
                pipe = self.pipeline("parenthesized pipeline", ")")
                self.nesting -= 1
                return pipe
            case _:
                return self.constant(token)

    def constant(self, token: Token) -> nodes.Operand:
        match token.kind:
            case ".":
                return nodes.Dot(token.at)
            case "nil":
                return nodes.Nil(token.at)
            case "bool":
                return nodes.Bool(token.at, token.text == "true")
            case _:
                try:
                    return number(token)
                except NumberError as error:
                    return self.fail(str(error))


def _closing(token: Token) -> str:
    return f"{{{{{token.kind}}}}}"
