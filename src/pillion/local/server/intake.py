"""Documents in force to resources in force: read, validated, and where one became wrong its last good version kept.

The rule for a user's mistake: the other resources go on, the broken one stays as it was, and the mistake is told with
file and line.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

import msgspec

from pillion.local.server.known import check_fields, check_name
from pillion.local.server.overlay import Held
from pillion.local.workloads import KINDS, read
from pillion.resources.decode import decode
from pillion.resources.frozen import same
from pillion.resources.kinds import Resource
from pillion.resources.meta import Ref, ref_of
from pillion.resources.validation.validate import validate
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Origin, Where, has_errors

Content = Mapping[str, Any]


class Taken(NamedTuple):
    """A resource in force."""

    resource: Resource
    content: Content
    held: Held
    diagnostics: Diagnostics = ()
    """What there is to say about it; no errors."""


class Intake(NamedTuple):
    """All resources in force, and what is wrong with the documents."""

    taken: Mapping[Ref, Taken]
    diagnostics: Diagnostics


NOTHING = Intake({}, ())


def take_in(held: Iterable[tuple[Ref, Held]], before: Intake, created: FrozenMap[str]) -> Intake:
    """Read every document; `created` says since when those without `creationTimestamp` are known."""
    taken: dict[Ref, Taken] = {}
    found: list[Diagnostic] = []
    for ref, each in held:
        last = before.taken.get(ref)
        if last is not None and _says_the_same(last.held, each):
            taken[ref] = last._replace(held=each)  # the next look finds the very same document
            found.extend(last.diagnostics)
            continue
        content = aged(each.document.content, created.get(str(ref), ""))
        resource, diagnostics = check(content, each.document.origin)
        if resource is not None:
            taken[ref] = Taken(resource, content, each, diagnostics)
        elif (
            last is not None and last.held.place == each.place
        ):  # what was deleted does not come back for another's slip
            taken[ref] = last
            diagnostics = with_last_good(diagnostics)
        found.extend(diagnostics)
    return Intake(taken, tuple(found))


def _says_the_same(one: Held, other: Held) -> bool:
    return one.place == other.place and (
        one.document is other.document
        or (one.document.origin == other.document.origin and same(one.document.content, other.document.content))
    )


def with_last_good(diagnostics: Diagnostics) -> Diagnostics:
    """Say with the first error that what was in force before still is."""
    first = next((each for each in diagnostics if each.severity == "error"), None)
    if first is None:
        return diagnostics
    told = msgspec.structs.replace(first, message=f"{first.message}; the last good version stays in force")
    return tuple(told if each is first else each for each in diagnostics)


def check(content: Content, origin: Origin) -> tuple[Resource | None, Diagnostics]:
    """Read a document and say what Istio and Kubernetes say about it; nothing when it is refused, or not ours."""
    resource, found = decode(content, origin)
    if resource is None:
        return None, found
    found = (*found, *validate(resource, origin))
    ref = ref_of(resource)
    if not ref.name:
        where = Where(origin=origin, resource=str(ref), path=("metadata", "generateName"))
        message = "a resource needs a name here, generateName makes another one each time"
        found = (*found, Diagnostic(code="missing-name", severity="error", message=message, where=where))
    else:
        found = (*found, *check_name(ref, origin), *check_fields(content, ref, origin))
    if ref.kind in KINDS:
        _, wrong = read(content)
        found = (*found, *(_from(origin, each) for each in wrong))
    return (None if has_errors(found) else resource), found


def _from(origin: Origin, diagnostic: Diagnostic) -> Diagnostic:
    where = msgspec.structs.replace(diagnostic.where, origin=origin)
    return msgspec.structs.replace(diagnostic, where=where)


def aged(content: Content, created: str) -> Content:
    """Give a document the time since when it is known, unless it says one itself."""
    metadata: object = content.get("metadata")
    if not created or not isinstance(metadata, Mapping):
        return content
    written = cast(Mapping[str, Any], metadata)
    if written.get("creationTimestamp"):
        return content
    return {**content, "metadata": {**written, "creationTimestamp": created}}
