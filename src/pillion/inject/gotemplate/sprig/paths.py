"""sprig's functions on slash-separated paths."""

from collections.abc import Mapping

from pillion.inject.gotemplate.functions import Function


def base(path: str) -> str:
    """Return the last element."""
    if not path:
        return "."
    return path.rstrip("/").rpartition("/")[2] or "/"


def directory(path: str) -> str:
    """Return all but the last element, cleaned."""
    head, slash, _ = path.rpartition("/")
    return clean(head + slash)


def clean(path: str) -> str:
    """Return the shortest path of the same meaning, by its text alone."""
    rooted = path.startswith("/")
    parts: list[str] = []
    for part in path.split("/"):
        if part in {"", "."}:
            continue
        if part != ".." or (not rooted and (not parts or parts[-1] == "..")):
            parts.append(part)
        elif parts:
            parts.pop()
    joined = "/".join(parts)
    return f"/{joined}" if rooted else joined or "."


def extension(path: str) -> str:
    """Return what follows the last dot of the last element, with the dot."""
    name = path.rpartition("/")[2]
    _, dot, suffix = name.rpartition(".")
    return dot + suffix if dot else ""


def is_absolute(path: str) -> bool:
    """Return whether a path begins at the root."""
    return path.startswith("/")


_PLAIN = "func(string) string"
_SHORT = {
    "base": Function(base, _PLAIN),
    "dir": Function(directory, _PLAIN),
    "clean": Function(clean, _PLAIN),
    "ext": Function(extension, _PLAIN),
    "isAbs": Function(is_absolute, "func(string) bool"),
}

FUNCTIONS: Mapping[str, Function] = {
    **_SHORT,
    **{f"os{name[0].upper()}{name[1:]}": function for name, function in _SHORT.items()},
}
