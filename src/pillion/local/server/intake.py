"""Documents in force to resources in force: read, validated, and where one became wrong its last good version kept.

The rule for a user's mistake: the other resources go on, the broken one stays as it was, and the mistake is told with
file and line.
"""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, cast

from pillion.local.server.overlay import Held
from pillion.resources.decode import decode
from pillion.resources.kinds import Resource
from pillion.resources.meta import Ref, ref_of
from pillion.value import Diagnostic, Diagnostics, FrozenMap, has_errors

Content = Mapping[str, Any]


class Taken(NamedTuple):
    """A resource in force."""

    resource: Resource
    content: Content
    held: Held


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
        if last is not None and last.held == each:
            taken[ref] = last
            continue
        content = aged(each.document.content, created.get(str(ref), ""))
        resource, diagnostics = decode(content, each.document.origin)
        found.extend(diagnostics)
        if resource is not None and not has_errors(diagnostics):
            taken[ref_of(resource)] = Taken(resource, content, each)
        elif last is not None:
            taken[ref] = last
    return Intake(taken, tuple(found))


def aged(content: Content, created: str) -> Content:
    """Give a document the time since when it is known, unless it says one itself."""
    metadata: object = content.get("metadata")
    if not created or not isinstance(metadata, Mapping):
        return content
    written = cast(Mapping[str, Any], metadata)
    if written.get("creationTimestamp"):
        return content
    return {**content, "metadata": {**written, "creationTimestamp": created}}
