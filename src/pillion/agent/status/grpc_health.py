"""One question of gRPC's health service, without gRPC: it would weigh more than the whole agent.

As little HTTP/2 as one unary call needs. The answer's headers are not read: health is a message that says SERVING, and
whoever does not send one is not healthy.
"""

import asyncio
import struct

from pillion.agent import http

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RESET, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
SERVING = b"\x08\x01"
"""A HealthCheckResponse with status SERVING."""
PATH = "/grpc.health.v1.Health/Check"
MAX_FRAME = 1 << 20


async def check(host: str, port: int, service: str, timeout: float, source: tuple[str, int] | None) -> http.Response:  # noqa: ASYNC109
    """Return 200 if the service says that it is serving, 500 if not.

    Raises:
        OSError: no connection.
        TimeoutError: no answer in time.
        http.HttpError: the other side does not speak HTTP/2.
    """
    async with asyncio.timeout(timeout):
        reader, writer = await asyncio.open_connection(host, port, local_addr=source)
        try:
            writer.write(PREFACE + _frame(SETTINGS, 0, 0, b"") + question(f"{host}:{port}", service))
            message = await _answer(reader, writer)
        finally:
            writer.close()
    if message == SERVING:
        return http.Response()
    return http.Response(status=500, body=b"the health service does not say SERVING\n")


def question(authority: str, service: str) -> bytes:
    """Return the frames of one call on stream 1."""
    name = service.encode()
    request = b"\x0a" + _varint(len(name)) + name if name else b""
    fields = (
        (":method", "POST"),
        (":scheme", "http"),
        (":path", PATH),
        (":authority", authority),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    )
    block = b"".join(b"\x00" + _string(name) + _string(value) for name, value in fields)
    message = struct.pack(">BI", 0, len(request)) + request
    return _frame(HEADERS, END_HEADERS, 1, block) + _frame(DATA, END_STREAM, 1, message)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
    received = b""
    while True:
        try:
            head = await reader.readexactly(9)
            length, kind, flags = int.from_bytes(head[:3]), head[3], head[4]
            if length > MAX_FRAME:
                raise http.HttpError("not HTTP/2")
            payload = await reader.readexactly(length)
        except asyncio.IncompleteReadError as error:
            raise http.HttpError("the connection ended before the answer") from error
        if kind == SETTINGS and not flags & ACK:
            writer.write(_frame(SETTINGS, ACK, 0, b""))
        elif kind == PING and not flags & ACK:
            writer.write(_frame(PING, ACK, 0, payload))
        elif kind == DATA:
            received += payload[1 : length - payload[0]] if flags & PADDED else payload
        if kind in {RESET, GOAWAY} or (kind in {DATA, HEADERS} and flags & END_STREAM):
            return received[5:]


def _frame(kind: int, flags: int, stream: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + struct.pack(">BBI", kind, flags, stream) + payload


def _string(text: str) -> bytes:
    data = text.encode()
    if len(data) < 127:
        return bytes((len(data),)) + data
    return b"\x7f" + _varint(len(data) - 127) + data


def _varint(number: int) -> bytes:
    parts = bytearray()
    while number > 127:
        parts.append(number & 127 | 128)
        number >>= 7
    return bytes((*parts, number))
