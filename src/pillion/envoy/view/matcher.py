"""How Envoy compares strings, headers and query parameters, as values."""

from typing import Literal

from pillion.value import Value

How = Literal["exact", "prefix", "suffix", "contains", "regex"]


class StringMatch(Value):
    """One comparison (Envoy's `StringMatcher`)."""

    how: How
    text: str
    ignore_case: bool = False
    """Has no effect on a regular expression."""


class Present(Value):
    """Whether something is there at all."""

    wanted: bool = True


class NumberRange(Value):
    """A whole number in a half-open range."""

    start: int
    end: int


class Unread(Value):
    """A matcher of a kind that cannot be judged from a configuration and a call."""

    kind: str


class HeaderMatch(Value):
    """A condition on a header; several values of one name are joined by commas before they are compared."""

    name: str
    """In lower case."""
    match: StringMatch | Present | NumberRange | Unread = Present()
    invert: bool = False
    missing_is_empty: bool = False
    """A missing header counts as an empty one; without it, a missing header fails even an inverted comparison."""


class QueryMatch(Value):
    """A condition on a query parameter, whose name and value are compared as they stand in the path."""

    name: str
    match: StringMatch | Present = Present()
