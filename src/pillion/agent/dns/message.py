"""DNS messages, as much as a proxy needs: read a question, write an answer, cut what is too long (RFC 1035, 6891)."""

import ipaddress
import struct

from pillion.agent.dns.table import Record
from pillion.value import Value

HEADER = struct.Struct(">6H")
FIELDS = struct.Struct(">2H")
RECORD = struct.Struct(">2HIH")
TYPES = {"A": 1, "CNAME": 5, "AAAA": 28}
OPT = 41
INTERNET = 1
RESPONSE, OPCODE, AUTHORITATIVE, TRUNCATED, WANTED, AVAILABLE = 0x8000, 0x7800, 0x0400, 0x0200, 0x0100, 0x0080
SERVER_FAILURE = 2
POINTER = 0xC000
FIRST_NAME = POINTER | HEADER.size
"""A pointer to the name in the question."""
UDP_SIZE = 512
"""What every client can take."""
MAX_LABELS = 128


class MessageError(Exception):
    """Bytes that are no DNS message."""


class Question(Value):
    """What a client asks."""

    id: int
    flags: int
    name: str
    """With a dot at its end, as the client spells it."""
    type: int
    section: bytes
    """The question as it came, to be sent back."""
    size: int = UDP_SIZE
    """The longest answer that the client takes by UDP."""


def question(query: bytes) -> Question | None:
    """Read a query; None if it asks nothing.

    Raises:
        MessageError: it is no query.
    """
    try:
        number, flags, questions, answers, authorities, additional = HEADER.unpack_from(query)
        if flags & RESPONSE:
            raise MessageError("an answer")
        if not questions:
            return None
        name, end = _name(query, HEADER.size)
        kind, _ = FIELDS.unpack_from(query, end)
        section = query[HEADER.size : end + FIELDS.size]
        size = UDP_SIZE
        if questions == 1 and additional:
            size = max(size, _size(query, end + FIELDS.size, answers + authorities + additional))
    except (struct.error, IndexError) as error:
        raise MessageError("too short") from error
    return Question(id=number, flags=flags, name=name, type=kind, section=section, size=size)


def answer(asked: Question, records: tuple[Record, ...], ttl: int) -> bytes:
    """Return the answer of one who knows; an empty one says that there is nothing of this type."""
    flags = RESPONSE | AUTHORITATIVE | AVAILABLE | asked.flags & (OPCODE | WANTED)
    data = bytearray(HEADER.pack(asked.id, flags, 1, len(records), 0, 0) + asked.section)
    places = {asked.name.lower(): FIRST_NAME}
    for record in records:
        place = places.get(record.name)
        data += struct.pack(">H", place) if place else _packed(record.name)
        content = _content(record)
        data += RECORD.pack(TYPES[record.type], INTERNET, ttl, len(content))
        if record.type == "CNAME":
            places.setdefault(record.value, POINTER | len(data))
        data += content
    return bytes(data)


def failure(query: bytes) -> bytes:
    """Return the answer that says: we cannot say. A query that cannot be read gets its number back."""
    number, flags = FIELDS.unpack_from(query)
    kept = RESPONSE | AVAILABLE | SERVER_FAILURE | flags & (OPCODE | WANTED)
    try:
        asked = question(query)
    except MessageError:
        asked = None
    section = asked.section if asked else b""
    return HEADER.pack(number, kept, 1 if asked else 0, 0, 0, 0) + section


def fitted(response: bytes, size: int) -> bytes:
    """Return a response that is not longer than `size`: whole records go from its end, and a bit says so."""
    if len(response) <= size:
        return response
    number, flags, questions, *counts = HEADER.unpack_from(response)
    position = HEADER.size
    try:
        for _ in range(questions):
            position = _name(response, position)[1] + FIELDS.size
        kept = [0, 0, 0]
        end = position
        for section, count in enumerate(counts):
            for _ in range(count):
                position = _record_end(response, position)
                if position > size:
                    return HEADER.pack(number, flags | TRUNCATED, questions, *kept) + response[HEADER.size : end]
                kept[section] += 1
                end = position
    except (struct.error, IndexError, MessageError):
        return response[: HEADER.size]
    return HEADER.pack(number, flags | TRUNCATED, questions, *kept) + response[HEADER.size : end]


def _name(message: bytes, position: int) -> tuple[str, int]:
    """Return the name at a position, and the position after it; pointers are followed backwards only."""
    labels: list[str] = []
    end = 0
    while len(labels) < MAX_LABELS:
        length = message[position]
        if length >= 0xC0:
            target = int.from_bytes(message[position : position + 2]) & ~POINTER
            end = end or position + 2
            if target >= position:
                raise MessageError("a pointer that leads forward")
            position = target
        elif length:
            label = message[position + 1 : position + 1 + length]
            if len(label) < length:
                raise MessageError("too short")
            labels.append(label.decode("latin-1"))
            position += 1 + length
        else:
            return ".".join(labels) + ".", end or position + 1
    raise MessageError("a name without end")


def _record_end(message: bytes, position: int) -> int:
    _, after = _name(message, position)
    _, _, _, length = RECORD.unpack_from(message, after)
    return after + RECORD.size + length


def _size(query: bytes, position: int, count: int) -> int:
    """Return the size that an OPT record among the records at a position announces, or 0."""
    for _ in range(count):
        _, after = _name(query, position)
        kind, size, _, _ = RECORD.unpack_from(query, after)
        if kind == OPT:
            return int(size)
        position = _record_end(query, position)
    return 0


def _content(record: Record) -> bytes:
    return _packed(record.value) if record.type == "CNAME" else ipaddress.ip_address(record.value).packed


def _packed(name: str) -> bytes:
    labels = (label.encode("latin-1") for label in name.rstrip(".").split(".") if label)
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
