"""Whose an object is: ours if it bears our label and we have written it."""

from collections.abc import Mapping
from typing import Any, Literal, cast

OWNER_LABEL = "app.kubernetes.io/managed-by"
OWNER = "pillion"
REVISION_LABEL = "istio.io/rev"
FIELD_MANAGER = "pillion-install"
CONTROL_PLANE = "pillion"
MANAGERS = frozenset({FIELD_MANAGER, CONTROL_PLANE})
"""So the installer and the control plane write; and as `pillion/NAMESPACE` what each of several control planes does."""
Ownership = Literal["ours", "handed-on", "foreign"]
"""`handed-on` is made from our YAML by somebody else, such as kubectl or a GitOps controller."""


def ownership(document: Mapping[str, Any]) -> Ownership:
    """Tell whose an object is; in a dump without `managedFields` the label alone counts."""
    if labels_of(document).get(OWNER_LABEL) != OWNER:
        return "foreign"
    fields = metadata_of(document).get("managedFields")
    return "ours" if not fields or any(_is_ours(each) for each in managers(document)) else "handed-on"


def managers(document: Mapping[str, Any]) -> set[str]:
    """Name who wrote an object, its status apart."""
    entries = cast("list[Mapping[str, Any]]", metadata_of(document).get("managedFields") or [])
    return {str(each.get("manager", "")) for each in entries if not each.get("subresource")}


def metadata_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object's metadata."""
    return cast("Mapping[str, Any]", document.get("metadata") or {})


def labels_of(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an object's labels."""
    return cast("Mapping[str, Any]", metadata_of(document).get("labels") or {})


def revision_of(document: Mapping[str, Any]) -> str:
    """Return the revision that an object belongs to; empty for what all revisions share."""
    return str(labels_of(document).get(REVISION_LABEL, ""))


def _is_ours(manager: str) -> bool:
    return manager in MANAGERS or manager.startswith(f"{CONTROL_PLANE}/")
