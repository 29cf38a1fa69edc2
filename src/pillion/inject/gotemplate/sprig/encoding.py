"""sprig's encodings and checksums."""

import base64
import hashlib
import zlib
from collections.abc import Callable, Mapping

from pillion.inject.gotemplate.functions import Function
from pillion.inject.gotemplate.golang.values import from_bytes, to_bytes

_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
_BASE32 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")


def base64_encode(text: str) -> str:
    """Encode in base64."""
    return base64.b64encode(to_bytes(text)).decode()


def base64_decode(text: str) -> str:
    """Decode base64; gives the message of the error for what is none."""
    data = to_bytes(text)
    wrong = wrong_base64(data)
    if wrong is not None:
        return f"illegal base64 data at input byte {wrong}"
    return from_bytes(base64.b64decode(data))


def wrong_base64(data: bytes) -> int | None:
    """Return the byte that Go's decoder complains of; None when all is well."""
    taken = 0
    for at, byte in enumerate(data):
        if byte in b"\r\n":
            continue
        if byte in _BASE64:
            taken = (taken + 1) % 4
            continue
        if byte != 0x3D or taken < 2:
            return at
        return _wrong_padding(data, at + 1, taken)
    return None if taken == 0 else len(data) - taken


def _wrong_padding(data: bytes, at: int, taken: int) -> int | None:
    if taken == 2:
        at = _after_newlines(data, at)
        if at == len(data):
            return at
        if data[at] != 0x3D:
            return at - 1
        at += 1
    at = _after_newlines(data, at)
    return at if at < len(data) else None


def _after_newlines(data: bytes, at: int) -> int:
    while at < len(data) and data[at] in b"\r\n":
        at += 1
    return at


def base32_encode(text: str) -> str:
    """Encode in base32."""
    return base64.b32encode(to_bytes(text)).decode()


def base32_decode(text: str) -> str:
    """Decode base32; gives the message of the error for what is none."""
    data = to_bytes(text).replace(b"\r", b"").replace(b"\n", b"")
    wrong = wrong_base32(data)
    if wrong is not None:
        return f"illegal base32 data at input byte {wrong}"
    return from_bytes(base64.b32decode(data))


def wrong_base32(data: bytes) -> int | None:
    """Return the byte that Go's decoder complains of; None when all is well."""
    size = len(data)
    for at, byte in enumerate(data):
        place, left = at % 8, size - at - 1
        if byte == 0x3D and place >= 2 and left < 8:
            if left + place < 7:
                return size
            padding = data[at + 1 : at + 8 - place]
            stray = next((index for index, other in enumerate(padding) if other != 0x3D), None)
            if stray is not None:
                return at + stray
            return at if place in {1, 3, 6} else None
        if byte not in _BASE32:
            return at
    return None if size % 8 == 0 else size - size % 8


def _digest(algorithm: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(algorithm, to_bytes(text), usedforsecurity=False).hexdigest()


def adler32(text: str) -> str:
    """Return the Adler-32 checksum, in decimal."""
    return str(zlib.adler32(to_bytes(text)))


_PLAIN = "func(string) string"

FUNCTIONS: Mapping[str, Function] = {
    "b64enc": Function(base64_encode, _PLAIN),
    "b64dec": Function(base64_decode, _PLAIN),
    "b32enc": Function(base32_encode, _PLAIN),
    "b32dec": Function(base32_decode, _PLAIN),
    "sha1sum": Function(_digest("sha1"), _PLAIN),
    "sha256sum": Function(_digest("sha256"), _PLAIN),
    "sha512sum": Function(_digest("sha512"), _PLAIN),
    "adler32sum": Function(adler32, _PLAIN),
}
