"""One connection of a client, as a state machine without I/O: bytes in, events out, and bytes to send.

Nothing that comes in raises: a client that breaks the protocol loses the stream, or the connection, and is told why.
The shell calls `receive` with what came, `pump` and `take` for what is to be sent, `tick` every half minute.
"""

from typing import final

from pillion.http2 import frames, settings
from pillion.http2.errors import ConnectionFault, ErrorCode, StreamFault
from pillion.http2.events import DataReceived, Event, Leaving, RequestReceived, StreamReset, Terminated
from pillion.http2.fields import MAX_BLOCK, MAX_LIST_SIZE, FieldReader, check_trailers, expected_size, request_in
from pillion.http2.outbox import MOST_IN_FRAME, Buffer
from pillion.http2.sending import Sending
from pillion.http2.streams import Stream

NOT_HTTP2 = (
    b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\ncontent-length: 32\r\nconnection: close\r\n\r\n"
    b"gRPC over HTTP/2 is spoken here\n"
)
MOST_PIECES = 16
"""CONTINUATION frames of one header block."""
LITTLE = 64
"""Bytes of content that are hardly worth a frame: a message is not cut into pieces of that size."""


@final
class Connection:
    """The server's side of a connection."""

    __slots__ = (
        "_events", "_fields", "_last", "_leaving", "_most", "_out", "_partial", "_preface", "_reader", "is_over",
        "is_ready",
    )  # fmt: skip

    def __init__(self, out: Sending, most_streams: int = 100) -> None:
        """Await a client, which may have that many streams at once; they are answered by `out`."""
        self.is_ready = False
        """The client has said its preface and its settings."""
        self.is_over = False
        """Nothing more is read or sent, but what is to be taken yet."""
        self._out = out
        self._most = most_streams
        self._preface = frames.PREFACE
        """What of it has yet to come."""
        self._reader = frames.FrameReader()
        self._fields = FieldReader()
        self._last = 0
        """The last stream that the client began."""
        self._leaving = False
        self._partial: tuple[int, int, bytearray, int] | None = None
        """A header block whose end has yet to come: its stream, its flags, what came, in how many pieces."""
        self._events: list[Event] = []

    # What comes in

    def receive(self, data: bytes) -> list[Event]:
        """Take bytes in; return what they mean."""
        self._events = events = list[Event]()
        if self.is_over:
            return events
        try:
            if self._preface:
                data = self._begin(data)
            for kind, flags, stream, payload in self._reader.feed(data):
                try:
                    self._take(kind, flags, stream, payload)
                except StreamFault as fault:
                    self._out.budget.spend("resets")
                    was_open = fault.stream in self._out.streams
                    self._out.forsake(fault.stream, fault.code)
                    if was_open:
                        events.append(StreamReset(fault.stream, fault.code, by_client=False))
        except ConnectionFault as fault:
            self._terminate(fault.code, fault.text)
        finally:
            self._events = []  # what came is not kept
        return events

    def _begin(self, data: bytes) -> bytes:
        """Take the preface off the first bytes."""
        size = min(len(data), len(self._preface))
        if data[:size] != self._preface[:size]:
            self._out.outbox.put(NOT_HTTP2)
            self.is_over = True
            self._events.append(Terminated(ErrorCode.HTTP_1_1_REQUIRED, "this is not HTTP/2"))
            return b""
        self._preface = self._preface[size:]
        if not self._preface:
            self._out.outbox.put(
                frames.settings(
                    (
                        (settings.MAX_CONCURRENT_STREAMS, self._most),
                        (settings.MAX_HEADER_LIST_SIZE, MAX_LIST_SIZE),
                    )
                )
            )
        return data[size:]

    def _take(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        if self._partial is not None and (kind != frames.CONTINUATION or stream != self._partial[0]):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a header block is not complete")
        if not self.is_ready and (kind != frames.SETTINGS or flags & frames.ACK):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "the first frame must be SETTINGS")
        match kind:
            case frames.DATA:
                self._on_data(flags, stream, payload)
            case frames.WINDOW_UPDATE:
                self._on_window_update(stream, payload)
            case frames.HEADERS:
                self._on_headers(flags, stream, payload)
            case frames.CONTINUATION:
                self._on_continuation(flags, payload)
            case frames.RST_STREAM:
                self._on_reset(stream, payload)
            case frames.PRIORITY:
                self._on_priority(stream, payload)
            case _:
                self._on_rest(kind, flags, stream, payload)

    def _on_rest(self, kind: int, flags: int, stream: int, payload: bytes) -> None:
        """Take a frame of the connection."""
        if kind == frames.PUSH_PROMISE:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a client cannot push")
        if kind not in {frames.SETTINGS, frames.PING, frames.GOAWAY}:
            self._out.budget.spend("idle")
        elif stream:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "SETTINGS, PING or GOAWAY of a stream")
        elif kind == frames.SETTINGS:
            self._on_settings(flags, payload)
        elif kind == frames.PING:
            self._on_ping(flags, payload)
        else:
            self._on_goaway(payload)

    def _on_data(self, flags: int, number: int, payload: bytes) -> None:
        size = len(payload)
        data = frames.unpadded(flags, payload)
        ended = bool(flags & frames.END_STREAM)
        if not self._out.window.take(size):
            raise ConnectionFault(ErrorCode.FLOW_CONTROL_ERROR, "more than the connection's window")
        stream = self._out.streams.get(number)
        try:
            if stream is None:
                self._strange(number, ErrorCode.STREAM_CLOSED)
            elif stream.remote_ended:
                raise StreamFault(number, ErrorCode.STREAM_CLOSED, "data after the end")
            elif not stream.received.take(size):
                raise StreamFault(number, ErrorCode.FLOW_CONTROL_ERROR, "more than the stream's window")
            elif stream.expected is not None:
                stream.expected -= len(data)
                if stream.expected < 0 or (ended and stream.expected):
                    raise StreamFault(number, ErrorCode.PROTOCOL_ERROR, "malformed: its content-length")
        except StreamFault:
            self._out.give_back(size)
            raise
        if len(data) < LITTLE and not ended:
            self._out.budget.spend("idle")
        if stream is None:
            self._out.give_back(size)
            return
        stream.unused += size
        stream.remote_ended = ended
        self._events.append(DataReceived(number, data, size, ended))

    def _strange(self, number: int, code: ErrorCode) -> None:
        """Judge a frame on a stream that is not open: ignored where the client could not know better."""
        self._not_idle(number)
        if number in self._out.forsaken or number > self._last:
            self._out.budget.spend("idle")
        else:
            raise StreamFault(number, code, "the stream is closed")

    def _not_idle(self, number: int) -> None:
        if not number or number % 2 == 0 or (number > self._last and not self._leaving):
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, f"stream {number} was never opened")

    def _on_headers(self, flags: int, number: int, payload: bytes) -> None:
        if number % 2 == 0:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, f"a client cannot open stream {number}")
        block = frames.unpadded(flags, payload)
        depends: int | None = None
        if flags & frames.HAS_PRIORITY:
            if len(block) < 5:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "HEADERS that are too short for a priority")
            depends, block = frames.number_in(block), block[5:]
        if depends == number:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself")
        if flags & frames.END_HEADERS:
            self._on_block(number, flags, block)
        else:
            self._partial = (number, flags, bytearray(block), 0)

    def _on_continuation(self, flags: int, payload: bytes) -> None:
        if self._partial is None:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "CONTINUATION of nothing")
        number, first_flags, block, pieces = self._partial
        block += payload
        if len(block) > MAX_BLOCK or pieces >= MOST_PIECES:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, "too many header fields")
        self._partial = (number, first_flags, block, pieces + 1)
        if flags & frames.END_HEADERS:
            self._partial = None
            self._on_block(number, first_flags, bytes(block))

    def _on_block(self, number: int, flags: int, block: bytes) -> None:
        self._out.budget.spend("fields", len(block) + 64)
        fields = self._fields.read(block)
        ended = bool(flags & frames.END_STREAM)
        if number in self._out.streams:
            self._on_trailers(self._out.streams[number], fields, ended=ended)
        elif number in self._out.forsaken or (self._leaving and number > self._last):
            return
        elif number <= self._last:
            raise ConnectionFault(ErrorCode.STREAM_CLOSED, f"stream {number} is closed")
        else:
            self._on_request(number, fields, ended=ended)

    def _on_request(self, number: int, fields: list[tuple[bytes, bytes]], *, ended: bool) -> None:
        self._last = number
        if len(self._out.streams) >= self._most:
            raise StreamFault(number, ErrorCode.REFUSED_STREAM, "too many streams")
        request = request_in(number, fields)
        expected = expected_size(number, request)
        if ended and expected:
            raise StreamFault(number, ErrorCode.PROTOCOL_ERROR, "malformed: its content-length")
        stream = self._out.begin(number, expected)
        stream.remote_ended = ended
        self._events.append(RequestReceived(number, request, ended))

    def _on_trailers(self, stream: Stream, fields: list[tuple[bytes, bytes]], *, ended: bool) -> None:
        if stream.remote_ended:
            raise StreamFault(stream.number, ErrorCode.STREAM_CLOSED, "header fields after the end")
        if not ended or stream.expected:
            raise StreamFault(stream.number, ErrorCode.PROTOCOL_ERROR, "malformed: header fields amid content")
        check_trailers(stream.number, fields)
        stream.remote_ended = True
        self._events.append(DataReceived(stream.number, b"", 0, ended=True))

    def _on_priority(self, number: int, payload: bytes) -> None:
        """Check it and let it be: nobody's messages are more urgent than another's."""
        self._out.budget.spend("idle")
        if not number:
            raise ConnectionFault(ErrorCode.PROTOCOL_ERROR, "PRIORITY of the connection")
        if len(payload) != 5:
            raise self._fault(number, ErrorCode.FRAME_SIZE_ERROR, "PRIORITY of another size")
        if frames.number_in(payload) == number:
            raise self._fault(number, ErrorCode.PROTOCOL_ERROR, "a stream that depends on itself")

    def _fault(self, number: int, code: ErrorCode, text: str) -> StreamFault | ConnectionFault:
        """Make a fault of a stream, or of the connection when there is no such stream."""
        return StreamFault(number, code, text) if number in self._out.streams else ConnectionFault(code, text)

    def _on_reset(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "RST_STREAM of another size")
        self._not_idle(number)
        self._out.budget.spend("resets")
        self._out.forsaken.pop(number, None)
        if number in self._out.streams:
            self._out.close(number)
            code = int.from_bytes(payload)
            self._events.append(StreamReset(number, code, by_client=True))

    def _on_settings(self, flags: int, payload: bytes) -> None:
        if flags & frames.ACK:
            if payload:
                raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "an acknowledgement with content")
            self._out.budget.spend("settings")
            return
        self._out.budget.spend("settings")
        self.is_ready = True
        asked = settings.parse(payload)
        if settings.MAX_FRAME_SIZE in asked:
            self._out.outbox.frame_size = min(asked[settings.MAX_FRAME_SIZE], MOST_IN_FRAME)
        if settings.INITIAL_WINDOW_SIZE in asked:
            self._out.resize(asked[settings.INITIAL_WINDOW_SIZE])
        self._out.outbox.put(frames.frame(frames.SETTINGS, frames.ACK, 0, b""))

    def _on_ping(self, flags: int, payload: bytes) -> None:
        if len(payload) != 8:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "PING of another size")
        self._out.budget.spend("pings")
        if not flags & frames.ACK:
            self._out.outbox.put(frames.frame(frames.PING, frames.ACK, 0, payload))

    def _on_goaway(self, payload: bytes) -> None:
        if len(payload) < 8:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "GOAWAY that is too short")
        self._out.budget.spend("settings")
        self._events.append(Leaving())

    def _on_window_update(self, number: int, payload: bytes) -> None:
        if len(payload) != 4:
            raise ConnectionFault(ErrorCode.FRAME_SIZE_ERROR, "WINDOW_UPDATE of another size")
        self._out.budget.spend("idle")
        increment = frames.number_in(payload)
        stream = self._out.streams.get(number)
        if number and stream is None:
            self._not_idle(number)
            return
        if not increment:
            raise self._fault(number, ErrorCode.PROTOCOL_ERROR, "a window that opens by nothing")
        window = increment + (self._out.outbox.window if stream is None else stream.send_window)
        if window > settings.MAX_WINDOW:
            raise self._fault(number, ErrorCode.FLOW_CONTROL_ERROR, "a window that is too big")
        if stream is None:
            self._out.outbox.window = window
        else:
            stream.send_window = window

    # What goes out without a stream

    def ping(self) -> None:
        """Ask the client whether it is still there."""
        self._out.outbox.put(frames.frame(frames.PING, 0, 0, b"pillion?"))

    def leave(self) -> None:
        """Take no more streams; those that there are may go on."""
        if not self._leaving and not self.is_over:
            self._leaving = True
            if not self._preface:
                self._out.outbox.put(frames.goaway(self._last, ErrorCode.NO_ERROR, ""))

    def take(self) -> list[Buffer]:
        """Give the bytes that are to be sent now; the shell has them from then on."""
        return self._out.outbox.take()

    def tick(self) -> None:
        """Let the client do again what is limited."""
        self._out.budget.renew()

    def _terminate(self, code: ErrorCode, text: str) -> None:
        for number in list(self._out.streams):
            self._out.close(number)
        self._out.outbox.put(frames.goaway(self._last, code, text))
        self.is_over = True
        self._events.append(Terminated(code, text))
