"""sprig's regular expressions, in Go's syntax and in linear time."""

from collections.abc import Callable, Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import Slice
from pillion.inject.gotemplate.limits import Meter
from pillion.inject.gotemplate.re2.pattern import Pattern, Spans, compile_pattern, quote_meta
from pillion.inject.gotemplate.re2.syntax import RegexError


def _compiled(expression: str) -> Pattern:
    try:
        return compile_pattern(expression)
    except RegexError as error:
        raise FunctionError(str(error)) from None


def _panicking(run: Callable[..., Any]) -> Callable[..., Any]:
    """Complain as the functions without `must` do, which panic."""

    def panicking(meter: Meter, expression: str, *arguments: Any) -> Any:
        try:
            compile_pattern(expression)
        except RegexError as error:
            raise FunctionError(f"regexp: Compile(`{expression}`): {error}") from None
        return run(meter, expression, *arguments)

    return panicking


def must_match(meter: Meter, expression: str, text: str) -> bool:
    """Return whether an expression matches anywhere."""
    return _compiled(expression).search(text, 0, meter.step) is not None


def match(meter: Meter, expression: str, text: str) -> bool:
    """Return whether an expression matches anywhere; a wrong one does not."""
    try:
        return must_match(meter, expression, text)
    except FunctionError:
        return False


def find_all(meter: Meter, expression: str, text: str, count: int) -> Slice:
    """Return all matches, or the first `count`."""
    found = [text[spans[0] : spans[1]] for spans in _compiled(expression).matches(text, count, meter.step)]
    return Slice("string", found, nil=not found)


def find(meter: Meter, expression: str, text: str) -> str:
    """Return the first match; an empty string without one."""
    spans = _compiled(expression).search(text, 0, meter.step)
    return text[spans[0] : spans[1]] if spans else ""


def replace_all(meter: Meter, expression: str, text: str, replacement: str) -> str:
    """Replace all matches, filling in groups."""
    pattern = _compiled(expression)

    def expand(spans: Spans) -> str:
        return pattern.expand(replacement, text, spans)

    return _replaced(meter, pattern, text, expand)


def replace_all_literal(meter: Meter, expression: str, text: str, replacement: str) -> str:
    """Replace all matches by a text as it is."""
    return _replaced(meter, _compiled(expression), text, lambda _spans: replacement)


def _replaced(meter: Meter, pattern: Pattern, text: str, expand: Callable[[Spans], str]) -> str:
    made = 0

    def counted(spans: Spans) -> str:
        nonlocal made
        piece = expand(spans)
        made += len(piece)
        meter.text(made if made > meter.limits.output else len(piece))
        return piece

    return pattern.replace(text, counted, meter.step)


def split(meter: Meter, expression: str, text: str, count: int) -> Slice:
    """Split a text at the matches."""
    parts = _compiled(expression).split(text, count, meter.step)
    return Slice("string", parts or (), nil=parts is None)


_MATCH = "func(string, string) bool"
_FIND = "func(string, string) string"
_FIND_ALL = "func(string, string, int) []string"
_REPLACE = "func(string, string, string) string"
_MUST: Mapping[str, tuple[Callable[..., Any], str]] = {
    "FindAll": (find_all, _FIND_ALL),
    "Find": (find, _FIND),
    "ReplaceAll": (replace_all, _REPLACE),
    "ReplaceAllLiteral": (replace_all_literal, _REPLACE),
    "Split": (split, _FIND_ALL),
}

FUNCTIONS: Mapping[str, Function] = {
    "regexMatch": Function(match, _MATCH, metered=True),
    "mustRegexMatch": Function(must_match, _MATCH, metered=True),
    "regexQuoteMeta": Function(quote_meta, "func(string) string"),
    **{f"mustRegex{name}": Function(run, kind, metered=True) for name, (run, kind) in _MUST.items()},
    **{f"regex{name}": Function(_panicking(run), kind, metered=True) for name, (run, kind) in _MUST.items()},
}
