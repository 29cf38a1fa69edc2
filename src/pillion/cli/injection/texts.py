"""Reading what a command line names: input files as texts, and the settings of injection."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar, cast

import click

from pillion.inject.schema.types import Json, section
from pillion.inject.settings import Settings, default_settings
from pillion.inject.text import read_text, write_text

_SUFFIXES = frozenset({".yaml", ".yml", ".json"})


class FileError(click.ClickException):
    """A file cannot be read or written; the message says which and why, in the words of Go's tools."""

    exit_code: ClassVar[int] = 2


def read_inputs(names: Iterable[str], standard_input: Callable[[], str]) -> list[tuple[str, str]]:
    """Return name and text of each file; folders are walked, a file named twice is read once, `-` is standard input."""
    found: dict[str, str] = {}
    for name in names:
        if name == "-":
            found[name] = standard_input()
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
        return Path(name).read_text(encoding="utf-8")
    except OSError as error:
        message = f"open {name}: {str(error.strerror).lower()}"
    except UnicodeDecodeError:
        message = f"open {name}: it is not UTF-8 text"
    raise FileError(message)


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
        Path(name).write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"open {name}: {str(error.strerror).lower()}"
        raise FileError(message) from None


def read_settings(*, config: str, values: str, mesh: str, operator: str) -> Settings:
    """Return the settings that files give; our own where none is named. Raises `FileError`."""
    ours = default_settings()
    if not (config or values or mesh or operator):
        return ours
    from_operator = _operator(operator) if operator else {}
    return Settings(
        config=read_file(config) if config else ours.config,
        values=from_operator.get("values") or (read_file(values) if values else ("{}" if config else ours.values)),
        mesh=from_operator.get("meshConfig") or (read_file(mesh) if mesh else ours.mesh),
        reversible=not config,
        source=", ".join(name for name in (config, values, mesh, operator) if name),
    )


def _operator(name: str) -> dict[str, str]:
    document, problem = read_text(read_file(name))
    if problem or not isinstance(document, dict):
        message = f"{name}: {problem or 'an IstioOperator was expected'}"
        raise FileError(message)
    spec = section(cast(Json, document), "spec")
    return {key: write_text(spec[key]) for key in ("values", "meshConfig") if spec.get(key)}
