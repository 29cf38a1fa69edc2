"""sprig's encodings and checksums."""

import base64
import binascii
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
    return _decoded(text, "base64", _BASE64, 4, base64.b64decode)


def base32_encode(text: str) -> str:
    """Encode in base32."""
    return base64.b32encode(to_bytes(text)).decode()


def base32_decode(text: str) -> str:
    """Decode base32; gives the message of the error for what is none."""
    return _decoded(text, "base32", _BASE32, 8, base64.b32decode)


def _decoded(text: str, name: str, alphabet: frozenset[int], group: int, decode: Callable[[bytes], bytes]) -> str:
    data = to_bytes(text)
    compact = data.replace(b"\r", b"").replace(b"\n", b"")
    body = compact.rstrip(b"=")
    padding = len(compact) - len(body)
    wrong = next((index for index, byte in enumerate(data) if byte not in alphabet and byte not in b"\r\n="), None)
    early = data.find(b"=")
    if 0 <= early < (len(data) if wrong is None else wrong) and b"=" in body:
        wrong = early
    if wrong is None and len(compact) % group:
        wrong = len(data) if not padding else early
        wrong = (len(data) // group) * group if not padding else wrong
    if wrong is not None:
        return f"illegal {name} data at input byte {wrong}"
    try:
        return from_bytes(decode(compact))
    except binascii.Error:
        return f"illegal {name} data at input byte {max(early, 0)}"


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
