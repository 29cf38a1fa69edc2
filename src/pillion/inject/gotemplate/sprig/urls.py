"""sprig's `urlParse` and `urlJoin`."""

import re
from collections.abc import Mapping
from typing import Any

from pillion.inject.gotemplate.errors import FunctionError
from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.quote import quote
from pillion.inject.gotemplate.golang.values import from_bytes, to_bytes
from pillion.inject.gotemplate.sprig.values import kind_of

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+\-.]*):")
_ESCAPE = re.compile(rb"%([0-9a-fA-F]{2})?")
_SAFE = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
_IN_PATH = frozenset(_SAFE + b"$&+,/:;=@")
_IN_FRAGMENT = frozenset(_SAFE + b"$&+,/:;=?@!()*'")
_IN_USER = frozenset(_SAFE + b"$&+,;=")
_IN_HOST = frozenset(_SAFE + b"!$&'()*+,;=:[]<>\"")


PARTS: tuple[str, ...] = ("scheme", "host", "hostname", "path", "query", "opaque", "fragment", "userinfo")


def parse(text: str) -> dict[str, Any]:
    """Split a URL into a map: scheme, host, hostname, path, query, opaque, fragment, userinfo."""
    if any(character < " " or character == "\x7f" for character in text):
        raise _refused(text, "net/url: invalid control character in URL")
    rest, _, fragment = text.partition("#")
    parts: dict[str, str] = dict.fromkeys(PARTS, "")
    parts["fragment"] = _unescaped(fragment, text)
    if rest[:1] == ":":
        raise _refused(text, "missing protocol scheme")
    match = _SCHEME.match(rest)
    if match is not None:
        parts["scheme"] = match[1].lower()
        rest = rest[match.end() :]
    rest, question, query = rest.partition("?")
    parts["query"] = query if question else ""
    if not rest.startswith("/") and parts["scheme"]:
        parts["opaque"] = rest
        return dict(parts)
    if not rest.startswith("/") and ":" in rest.partition("/")[0]:
        raise _refused(text, "first path segment in URL cannot contain colon")
    if rest.startswith("//") and (parts["scheme"] or not rest.startswith("///")):
        authority, slash, path = rest[2:].partition("/")
        _authority(parts, authority, text)
        rest = slash + path
    parts["path"] = _unescaped(rest, text)
    return dict(parts)


def _refused(text: str, reason: str) -> FunctionError:
    return FunctionError(f"unable to parse url: parse {quote(text)}: {reason}")


def _authority(parts: dict[str, str], authority: str, text: str) -> None:
    user, at, host = authority.rpartition("@")
    if at:
        parts["userinfo"] = _userinfo(user, text)
    name, port = host, ""
    if host.startswith("["):
        name, closing, port = host.rpartition("]")
        if not closing:
            raise _refused(text, "missing ']' in host")
        name = name[1:]
    elif ":" in host:
        name, colon, port = host.rpartition(":")
        port = colon + port
    if port and not re.fullmatch(r":[0-9]*", port):
        raise _refused(text, f"invalid port {quote(port)} after host")
    if " " in host:
        raise _refused(text, 'invalid character " " in host name')
    parts["host"] = _unescaped(host, text)
    parts["hostname"] = _unescaped(name, text)


def _userinfo(user: str, text: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9\-._:~!$&'()*+,;=%@]*", user):
        raise _refused(text, "net/url: invalid userinfo")
    name, colon, password = user.partition(":")
    shown = _escaped(_unescaped(name, text), _IN_USER)
    return shown + (colon + _escaped(_unescaped(password, text), _IN_USER) if colon else "")


def _unescaped(text: str, whole: str) -> str:
    if "%" not in text:
        return text
    data = to_bytes(text)
    for match in _ESCAPE.finditer(data):
        if match[1] is None:
            shown = from_bytes(data[match.start() : match.start() + 3])
            raise _refused(whole, f"invalid URL escape {quote(shown)}")
    return from_bytes(_ESCAPE.sub(lambda match: bytes([int(match[1], 16)]), data))


def _escaped(text: str, safe: frozenset[int]) -> str:
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in to_bytes(text))


def join(parts: Mapping[str, Any]) -> str:
    """Put a URL together from a map such as `urlParse` gives."""
    scheme, host, path, query, opaque, fragment, user = (
        _text(parts, key) for key in ("scheme", "host", "path", "query", "opaque", "fragment", "userinfo")
    )
    found = f"{scheme}:" if scheme else ""
    if opaque:
        found += opaque
    else:
        found += _hierarchy(scheme, host, path, user)
    if query:
        found += f"?{query}"
    return found + (f"#{_escaped(fragment, _IN_FRAGMENT)}" if fragment else "")


def _hierarchy(scheme: str, host: str, path: str, user: str) -> str:
    found = ""
    if scheme or host or user:
        if host or path or user:
            found = "//" if host or user or path.startswith("//") or scheme else ""
        if user:
            found += f"{_userinfo(user, user)}@"
        found += _escaped(host, _IN_HOST)
    shown = _escaped(path, _IN_PATH)
    if shown and not shown.startswith("/") and host:
        found += "/"
    if not found and ":" in shown.partition("/")[0]:
        found = "./"
    return found + shown


def _text(parts: Mapping[str, Any], key: str) -> str:
    value = parts.get(key, "")
    if not isinstance(value, str):
        raise FunctionError(f"unable to parse {key} key, must be of type string, but {kind_of(value)} found")
    return value


FUNCTIONS: Mapping[str, Function] = {
    "urlParse": Function(parse, "func(string) map[string]interface {}"),
    "urlJoin": Function(join, "func(map[string]interface {}) string"),
}
