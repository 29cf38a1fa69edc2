"""What a connection manager makes of a request's path before it looks for a route."""

import re
from typing import Literal

from pillion.envoy.view.listener import Http

_ESCAPED = re.compile(r"%([0-9A-Fa-f]{2})")
_SLASH = re.compile(r"%2[Ff]|%5[Cc]")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
Verdict = Literal["", "redirect", "reject"]


def normal_path(manager: Http, target: str) -> tuple[str, Verdict]:
    """Give path and query as the routes see them, and what the manager answers instead of looking for a route."""
    path, mark, query = target.partition("?")
    verdict: Verdict = ""
    if _SLASH.search(path):
        match manager.escaped_slashes:
            case "REJECT_REQUEST":
                return target, "reject"
            case "UNESCAPE_AND_REDIRECT" | "UNESCAPE_AND_FORWARD":
                path = _SLASH.sub(lambda found: "/" if found[0].lower() == "%2f" else "\\", path)
                verdict = "redirect" if manager.escaped_slashes == "UNESCAPE_AND_REDIRECT" else ""
            case "KEEP_UNCHANGED" | "IMPLEMENTATION_SPECIFIC_DEFAULT":
                pass
    if manager.normalize_path:
        path = _without_dots(_ESCAPED.sub(_unescaped, path.replace("\\", "/")))
    if manager.merge_slashes:
        path = re.sub("/{2,}", "/", path)
    return f"{path}{mark}{query}", verdict


def _unescaped(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return character if character in _PLAIN else found[0]


def _without_dots(path: str) -> str:
    """Remove `.` and `..`; nothing is above the root."""
    kept: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            if len(kept) > 1:
                kept.pop()
        elif part != ".":
            kept.append(part)
    if parts[-1] in {".", ".."}:
        kept.append("")
    return "/".join(kept)
