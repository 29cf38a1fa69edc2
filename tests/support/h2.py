"""A client of HTTP/2 that says exactly what it is told to say, well or badly."""

import struct
from collections.abc import Iterable, Iterator

from hpack import Decoder, Encoder

from pillion.http2 import frames
from pillion.http2.connection import Connection
from pillion.http2.events import Event
from pillion.http2.frames import Frame
from pillion.http2.sending import Sending

HELLO = frames.PREFACE + frames.frame(frames.SETTINGS, 0, 0, b"")
ACKNOWLEDGED = frames.frame(frames.SETTINGS, frames.ACK, 0, b"")
PATH = "/a.b/C"
CALL = {
    ":method": "POST",
    ":scheme": "http",
    ":path": PATH,
    ":authority": "x",
    "content-type": "application/grpc",
    "te": "trailers",
}


def block(**fields: str) -> bytes:
    """Encode a call's fields, some of them otherwise (`_` stands for `-`)."""
    changed = {key.replace("_", "-"): value for key, value in fields.items()}
    return raw_block({**CALL, **{(f":{key}" if f":{key}" in CALL else key): value for key, value in changed.items()}})


def raw_block(fields: dict[str, str] | Iterable[tuple[str, str]]) -> bytes:
    """Encode exactly these fields, without a table."""
    pairs = fields.items() if isinstance(fields, dict) else fields
    encoder = Encoder()
    encoder.header_table_size = 0
    return bytes(encoder.encode(list(pairs), huffman=True))


def headers(stream: int, *, end: bool = False, fields: bytes | None = None) -> bytes:
    flags = frames.END_HEADERS | (frames.END_STREAM if end else 0)
    return frames.frame(frames.HEADERS, flags, stream, block() if fields is None else fields)


def data(stream: int, content: bytes, *, end: bool = False) -> bytes:
    return frames.frame(frames.DATA, frames.END_STREAM if end else 0, stream, content)


def message(content: bytes, flag: int = 0) -> bytes:
    return struct.pack(">BL", flag, len(content)) + content


def settings(**values: int) -> bytes:
    keys = {"table": 1, "push": 2, "streams": 3, "window": 4, "frame": 5, "list": 6}
    return frames.settings(tuple((keys[key], value) for key, value in values.items()))


def parsed(sent: bytes) -> list[Frame]:
    """Take a server's bytes apart; frames of any size."""
    found: list[Frame] = []
    while sent:
        size, kind, flags = int.from_bytes(sent[:3]), sent[3], sent[4]
        number = int.from_bytes(sent[5:9])
        found.append(Frame(kind, flags, number, sent[9 : 9 + size]))
        sent = sent[9 + size :]
    return found


class Talk:
    """A conversation with a `Connection`, without a wire."""

    def __init__(self, streams: int = 100, hello: bytes = HELLO) -> None:
        self.out = Sending()
        self.connection = Connection(self.out, streams)
        self.decoder = Decoder()
        if hello:
            self.connection.receive(hello)
            self.sent()

    def say(self, *parts: bytes) -> list[Event]:
        """Say something, in one piece; return what it meant."""
        return self.connection.receive(b"".join(parts))

    def sent(self) -> list[Frame]:
        """Return what the server has sent since it was last asked."""
        return parsed(self.sent_bytes())

    def sent_bytes(self) -> bytes:
        found: list[bytes] = []
        while True:
            self.out.pump()
            taken = self.connection.take()
            if not taken:
                return b"".join(found)
            found.extend(map(bytes, taken))

    def fields(self, frame: Frame) -> dict[str, str]:
        return {str(key): str(value) for key, value in self.decoder.decode(frame.payload)}

    def goaway(self) -> int | None:
        """Return the code of a GOAWAY among what was sent."""
        codes = [int.from_bytes(each.payload[4:8]) for each in self.sent() if each.kind == frames.GOAWAY]
        return codes[0] if codes else None

    def resets(self) -> list[tuple[int, int]]:
        """Return stream and code of each RST_STREAM among what was sent."""
        return [(each.stream, int.from_bytes(each.payload)) for each in self.sent() if each.kind == frames.RST_STREAM]


def portions(whole: bytes, cuts: Iterable[int]) -> Iterator[bytes]:
    """Cut bytes at these places."""
    places = sorted({min(cut, len(whole)) for cut in cuts})
    for start, end in zip([0, *places], [*places, len(whole)], strict=True):
        yield whole[start:end]
