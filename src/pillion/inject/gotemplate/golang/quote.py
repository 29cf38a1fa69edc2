"""Go's quoted strings: reading literals, and writing `%q`."""

import re
import unicodedata

from pillion.inject.gotemplate.golang.values import to_bytes

_SIMPLE = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11, "\\": 92}
_ESCAPES = {7: "\\a", 8: "\\b", 12: "\\f", 10: "\\n", 13: "\\r", 9: "\\t", 11: "\\v"}
_ESCAPE = re.compile(r"\\(?:([abfnrtv\\'\"])|([0-7]{3})|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
_PRINTABLE = frozenset("LMNPS")


def unquote(literal: str) -> str | None:
    """Return what a quoted or raw string literal stands for; None when an escape is wrong."""
    body = literal[1:-1]
    if literal[0] == "`":
        return body.replace("\r", "")
    if "\\" not in body:
        return body
    parts: list[bytes] = []
    at = 0
    while at < len(body):
        backslash = body.find("\\", at)
        if backslash < 0:
            parts.append(to_bytes(body[at:]))
            break
        parts.append(to_bytes(body[at:backslash]))
        match = _ESCAPE.match(body, backslash)
        piece = None if match is None else _unescape(match, literal[0])
        if match is None or piece is None:
            return None
        parts.append(piece)
        at = match.end()
    return b"".join(parts).decode("utf-8", "surrogateescape")


def _unescape(match: re.Match[str], quote: str) -> bytes | None:
    simple, octal, byte, short, long = match.groups()
    if simple is not None:
        if simple in "'\"" and simple != quote:
            return None
        return bytes([_SIMPLE.get(simple, ord(simple))])
    if octal is not None:
        return bytes([int(octal, 8)]) if int(octal, 8) < 256 else None
    if byte is not None:
        return bytes([int(byte, 16)])
    rune = int(short or long or "0", 16)
    if rune > 0x10FFFF or 0xD800 <= rune < 0xE000:
        return None
    return chr(rune).encode()


def unquote_character(literal: str) -> tuple[int | None, str]:
    """Return the code point of a character constant, and what follows it (a lone quote when all is well)."""
    body = literal[1:]
    if body[0] == "'":
        return None, body
    if body[0] != "\\":
        return ord(body[0]), body[1:]
    match = _ESCAPE.match(body)
    if match is None or match[1] == '"':
        return None, body
    digits = match[2] or match[3] or match[4] or match[5]
    if digits is None:
        return _SIMPLE.get(match[1], ord(match[1])), body[match.end() :]
    rune = int(digits, 8 if match[2] else 16)
    wide = match[2] is None and match[3] is None
    if (match[2] and rune > 255) or (wide and (rune > 0x10FFFF or 0xD800 <= rune < 0xE000)):
        return None, body
    return rune, body[match.end() :]


def is_printable(character: str) -> bool:
    """Return whether Go prints a character as it is (letters, marks, numbers, punctuation, symbols, space)."""
    return character == " " or unicodedata.category(character)[0] in _PRINTABLE


def _write(character: str, delimiter: str, *, ascii_only: bool) -> str:
    code = ord(character)
    if character in (delimiter, "\\"):
        return f"\\{character}"
    if code < 0x80 and 0x20 <= code < 0x7F:
        return character
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if not ascii_only and is_printable(character):
        return character
    if code in _ESCAPES:
        return _ESCAPES[code]
    if code < 0x20 or code == 0x7F:
        return f"\\x{code:02x}"
    if 0xD800 <= code < 0xE000:
        code = 0xFFFD
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def quote(text: str, *, ascii_only: bool = False) -> str:
    """Write a string as a Go string literal."""
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    return '"' + "".join(_write(character, '"', ascii_only=ascii_only) for character in text) + '"'


def quote_character(code: int, *, ascii_only: bool = False) -> str:
    """Write a code point as a Go character literal."""
    if code > 0x10FFFF or 0xD800 <= code < 0xE000:
        code = 0xFFFD
    return "'" + _write(chr(code), "'", ascii_only=ascii_only) + "'"


def can_backquote(text: str) -> bool:
    """Return whether a string can stand between backquotes unchanged, on one line."""
    return not any(
        character in "`\x7f\ufeff" or (character < " " and character != "\t") or "\ud800" <= character < "\ue000"
        for character in text
    )
