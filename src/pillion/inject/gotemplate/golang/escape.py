"""Go's escapers: html, js, urlquery."""

from pillion.inject.gotemplate.golang.quote import is_printable
from pillion.inject.gotemplate.golang.values import to_bytes

_HTML = {0: "\ufffd", 34: "&#34;", 39: "&#39;", 38: "&amp;", 60: "&lt;", 62: "&gt;"}
_JAVASCRIPT = {
    "\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D",
}  # fmt: skip
_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~")


def html(text: str) -> str:
    """Escape text for HTML."""
    return text.translate(_HTML)


def javascript(text: str) -> str:
    """Escape text for a JavaScript string."""
    return "".join(map(_javascript, text))


def _javascript(character: str) -> str:
    known = _JAVASCRIPT.get(character)
    if known is not None:
        return known
    code = ord(character)
    if code < 0x20:
        return f"\\u00{code:02X}"
    if code < 0x80 or is_printable(character):
        return character
    return f"\\u{code:04X}"


def query(text: str) -> str:
    """Escape text for a URL's query."""
    return "".join(
        chr(byte) if byte in _UNRESERVED else "+" if byte == 0x20 else f"%{byte:02X}" for byte in to_bytes(text)
    )
