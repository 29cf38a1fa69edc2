"""Serialised messages put together from serialised parts.

A repeated field of a message is, in bytes, each item behind the field's tag and its length. So the virtual hosts of a
large table are serialised once each, and a changed one costs a joining of bytes.
"""

from collections.abc import Iterable

_LENGTH_DELIMITED = 2


def varint(number: int) -> bytes:
    """Return a number as protobuf writes it: seven bits a byte, the lowest first."""
    parts: list[int] = []
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


def repeated(field: int, items: Iterable[bytes]) -> bytes:
    """Return a repeated message field with these serialised items."""
    tag = varint(field << 3 | _LENGTH_DELIMITED)
    return b"".join(part for item in items for part in (tag, varint(len(item)), item))
