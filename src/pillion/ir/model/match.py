"""What an HTTP route matches."""

from typing import Literal

from pillion.value import Value


class StringMatch(Value):
    """A test of a string; `present` asks only whether it is there."""

    kind: Literal["exact", "prefix", "regex", "present"]
    value: str = ""


class HeaderMatch(Value):
    """A test of one header."""

    name: str
    match: StringMatch
    inverted: bool = False
    missing_as_empty: bool = False


class QueryMatch(Value):
    """A test of one query parameter."""

    name: str
    match: StringMatch


class RouteMatch(Value):
    """All tests must hold."""

    path: StringMatch = StringMatch(kind="prefix", value="/")
    ignore_case: bool | None = None
    """Of the path; None says nothing about it."""
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()

    @property
    def catches_all(self) -> bool:
        """Whether every request matches."""
        path = (self.path.kind, self.path.value) in {("prefix", "/"), ("regex", ".*")}
        return path and not self.headers and not self.query
