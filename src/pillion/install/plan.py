"""What becomes of each object that is wanted, given what is there: pure, and decided before anything is written."""

from collections.abc import Mapping
from typing import Any, Literal, cast

from pillion.install.manifest import Manifest, ObjectKey
from pillion.install.ownership import managers, ownership
from pillion.value import Value

Action = Literal["create", "change", "unchanged", "leave", "refuse", "remove"]
SHARED = frozenset({"Namespace", "CustomResourceDefinition"})
"""Kinds whose objects others may have made: they serve us as they are."""
_SERVERS_OWN = frozenset({"managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"})
MOST_FIELDS = 6


class Step(Value):
    """What becomes of an object."""

    manifest: Manifest
    action: Action
    reason: str = ""
    """Why it is left or refused; which fields change."""

    @property
    def key(self) -> ObjectKey:
        """The name of the object."""
        return self.manifest.key


def step_for(wanted: Manifest, found: Mapping[str, Any] | None, *, adopt: bool = False) -> Step:
    """Decide about an object: what is not ours is never overwritten.

    Args:
        wanted: the object.
        found: the object of that name that is there.
        adopt: take over what somebody else made from our YAML.
    """
    if found is None:
        return Step(manifest=wanted, action="create")
    whose = ownership(found)
    authors = ", ".join(sorted(managers(found))) or "somebody"
    if whose == "ours" or (whose == "handed-on" and adopt):
        return Step(manifest=wanted, action="change")
    if wanted.key.kind in SHARED:
        return Step(manifest=wanted, action="leave", reason=f"is there already, made by {authors}")
    if whose == "handed-on":
        reason = f"was applied by {authors} from our YAML: change it there, or take it over with --adopt"
        return Step(manifest=wanted, action="refuse", reason=reason)
    reason = f"is not ours (made by {authors}): remove it, or install another --revision or --namespace"
    return Step(manifest=wanted, action="refuse", reason=reason)


def step_away(unwanted: Manifest, found: Mapping[str, Any] | None) -> Step | None:
    """Decide about an object that an earlier installation may have made, and that is not wanted any more."""
    if found is None or ownership(found) != "ours":
        return None
    return Step(manifest=unwanted, action="remove", reason="is not wanted any more")


def compared(step: Step, before: Mapping[str, Any], after: Mapping[str, Any]) -> Step:
    """Say what an apply changed, or that it changed nothing."""
    fields = changed_fields(_essence(before), _essence(after))
    if not fields:
        return Step(manifest=step.manifest, action="unchanged")
    more = f" and {len(fields) - MOST_FIELDS} more" if len(fields) > MOST_FIELDS else ""
    return Step(manifest=step.manifest, action="change", reason=", ".join(fields[:MOST_FIELDS]) + more)


def changed_fields(before: Any, after: Any, path: str = "") -> list[str]:
    """Name the fields in which two documents differ; a list counts as one field."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        left, right = cast("Mapping[str, Any]", before), cast("Mapping[str, Any]", after)
        names = sorted({*left, *right})
        found = (changed_fields(left.get(name), right.get(name), f"{path}.{name}") for name in names)
        return [field for fields in found for field in fields]
    return [] if before == after else [path.removeprefix(".")]


def _essence(document: Mapping[str, Any]) -> dict[str, Any]:
    metadata = cast("Mapping[str, Any]", document.get("metadata") or {})
    kept = {name: value for name, value in metadata.items() if name not in _SERVERS_OWN}
    rest = {name: value for name, value in document.items() if name not in {"metadata", "status"}}
    return {**rest, "metadata": kept}
