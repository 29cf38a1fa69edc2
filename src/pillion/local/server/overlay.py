"""Which documents are in force: those of the watched files, with what was applied laid over them.

An applied document hides the file's one of the same kind, namespace and name until it is deleted again. A file that
became broken keeps its last good documents: traffic goes on by them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple, cast

from pillion.resources.documents import Document
from pillion.resources.meta import Ref

Place = Literal["file", "applied"]


class Held(NamedTuple):
    """A document in force, and where it is from."""

    document: Document
    place: Place


class Overlay:
    """Documents by reference. Immutable; every change gives a new one."""

    __slots__ = ("_applied", "_files")

    def __init__(
        self, files: Mapping[Ref, Document] | None = None, applied: Mapping[Ref, Document] | None = None
    ) -> None:
        self._files: Mapping[Ref, Document] = files or {}
        self._applied: Mapping[Ref, Document] = applied or {}

    def with_files(self, documents: Iterable[Document]) -> "Overlay":
        """Replace what the files say; of two documents with one name the later counts."""
        return Overlay({_own(each): each for each in documents}, self._applied)

    def with_applied(self, documents: Iterable[Document]) -> "Overlay":
        """Lay documents over the files."""
        return Overlay(self._files, {**self._applied, **{reference(each.content): each for each in documents}})

    def without(self, refs: Iterable[Ref]) -> "Overlay":
        """Take applied documents away; what a file says about them counts again."""
        gone = set(refs)
        return Overlay(self._files, {ref: each for ref, each in self._applied.items() if ref not in gone})

    def is_applied(self, ref: Ref) -> bool:
        """Return whether that name was applied."""
        return ref in self._applied

    def file_of(self, ref: Ref) -> str:
        """Return the file that declares that name, or an empty text."""
        document = self._files.get(ref)
        return document.origin.file if document else ""

    def find(self, ref: Ref) -> Document | None:
        """Return the document in force."""
        return self._applied.get(ref) or self._files.get(ref)

    def held(self) -> Iterator[tuple[Ref, Held]]:
        """Give every document in force, by reference."""
        for ref in sorted(self._files.keys() | self._applied.keys()):
            applied = self._applied.get(ref)
            yield ref, Held(applied, "applied") if applied else Held(self._files[ref], "file")

    def declared(self) -> tuple[Document, ...]:
        """Give what the files say, hidden or not."""
        return tuple(self._files.values())

    def applied(self) -> Mapping[Ref, Document]:
        """Give what was applied."""
        return self._applied


CLUSTER_KINDS = frozenset({"Namespace", "Node"})


def _own(document: Document) -> Ref:
    """Name a document; one that cannot be named is told from the others by its place, for each has its own mistake."""
    ref = reference(document.content)
    if ref.kind and ref.name:
        return ref
    origin = document.origin
    return Ref(kind=ref.kind, namespace=ref.namespace, name=f"{origin.file}#{origin.document}.{origin.item}")


def reference(content: Mapping[str, Any]) -> Ref:
    """Name a document; a namespaced one without namespace is in `default`."""
    written: object = content.get("metadata")
    metadata: Mapping[str, Any] = cast(Mapping[str, Any], written) if isinstance(written, Mapping) else {}
    kind = str(content.get("kind", ""))
    namespace = "" if kind in CLUSTER_KINDS else str(metadata.get("namespace") or "default")
    return Ref(kind=kind, namespace=namespace, name=str(metadata.get("name", "")))
