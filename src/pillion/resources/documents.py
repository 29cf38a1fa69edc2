"""Text to documents, each with its origin: several YAML documents in a file, Lists unpacked, JSON too.

A broken document does not hide its neighbours: each one is parsed by itself.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

import msgspec

from pillion.resources.yaml.events import chunks
from pillion.resources.yaml.load import AliasBudget, load_chunk
from pillion.value import Diagnostic, Diagnostics, Origin, Where


class Document(NamedTuple):
    """A document as it was written, before anybody knows what it is."""

    content: Mapping[str, Any]
    origin: Origin


class Documents(NamedTuple):
    """The documents of a text, and what is wrong with the text itself."""

    documents: tuple[Document, ...]
    diagnostics: Diagnostics


def read(text: str, file: str = "") -> Documents:
    """Read every document of a file; empty ones (comments only) are left out, and so are broken ones.

    `file` is the name that origins and diagnostics give.
    """
    documents: list[Document] = []
    diagnostics: list[Diagnostic] = []
    for index, content, found in _contents(text):
        origin = Origin(file=file, document=index)
        diagnostics.extend(_at(diagnostic, origin) for diagnostic in found)
        if isinstance(content, Mapping):
            documents.extend(_unpack(cast(Mapping[str, Any], content), origin))
        elif content is not None:
            shape = "a list" if isinstance(content, list) else "a single value"
            message = f"is {shape}, expected a map with apiVersion and kind"
            where = Where(origin=origin)
            diagnostics.append(Diagnostic(code="not-a-resource", severity="error", message=message, where=where))
    return Documents(tuple(documents), tuple(diagnostics))


def _contents(text: str) -> Iterator[tuple[int, Any, Diagnostics]]:
    if text.lstrip()[:1] == "{":
        try:
            yield 0, msgspec.json.decode(text), ()
        except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
            pass  # not JSON after all: a flow map, or broken; the YAML parser says where
        else:
            return
    index = 0
    budget = AliasBudget()
    for chunk in chunks(text):
        loaded = load_chunk(chunk, budget=budget)
        found = loaded.diagnostics
        for content in loaded.contents:
            yield index, content, found
            found = ()
            index += 1


def _unpack(content: Mapping[str, Any], origin: Origin) -> Iterator[Document]:
    kind, items = content.get("kind"), content.get("items")
    if not (isinstance(kind, str) and kind.endswith("List") and isinstance(items, list | tuple)):
        yield Document(content, origin)
        return
    for index, item in enumerate(cast("list[Any]", items)):
        place = msgspec.structs.replace(origin, item=index)
        if isinstance(item, Mapping):
            yield Document(_named(cast(Mapping[str, Any], item), content, kind.removesuffix("List")), place)


def _named(item: Mapping[str, Any], of: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """Give an item of a typed list (`PodList`) the kind that an API server leaves out."""
    if "kind" in item or "apiVersion" in item or not kind:
        return item
    return {"apiVersion": of.get("apiVersion"), "kind": kind, **item}


def _at(diagnostic: Diagnostic, origin: Origin) -> Diagnostic:
    return msgspec.structs.replace(diagnostic, where=msgspec.structs.replace(diagnostic.where, origin=origin))
