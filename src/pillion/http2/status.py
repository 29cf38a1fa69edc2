"""gRPC's status: codes, and the header fields by which an answer begins and ends, as constant bytes."""

import re
from enum import IntEnum
from functools import cache

from pillion.http2.fields import literal

MOST_TEXT = 1024
"""Bytes of a status' text; clients take some kilobytes of trailers."""
_STATUS_200, _STATUS, _CONTENT_TYPE = b"\x88", 8, 31  # places in HPACK's static table
_PLAIN = frozenset(range(0x20, 0x7F)) - {ord("%")}
_TIMEOUT = re.compile(r"(\d{1,8})([HMSmun])")
_SECONDS = {"H": 3600.0, "M": 60.0, "S": 1.0, "m": 1e-3, "u": 1e-6, "n": 1e-9}


class Status(IntEnum):
    """How a call ended."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


class CallError(Exception):
    """A call that cannot go on; the client is told the status and the text."""

    def __init__(self, status: Status, text: str) -> None:
        super().__init__(text)
        self.status = status


ANSWER = (
    _STATUS_200
    + literal(_CONTENT_TYPE, b"application/grpc")
    + literal(b"grpc-accept-encoding", b"identity")
)  # fmt: skip
"""The fields by which an answer begins."""


@cache
def trailers(status: Status) -> bytes:
    """Write the fields that end an answer without words."""
    return literal(b"grpc-status", str(int(status)).encode())


def trailers_with(status: Status, text: str) -> bytes:
    """Write the fields that end an answer, and say why."""
    return trailers(status) + (literal(b"grpc-message", percent_encoded(text)) if text else b"")


@cache
def http_error(code: int) -> bytes:
    """Write an answer of HTTP alone, to what is no call of gRPC."""
    return literal(_STATUS, str(code).encode())


def percent_encoded(text: str) -> bytes:
    """Write a text as gRPC does: visible ASCII as it is, all else byte by byte."""
    data = text.encode(errors="replace")
    return b"".join(bytes((byte,)) if byte in _PLAIN else b"%%%02X" % byte for byte in data[:MOST_TEXT])


def seconds_in(timeout: str) -> float | None:
    """Read the value of `grpc-timeout`; None when it is none."""
    found = _TIMEOUT.fullmatch(timeout)
    return int(found[1]) * _SECONDS[found[2]] if found else None
