"""A text to parser events, document by document.

The parser is libyaml's, from which Go's was made, so both accept the same texts. Only its events are used: its own
composer recurses in C, and a file of brackets would end the process.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol, cast

import yaml
from yaml._yaml import CParser

from pillion.value import Diagnostic, Where

_SEPARATOR = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_DIRECTIVE = re.compile(r"^%", re.MULTILINE)


class Chunk(NamedTuple):
    """A part of a text that holds one document, and the number of lines before it."""

    text: str
    lines_before: int


class Parser(Protocol):
    """What PyYAML's binding of libyaml offers."""

    def get_event(self) -> Any:
        """Return the next event, or `None` after the last."""
        ...


class SyntaxFault(Exception):  # noqa: N818  # an error of the text, not of the program
    """What is wrong with a text, as a diagnostic."""

    def __init__(self, diagnostic: Diagnostic) -> None:
        super().__init__(diagnostic.message)
        self.diagnostic = diagnostic


def chunks(text: str) -> Iterator[Chunk]:
    """Cut a text before each line that begins a document, so that one bad document does not hide the others."""
    starts = [match.start() for match in _SEPARATOR.finditer(text)]
    ends = [start for start in starts if start > 0]
    begin = lines = 0
    for end in (*ends, len(text)):
        part = text[begin:end]
        if _DIRECTIVE.search(part) and end < len(text) and not part.startswith("---"):
            continue
        yield Chunk(part, lines)
        lines += part.count("\n")
        begin = end


def events(chunk: Chunk) -> Iterator[Any]:
    """Yield the parser's events.

    Raises:
        SyntaxFault: where the text is no YAML of version 1.1.
    """
    try:
        parser = cast(Parser, CParser(chunk.text))
        while (event := parser.get_event()) is not None:
            if type(event) is yaml.DocumentStartEvent and event.version not in {None, (1, 1)}:
                raise fault("found incompatible YAML document: only version 1.1 is read", event.start_mark, chunk)
            yield event
    except yaml.MarkedYAMLError as error:
        problem = error.problem or error.context or "not YAML"
        raise fault(problem, error.problem_mark or error.context_mark, chunk) from error
    except (yaml.YAMLError, ValueError) as error:
        raise fault(_unreadable(error), None, chunk) from error


def fault(problem: str, mark: Any, chunk: Chunk, code: str = "yaml-syntax") -> SyntaxFault:
    """Make a fault that names line and column in the whole text, both from 1."""
    line = chunk.lines_before + 1 + (mark.line if mark is not None else 0)
    where = Where(line=line, column=mark.column + 1 if mark is not None else None)
    hint = "indent with spaces: YAML takes no tabs there" if mark is not None and _is_tab(chunk, mark) else ""
    return SyntaxFault(Diagnostic(code=code, severity="error", message=problem, where=where, hint=hint))


def _is_tab(chunk: Chunk, mark: Any) -> bool:
    lines = chunk.text.split("\n")
    return any(line.startswith("\t", mark.column) for line in lines[mark.line : mark.line + 1])


def _unreadable(error: Exception) -> str:
    if isinstance(error, yaml.reader.ReaderError):
        return f"control characters are not allowed: {error.character!r}"
    return "is not text that UTF-8 can hold"
