"""What can go wrong with a template, in Go's own words.

`TemplateError` is what a caller sees, from parsing as from rendering. `FunctionError` is what a template function
raises; the engine turns it into a `TemplateError` that names the call. `LimitError` is how a limit stops a hostile
template.
"""


class TemplateError(Exception):
    """A template that cannot be parsed or rendered; `str()` is the message of Go's text/template."""

    def __init__(self, message: str, *, template: str = "", line: int = 0, column: int | None = None) -> None:
        super().__init__(message)
        self.template: str = template
        """The name of the text in which it happened."""
        self.line: int = line
        """From 1; 0 when there is no place."""
        self.column: int | None = column
        """The byte in the line, from 0; None for errors of the parser, which knows lines only."""


class FunctionError(Exception):
    """A function refuses its arguments; becomes `error calling NAME: ...`."""


class LimitError(Exception):
    """A rendering exceeds one of its `Limits`."""
