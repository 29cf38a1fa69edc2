"""Files and folders of YAML or JSON: every document with its origin, every problem with its line."""

import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from pillion.resources.documents import Document, read
from pillion.resources.lines import locate
from pillion.value import Diagnostic, Diagnostics, Origin, Where

SUFFIXES = frozenset({".yaml", ".yml", ".json"})
STANDARD_INPUT = "-"


class Reading(NamedTuple):
    """What was read: the documents in file order, what is wrong with the text, and the text for finding lines."""

    documents: tuple[Document, ...]
    diagnostics: Diagnostics
    texts: Mapping[str, str]

    def located(self, diagnostics: Iterable[Diagnostic]) -> Diagnostics:
        """Give diagnostics about these documents their lines."""
        return tuple(
            locate(each, self.texts[each.where.origin.file])
            if each.where.origin is not None and each.where.origin.file in self.texts
            else each
            for each in diagnostics
        )


def read_paths(paths: Iterable[str]) -> Reading:
    """Read files, folders (every YAML and JSON file below, hidden ones left out) and `-` for standard input."""
    documents: list[Document] = []
    found: list[Diagnostic] = []
    texts: dict[str, str] = {}
    for name in paths:
        try:
            every = tuple(_files(name))
        except FileNotFoundError:
            found.append(_unreadable(name, "there is no such file or folder"))
            continue
        for file in every:
            try:
                text = sys.stdin.read() if file == STANDARD_INPUT else Path(file).read_text(encoding="utf-8")
            except (OSError, UnicodeDecodeError) as problem:
                reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
                found.append(_unreadable(file, f"cannot be read: {reason}"))
                continue
            texts[file] = text
            content = read(text, file)
            documents.extend(content.documents)
            found.extend(locate(each, text) for each in content.diagnostics)
    return Reading(tuple(documents), tuple(found), texts)


def _files(name: str) -> Iterator[str]:
    if name == STANDARD_INPUT:
        yield name
        return
    path = Path(name)
    if path.is_dir():
        for each in sorted(path.rglob("*")):
            visible = not any(part.startswith(".") for part in each.relative_to(path).parts)
            if visible and each.suffix in SUFFIXES and each.is_file():
                yield str(each)
    elif path.exists():
        yield str(path)
    else:
        raise FileNotFoundError(name)


def _unreadable(file: str, message: str) -> Diagnostic:
    return Diagnostic(
        code="unreadable",
        severity="error",
        message=message,
        where=Where(origin=Origin(file=file)),
        hint="check the path",
    )
