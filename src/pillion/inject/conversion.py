"""A file of documents in, the file with its workloads injected out: what `kube-inject` does, without its files.

Documents that hold no pod pass through as they were written, comments included. With settings of others the result is
what Istio's tool gives, down to the order of keys and the zeros that Go's encoder writes (`resources: {}`, `strategy:
{}`); with ours a document keeps its form, comments included, and so does every document that an injection is taken off.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, cast

from pillion.inject.documents import go_type_of, is_list
from pillion.inject.injection import DEFAULTS, Injection, Injector, Options
from pillion.inject.pod.slips import slips
from pillion.inject.policy import Decision
from pillion.inject.schema.encode import completed
from pillion.inject.schema.types import Json, items, table
from pillion.inject.uninject import uninject
from pillion.inject.writing import Writer, separator
from pillion.resources.lines import locate_all
from pillion.resources.yaml.events import Chunk, chunks
from pillion.resources.yaml.load import AliasBudget, load_chunk
from pillion.value import Diagnostic, Diagnostics, Origin, Value, Where, has_errors


class Conversion(Value):
    """A file after injection."""

    text: str
    """Documents separated by `---`; empty when there are errors, so that nothing half-done is used."""
    decisions: tuple[Decision, ...] = ()
    diagnostics: Diagnostics = ()


def convert(text: str, file: str, injector: Injector, options: Options = DEFAULTS) -> Conversion:
    """Inject every workload of a file; `file` is its name in messages."""

    def change(document: Json) -> Changed:
        result = inject_as_written(document, injector, options)
        return Changed(result.document, result.decisions, (*slips(document), *result.diagnostics))

    return _converted(text, file, change, Writer.injected if injector.settings.reversible else None)


def convert_back(text: str, file: str) -> Conversion:
    """Take the injection off every workload of a file."""

    def change(document: Json) -> Changed:
        result = uninject(document)
        return Changed(result.document, (), result.diagnostics)

    return _converted(text, file, change, Writer.uninjected)


class Changed(NamedTuple):
    """What became of one document."""

    document: Json
    decisions: tuple[Decision, ...]
    diagnostics: Diagnostics


def _converted(
    text: str, file: str, change: Callable[[Json], Changed], write: Callable[[Writer, Chunk, Json, Json], str] | None
) -> Conversion:
    """Change every workload; `write` keeps the form of a document, without it Go's encoder gives it another."""
    parts: list[str] = []
    decisions: list[Decision] = []
    found: list[Diagnostic] = []
    index = 0
    writer, budget = Writer(), AliasBudget()
    for chunk in chunks(text):
        loaded = load_chunk(chunk, budget=budget)
        origin = Origin(file=file, document=index)
        found.extend(_at(each, origin, chunk) for each in loaded.diagnostics)
        index += len(loaded.contents)
        if not any(_is_known(content) for content in loaded.contents):
            parts.append(_as_written(chunk) if write is None else chunk.text)
            if write is not Writer.uninjected:
                found.extend(_at(each, origin, None) for each in _slips(loaded.contents))
            continue
        results = [(content, change(cast(Json, content))) for content in loaded.contents if content is not None]
        decisions.extend(decision for _, result in results for decision in result.decisions)
        found.extend(_at(each, origin, None) for _, result in results for each in result.diagnostics)
        if write is not None and len(loaded.contents) == 1:
            (content, result) = results[0]
            parts.append(write(writer, chunk, cast(Json, content), result.document))
        else:
            whole = "---\n".join(writer.anew(result.document) for _, result in results)
            parts.append(whole if write is None else separator(chunk) + whole)
    diagnostics = _with_lines(found, text)
    between = "---\n" if write is None else ""
    whole = "" if has_errors(diagnostics) else between.join(part for part in parts if part)
    return Conversion(text=whole, decisions=tuple(decisions), diagnostics=diagnostics)


def _slips(contents: Iterable[Any]) -> Diagnostics:
    return tuple(each for content in contents if isinstance(content, dict) for each in slips(cast(Json, content)))


def _with_lines(found: list[Diagnostic], text: str) -> Diagnostics:
    """Locate what needs to be mended: finding lines takes as long as reading the file."""
    located = iter(locate_all(tuple(each for each in found if each.severity != "info"), text))
    return tuple(each if each.severity == "info" else next(located) for each in found)


def _is_known(content: Any) -> bool:
    return isinstance(content, dict) and go_type_of(cast(Json, content)) is not None


def _as_written(chunk: Chunk) -> str:
    """The text of a document that is left alone, without the line that separates it from the one before."""
    text = chunk.text
    if text.startswith("---"):
        first, _, rest = text.partition("\n")
        text = rest if not first[3:].strip() or first[3:].strip().startswith("#") else first[3:].strip() + "\n" + rest
    return text if not text or text.endswith("\n") else text + "\n"


def _at(diagnostic: Diagnostic, origin: Origin, chunk: Chunk | None) -> Diagnostic:
    where = diagnostic.where
    line = where.line + chunk.lines_before if chunk and where.line is not None else where.line
    placed = Where(origin=origin, resource=where.resource, path=where.path, line=line, column=where.column)
    return Diagnostic(
        code=diagnostic.code,
        severity=diagnostic.severity,
        message=diagnostic.message,
        where=placed,
        hint=diagnostic.hint,
    )


def inject_as_written(document: Json, injector: Injector, options: Options = DEFAULTS) -> Injection:
    """Inject a document; with settings of others, give it the form in which Go's encoder writes it."""
    result = injector.inject(document, None, options)
    if injector.settings.reversible or has_errors(result.diagnostics):
        return result
    return Injection(document=as_go(result.document), decisions=result.decisions, diagnostics=result.diagnostics)


def as_go(document: Json) -> Json:
    """Return a workload's document as Go's encoder writes it: its zeros written or left out, quantities canonical."""
    kind = go_type_of(document)
    if kind is None:
        return document
    kubernetes = table("kubernetes")
    if is_list(document):
        document = document | {"items": [as_go(item) for item in items(document, "items")]}
    names = {"apiVersion": document["apiVersion"], "kind": document["kind"]}
    return names | completed(kubernetes, document, kubernetes.structs[kind])
