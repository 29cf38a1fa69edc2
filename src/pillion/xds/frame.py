"""Protobuf framing of discovery responses, by hand: a response is made of bytes that were framed once per resource.

A frame is the field `resources` (2) of a DeltaDiscoveryResponse. Its tail is the field `resource` (2) of the message
`Resource` in it, and that is byte for byte the field `resources` (2) of a DiscoveryResponse: one frame serves both.
"""

from collections.abc import Iterable

_VERSION_INFO = b"\x0a"  # DiscoveryResponse.version_info = 1
_RESOURCES = b"\x12"  # resources = 2, and Resource.resource = 2
_TYPE_URL = b"\x22"  # type_url = 4
_NONCE = b"\x2a"  # nonce = 5
_REMOVED = b"\x32"  # DeltaDiscoveryResponse.removed_resources = 6


def varint(number: int) -> bytes:
    """Encode a length."""
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def _field(tag: bytes, value: bytes) -> bytes:
    return tag + varint(len(value)) + value


def resource_frame(type_url: str, name: str, version: str, body: bytes) -> tuple[bytes, int]:
    """Frame one resource; return a delta response's frame, and where in it a state response's frame begins."""
    packed = _field(_RESOURCES, _field(b"\x0a", type_url.encode()) + (_field(b"\x12", body) if body else b""))
    head = _field(b"\x1a", name.encode()) + _field(b"\x0a", version.encode())
    frame = _field(_RESOURCES, head + packed)
    return frame, len(frame) - len(packed)


def delta_response(type_url: str, frames: Iterable[bytes], removed: Iterable[str], nonce: str) -> bytes:
    """Serialise a DeltaDiscoveryResponse."""
    parts = list(frames)
    parts.append(_field(_TYPE_URL, type_url.encode()))
    parts.extend(_field(_REMOVED, name.encode()) for name in removed)
    parts.append(_field(_NONCE, nonce.encode()))
    return b"".join(parts)


def state_response(type_url: str, frames: Iterable[bytes], version: str, nonce: str) -> bytes:
    """Serialise a DiscoveryResponse."""
    parts = [_field(_VERSION_INFO, version.encode()), *frames]
    parts.append(_field(_TYPE_URL, type_url.encode()))
    parts.append(_field(_NONCE, nonce.encode()))
    return b"".join(parts)
