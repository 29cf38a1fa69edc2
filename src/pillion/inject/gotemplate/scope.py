"""What the compiler knows while it turns a tree into closures, and what the closures know while they run."""

from collections.abc import Callable, Mapping
from typing import Any, Literal, NamedTuple, Protocol

from pillion.inject.gotemplate.errors import TemplateError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.syntax import nodes

MissingKey = Literal["default", "zero", "error"]
"""What a missing key of a map gives: no value, the zero value of the map's elements, or an error."""


class Body(NamedTuple):
    """A compiled template."""

    run: "Statement"
    slots: int
    """How many variables it needs, `$` included."""


class Frame:
    """One running template: its variables, and where its output goes."""

    __slots__ = ("body", "depth", "meter", "variables", "write")

    def __init__(
        self,
        write: Callable[[str], None],
        meter: Meter,
        body: Callable[[str], Body | None],
        variables: list[Any],
        depth: int,
    ) -> None:
        self.write: Callable[[str], None] = write
        self.meter: Meter = meter
        self.body: Callable[[str], Body | None] = body
        self.variables: list[Any] = variables
        self.depth: int = depth


class Evaluate(Protocol):
    """Computes a value."""

    def __call__(self, frame: Frame, dot: Any, /) -> Any:
        """Return the value."""
        ...


class Statement(Protocol):
    """Writes output."""

    def __call__(self, frame: Frame, dot: Any, /) -> None:
        """Write."""
        ...


class Operand(NamedTuple):
    """A compiled operand."""

    evaluate: Evaluate
    last: nodes.Node
    """The node that Go blames for what goes wrong right after its evaluation."""
    boxed: int = 0
    """The slot that tells whether the value is an element of a collection of anything; 0 when it is no element.

    Go calls the type of such an element `interface {}`, whatever it holds.
    """
    present: Callable[[Frame, Any], bool] | None = None
    """Tells, when the value is nil, whether something holds that nil; else nothing was found."""

    def holds_nil(self, frame: Frame, dot: Any) -> bool:
        """Return whether a nil value is the value of a key or element, rather than no value at all."""
        return self.present(frame, dot) if self.present else bool(self.boxed and frame.variables[self.boxed])


class Scope:
    """One template being compiled."""

    def __init__(self, tree: nodes.Tree, functions: Mapping[str, Function], missing_key: MissingKey) -> None:
        self.tree: nodes.Tree = tree
        self.functions: Mapping[str, Function] = functions
        self.missing_key: MissingKey = missing_key
        self.variables: list[tuple[str, int, int]] = [("$", 0, 0)]
        self.slots: int = 1
        self.dot_boxed: int = 0

    def declare(self, name: str, boxed: int = 0) -> int:
        """Give a new variable a slot; `boxed` as for an operand."""
        slot = self.slots
        self.slots += 1
        self.variables.append((name, slot, boxed))
        return slot

    def find(self, name: str) -> tuple[int, int] | None:
        """Return the slot of the innermost variable of that name, and its `boxed`."""
        for known, slot, boxed in reversed(self.variables):
            if known == name:
                return slot, boxed
        return None

    def error(self, node: nodes.Node, message: str) -> TemplateError:
        """Make the error that Go gives for a node."""
        line, column = self.tree.locate(node.at)
        place = f"{self.tree.source}:{line}:{column}"
        text = f"template: {place}: executing {quote(self.tree.name)} at <{node}>: {message}"
        return TemplateError(text, template=self.tree.source, line=line, column=column)
