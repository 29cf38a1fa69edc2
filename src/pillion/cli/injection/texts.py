"""Files that a command line names, as texts."""

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

import click

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class FileError(click.ClickException):
    """A file cannot be read or written; the message says which and why, in the words of Go's tools."""

    exit_code: ClassVar[int] = 2


def read_inputs(names: Iterable[str]) -> list[tuple[str, str]]:
    """Return name and text of each file; folders are walked, a file named twice is read once, `-` is standard input.

    Ends of lines stay as they are. Raises `FileError`.
    """
    found: dict[str, str] = {}
    for name in dict.fromkeys(names):
        if name == "-":
            found[name] = _decoded(name, sys.stdin.buffer.read())
            continue
        path = Path(name)
        files = _below(path) if path.is_dir() else [path]
        found.update({str(file): read_file(str(file)) for file in files})
    return list(found.items())


def _below(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.rglob("*")) if path.suffix in _SUFFIXES and path.is_file()]


def read_file(name: str) -> str:
    """Return the text of a file; raises `FileError`."""
    try:
        return _decoded(name, Path(name).read_bytes())
    except OSError as error:
        message = f"open {name}: {str(error.strerror).lower()}"
        raise FileError(message) from None


def _decoded(name: str, content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        message = f"open {name}: it is not UTF-8 text"
        raise FileError(message) from None


def joined(texts: Iterable[str]) -> str:
    """Return the documents of several files as one text."""
    parts: list[str] = []
    for text in filter(None, texts):
        if parts and not parts[-1].endswith("\n"):
            parts.append("\n")
        if parts and not text.startswith("---"):
            parts.append("---\n")
        parts.append(text)
    return "".join(parts)


def write_output(text: str, name: str) -> None:
    """Write a text to a file, or to standard output without a name; raises `FileError`."""
    if not name:
        click.echo(text, nl=False)
        return
    try:
        Path(name).write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        message = f"open {name}: {str(error.strerror).lower()}"
        raise FileError(message) from None
