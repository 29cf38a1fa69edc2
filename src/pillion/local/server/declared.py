"""What the watched files say; of a file that became broken, what it said last.

Standard input is read once: there is nothing more in it later.
"""

from collections.abc import Container, Iterable, Iterator
from pathlib import Path
from typing import final

from msgspec.structs import replace

from pillion.local.server.overlay import reference
from pillion.resources.documents import Document
from pillion.resources.lines import locate
from pillion.resources.meta import Ref
from pillion.sources.files import STANDARD_INPUT, Reading, read_paths
from pillion.value import Diagnostic, Diagnostics, Origin, Where, has_errors

NOTHING = Reading((), (), {})


@final
class Declared:
    """Documents and MeshConfig of the files that a mesh was started with."""

    def __init__(self, paths: Iterable[str], mesh_config: str = "") -> None:
        """Hold the paths; `mesh_config` is the path of a MeshConfig, or empty."""
        self._paths = tuple(paths)
        self._piped: Reading | None = None
        self._reading = NOTHING
        self._problems: Diagnostics = ()
        self.mesh_config_file = mesh_config
        self.mesh_config: str | None = None
        """The text of the MeshConfig as it could be read last."""

    @property
    def diagnostics(self) -> Diagnostics:
        """What is wrong with the texts of the files."""
        return (*self._reading.diagnostics, *self._problems)

    def located(self, diagnostics: Iterable[Diagnostic]) -> Diagnostics:
        """Give diagnostics about these files their lines."""
        found = self._reading.located(diagnostics)
        text = self.mesh_config
        if text is None:
            return found
        ours = Origin(file=self.mesh_config_file)
        return tuple(locate(each, text) if each.where.origin == ours else each for each in found)

    def read(self, before: Iterable[Document]) -> tuple[Document, ...]:
        """Read all files again; `before` are the documents so far, kept where their file is broken now."""
        reading = self._read()
        wrong = (each for each in reading.diagnostics if has_errors((each,)))
        broken = {each.where.origin.file for each in wrong if each.where.origin}
        kept = tuple(each for each in before if _is_in(each.origin.file, broken)) if broken else ()
        self._reading = reading._replace(diagnostics=_with_what_stays(reading.diagnostics, kept))
        documents = reading.documents
        self._problems = (*_twice(documents), *self._read_mesh_config())
        return (*kept, *documents)

    def _read(self) -> Reading:
        if STANDARD_INPUT not in self._paths:
            return read_paths(self._paths)
        if self._piped is None:
            self._piped = read_paths([STANDARD_INPUT])
        files = read_paths(path for path in self._paths if path != STANDARD_INPUT)
        return Reading(
            (*files.documents, *self._piped.documents),
            (*files.diagnostics, *self._piped.diagnostics),
            {**files.texts, **self._piped.texts},
        )

    def _read_mesh_config(self) -> Iterator[Diagnostic]:
        if not self.mesh_config_file:
            return
        try:
            self.mesh_config = Path(self.mesh_config_file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as problem:
            reason = problem.strerror if isinstance(problem, OSError) else "it is not UTF-8 text"
            where = Where(origin=Origin(file=self.mesh_config_file))
            message = f"cannot be read: {reason}"
            yield Diagnostic(code="unreadable", severity="error", message=message, where=where, hint="check the path")


def _is_in(file: str, places: Container[str]) -> bool:
    """Tell whether a file is one of these, or below one of them: a folder that is gone as a whole."""
    return file in places or any(str(folder) in places for folder in Path(file).parents)


def _with_what_stays(diagnostics: Diagnostics, kept: Iterable[Document]) -> Diagnostics:
    """Say of what cannot be read any more that its documents stay in force."""
    files = {each.origin.file for each in kept}
    return tuple(
        replace(each, message=f"{each.message}; what was read there last stays in force")
        if each.code == "unreadable" and any(_is_in(file, (_place(each),)) for file in files)
        else each
        for each in diagnostics
    )


def _place(diagnostic: Diagnostic) -> str:
    return diagnostic.where.origin.file if diagnostic.where.origin else ""


def _twice(documents: Iterable[Document]) -> Iterator[Diagnostic]:
    """Tell of documents that another one of the same name hides."""
    seen: dict[Ref, Document] = {}
    for each in documents:
        ref = reference(each.content)
        if not (ref.kind and ref.name):
            continue
        other = seen.get(ref)
        if other is not None:
            yield Diagnostic(
                code="declared-twice",
                severity="warning",
                message=f"is declared in {other.origin.file} too; this one counts",
                where=Where(origin=each.origin, resource=str(ref)),
                hint="take one of them out",
            )
        seen[ref] = each
