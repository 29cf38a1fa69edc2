"""The syntax tree of a template. `str()` of a node is how Go writes it in messages."""

import msgspec

from pillion.inject.gotemplate.golang.quote import quote


class Text(msgspec.Struct):
    """Text between actions."""

    at: int
    text: str


class Dot(msgspec.Struct):
    """`.`, in the source."""

    at: int

    def __str__(self) -> str:
        return "."


class Nil(msgspec.Struct):
    """`nil`, in the source."""

    at: int

    def __str__(self) -> str:
        return "nil"


class Bool(msgspec.Struct):
    """`true` or `false`."""

    at: int
    value: bool

    def __str__(self) -> str:
        return "true" if self.value else "false"


class Number(msgspec.Struct):
    """A number, in every type that it can take."""

    at: int
    text: str
    integer: int | None = None
    unsigned: int | None = None
    floating: float | None = None
    imaginary: complex | None = None

    def __str__(self) -> str:
        return self.text


class String(msgspec.Struct):
    """A string literal."""

    at: int
    quoted: str
    text: str

    def __str__(self) -> str:
        return self.quoted


class Identifier(msgspec.Struct):
    """The name of a function."""

    at: int
    name: str

    def __str__(self) -> str:
        return self.name


class Variable(msgspec.Struct):
    """`$name.field.field`, in the source."""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return ".".join(self.names)


class Field(msgspec.Struct):
    """`.field.field`, in the source."""

    at: int
    names: tuple[str, ...]

    def __str__(self) -> str:
        return "." + ".".join(self.names)


class Pipe(msgspec.Struct):
    """Commands piped into one another, and the variables that take the result."""

    at: int
    declared: list[Variable]
    assigns: bool
    commands: list["Command"]

    def __str__(self) -> str:
        names = ", ".join(map(str, self.declared))
        head = f"{names} {'=' if self.assigns else ':='} " if names else ""
        return head + " | ".join(map(str, self.commands))


class Chain(msgspec.Struct):
    """Fields of something that is neither a field nor a variable: `(pipeline).field`."""

    at: int
    node: "Operand"
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{_operand(self.node)}.{'.'.join(self.names)}"


class Command(msgspec.Struct):
    """Operands: a value, or a function or method and its arguments."""

    at: int
    operands: list["Operand"]

    def __str__(self) -> str:
        return " ".join(map(_operand, self.operands))


Operand = Dot | Nil | Bool | Number | String | Identifier | Variable | Field | Pipe | Chain


def _operand(node: Operand) -> str:
    return f"({node})" if isinstance(node, Pipe) else str(node)


class Action(msgspec.Struct):
    """`{{pipeline}}`, in the source."""

    at: int
    pipe: Pipe

    def __str__(self) -> str:
        return f"{{{{{self.pipe}}}}}"


class If(msgspec.Struct):
    """`{{if}}`, in the source."""

    at: int
    pipe: Pipe
    body: list["Statement"]
    otherwise: list["Statement"] | None


class With(msgspec.Struct):
    """`{{with}}`, in the source."""

    at: int
    pipe: Pipe
    body: list["Statement"]
    otherwise: list["Statement"] | None


class Range(msgspec.Struct):
    """`{{range}}`, in the source."""

    at: int
    pipe: Pipe
    body: list["Statement"]
    otherwise: list["Statement"] | None
    leaves: bool = False
    """Whether a `break` or `continue` in the body belongs to it."""


class Call(msgspec.Struct):
    """`{{template "name" pipeline}}`, in the source."""

    at: int
    name: str
    pipe: Pipe | None

    def __str__(self) -> str:
        argument = f" {self.pipe}" if self.pipe else ""
        return f"{{{{template {quote(self.name)}{argument}}}}}"


class Break(msgspec.Struct):
    """`{{break}}`, in the source."""

    at: int


class Continue(msgspec.Struct):
    """`{{continue}}`, in the source."""

    at: int


Statement = Text | Action | If | With | Range | Call | Break | Continue
Node = Operand | Command | Statement


class Tree(msgspec.Struct):
    """A parsed template: its name, the text that it is part of and that text's name, and what it consists of."""

    name: str
    source: str
    text: str
    body: list[Statement]
    calls: frozenset[str] = frozenset()
    """The names of the functions that the text calls."""

    def is_empty(self) -> bool:
        """Return whether it prints nothing but space; such a definition replaces no other."""
        return all(isinstance(node, Text) and not node.text.strip() for node in self.body)

    def locate(self, at: int) -> tuple[int, int]:
        """Return line, from 1, and byte in the line, from 0, of a place in the text."""
        start = self.text.rfind("\n", 0, at) + 1
        return 1 + self.text.count("\n", 0, at), len(self.text[start:at].encode("utf-8", "surrogatepass"))
