"""Whether strings, headers and query parameters are what a route asks for."""

import re
from collections.abc import Mapping
from typing import Final

from pillion.envoy.view.matcher import HeaderMatch, NumberRange, Present, QueryMatch, StringMatch, Unread

_INTEGER = re.compile(r"[+-]?[0-9]{1,19}")
_NAMED: Final = {
    "[:alnum:]": "0-9A-Za-z",
    "[:alpha:]": "A-Za-z",
    "[:blank:]": r"\t ",
    "[:digit:]": "0-9",
    "[:lower:]": "a-z",
    "[:space:]": r"\t\n\v\f\r ",
    "[:upper:]": "A-Z",
    "[:word:]": "0-9A-Za-z_",
    "[:xdigit:]": "0-9A-Fa-f",
}
_QUOTED = re.compile(r"\\Q(.*?)(?:\\E|$)", re.DOTALL)
_ENDS = re.compile(r"(?<!\\)((?:\\\\)*)\\z")


class Unjudged(Exception):  # noqa: N818  # not a mistake: the answer is not known
    """A condition that Envoy can judge and this cannot; the message says which. Never leaves the simulator."""


def matches_text(match: StringMatch, value: str) -> bool:
    """Return whether a text is what is asked for."""
    if match.how == "regex":
        return _matches_expression(match.text, value)
    text = match.text
    if match.ignore_case:
        text, value = text.lower(), value.lower()
    match match.how:
        case "exact":
            return value == text
        case "prefix":
            return value.startswith(text)
        case "suffix":
            return value.endswith(text)
        case "contains":
            return text in value


def matches_header(match: HeaderMatch, headers: Mapping[str, str]) -> bool:
    """Return whether a request's headers are what is asked for."""
    value = headers.get(match.name, "" if match.missing_is_empty else None)
    if isinstance(match.match, Present):
        return (value is not None) == (match.match.wanted != match.invert)
    return value is not None and _fits(match.match, value, match.name) != match.invert


def matches_query(match: QueryMatch, path: str) -> bool:
    """Return whether the query in a path is what is asked for; of several values of one name the first counts.

    Nothing is decoded.
    """
    parameters = (each.partition("=") for each in path.partition("?")[2].split("&"))
    value = next((each for name, _, each in parameters if name == match.name), None)
    if isinstance(match.match, Present):
        return (value is not None) == match.match.wanted
    return value is not None and matches_text(match.match, value)


def _fits(match: StringMatch | NumberRange | Unread, value: str, name: str) -> bool:
    match match:
        case StringMatch():
            return matches_text(match, value)
        case NumberRange(start=start, end=end):
            return _INTEGER.fullmatch(value) is not None and start <= int(value) < end
        case Unread(kind=kind):
            raise Unjudged(f"header {name}: {kind}")


def _matches_expression(expression: str, value: str) -> bool:
    return compiled(expression).fullmatch(value) is not None


def compiled(expression: str) -> re.Pattern[str]:
    """Give an RE2 expression as Python's; what it writes otherwise is rewritten. Python remembers what it compiled."""
    text = _QUOTED.sub(lambda found: re.escape(found[1]), expression)
    for name, characters in _NAMED.items():
        text = text.replace(name, characters)
    text = _ENDS.sub(r"\1\\Z", text)
    try:
        return re.compile(text, re.ASCII)
    except re.error as problem:
        raise Unjudged(f"regular expression {expression}: {problem}") from None
