"""Who may see a service or rule: the words of `exportTo`."""

from collections.abc import Iterable

PRIVATE = "."
"""The namespace of the resource itself."""
PUBLIC = "*"
"""Every namespace."""
NOBODY = "~"
"""No namespace at all; for services only."""


def is_visible(export_to: Iterable[str], owner: str, viewer: str, default: Iterable[str] = (PUBLIC,)) -> bool:
    """Return whether `viewer` may see a resource that lives in namespace `owner`.

    An empty `export_to` means `default`, the mesh's setting for that kind of resource.
    """
    words = frozenset(export_to) or frozenset(default)
    if NOBODY in words:
        return False
    return PUBLIC in words or viewer in words or (PRIVATE in words and viewer == owner)
