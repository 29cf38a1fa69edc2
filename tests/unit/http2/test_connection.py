"""A client that keeps the rules, and many that do not."""

import pytest

from pillion.http2 import connection, frames
from pillion.http2.budget import LIMITS, Kind
from pillion.http2.errors import ErrorCode
from pillion.http2.events import DataReceived, Leaving, RequestReceived, StreamReset, Terminated
from pillion.http2.fields import MAX_LIST_SIZE
from pillion.http2.settings import DEFAULT_WINDOW
from support.h2 import ACKNOWLEDGED, CALL, HELLO, PATH, Talk, block, data, headers, raw_block, settings

PING = frames.frame(frames.PING, 0, 0, b"12345678")


def is_alive(talk: Talk) -> bool:
    """Ask for an answer, which is the proof that the connection goes on."""
    talk.say(PING)
    return frames.Frame(frames.PING, frames.ACK, 0, b"12345678") in talk.sent()


def test_a_call_comes_with_its_content_and_its_end() -> None:
    talk = Talk()
    begun, first, last = talk.say(headers(1), data(1, b"one"), data(1, b"two", end=True))
    assert isinstance(begun, RequestReceived)
    assert (begun.stream, begun.request.path, begun.ended) == (1, PATH, False)
    assert first == DataReceived(1, b"one", 3, ended=False)
    assert last == DataReceived(1, b"two", 3, ended=True)


def test_the_server_says_its_settings_and_acknowledges_those_of_the_client() -> None:
    talk = Talk(hello=b"")
    assert talk.sent() == []
    talk.say(HELLO)
    own, acknowledgement = talk.sent()
    assert (own.kind, own.flags) == (frames.SETTINGS, 0)
    assert b"\0\x03\0\0\0\x64" in own.payload
    assert (acknowledgement.kind, acknowledgement.flags) == (frames.SETTINGS, frames.ACK)


@pytest.mark.parametrize("said", [b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\0\x01", b"PRI * HTTP/2.0\r\n\r\nXX"])
def test_what_is_no_http2_is_answered_plainly(said: bytes) -> None:
    talk = Talk(hello=b"")
    (event,) = talk.say(said)
    assert isinstance(event, Terminated)
    head, _, body = talk.sent_bytes().partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert f"content-length: {len(body)}".encode() in head
    assert talk.say(HELLO) == []


def test_padding_and_priority_are_no_content() -> None:
    talk = Talk()
    fields = b"\x02" + b"\0\0\0\0\x10" + block() + b"\0\0"
    flags = frames.PADDED | frames.HAS_PRIORITY | frames.END_HEADERS
    events = talk.say(
        frames.frame(frames.HEADERS, flags, 1, fields), frames.frame(frames.DATA, frames.PADDED, 1, b"\x01x\0")
    )
    assert isinstance(events[0], RequestReceived)
    assert events[1] == DataReceived(1, b"x", 3, ended=False)


def test_a_header_block_may_come_in_pieces_and_nothing_may_come_between() -> None:
    fields = block()
    pieces = (
        frames.frame(frames.HEADERS, frames.END_STREAM, 1, fields[:5]),
        frames.frame(frames.CONTINUATION, 0, 1, fields[5:9]),
        frames.frame(frames.CONTINUATION, frames.END_HEADERS, 1, fields[9:]),
    )
    (event,) = Talk().say(*pieces)
    assert isinstance(event, RequestReceived)
    assert event.ended
    talk = Talk()
    talk.say(pieces[0], PING)
    assert talk.goaway() == ErrorCode.PROTOCOL_ERROR


def test_trailers_end_a_stream() -> None:
    talk = Talk()
    trailers = headers(1, end=True, fields=raw_block({"x": "y"}))
    assert talk.say(headers(1), trailers)[-1] == DataReceived(1, b"", 0, ended=True)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((frames.frame(frames.DATA, 0, 0, b"x"),), ErrorCode.PROTOCOL_ERROR),
        ((data(1, b"x"),), ErrorCode.PROTOCOL_ERROR),
        ((headers(0),), ErrorCode.PROTOCOL_ERROR),
        ((headers(2),), ErrorCode.PROTOCOL_ERROR),
        ((headers(3), headers(1)), ErrorCode.STREAM_CLOSED),
        ((headers(1, fields=b"\x80"),), ErrorCode.COMPRESSION_ERROR),
        ((headers(1, fields=b"\xff\xff\xff"),), ErrorCode.COMPRESSION_ERROR),
        ((headers(1, fields=raw_block({**CALL, "x": "y" * MAX_LIST_SIZE})[:16384]),), ErrorCode.ENHANCE_YOUR_CALM),
        ((frames.frame(frames.HEADERS, frames.HAS_PRIORITY, 1, b"\0\0"),), ErrorCode.FRAME_SIZE_ERROR),
        ((frames.frame(frames.HEADERS, 0x24, 1, b"\0\0\0\x01\0" + block()),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.PRIORITY, 0, 0, bytes(5)),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.PRIORITY, 0, 1, bytes(4)),), ErrorCode.FRAME_SIZE_ERROR),
        ((frames.frame(frames.PRIORITY, 0, 3, b"\0\0\0\x03\0"),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.RST_STREAM, 0, 0, bytes(4)),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.RST_STREAM, 0, 1, bytes(4)),), ErrorCode.PROTOCOL_ERROR),
        ((headers(1), frames.frame(frames.RST_STREAM, 0, 1, bytes(3))), ErrorCode.FRAME_SIZE_ERROR),
        ((frames.frame(frames.SETTINGS, 0, 1, b""),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.SETTINGS, frames.ACK, 0, b"123456"),), ErrorCode.FRAME_SIZE_ERROR),
        ((settings(push=2),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.PUSH_PROMISE, 4, 1, bytes(4)),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.PING, 0, 1, bytes(8)),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.PING, 0, 0, bytes(7)),), ErrorCode.FRAME_SIZE_ERROR),
        ((frames.frame(frames.GOAWAY, 0, 1, bytes(8)),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.GOAWAY, 0, 0, bytes(7)),), ErrorCode.FRAME_SIZE_ERROR),
        ((frames.window_update(0, 0),), ErrorCode.PROTOCOL_ERROR),
        ((frames.window_update(1, 1),), ErrorCode.PROTOCOL_ERROR),
        ((frames.frame(frames.WINDOW_UPDATE, 0, 0, bytes(3)),), ErrorCode.FRAME_SIZE_ERROR),
        ((frames.window_update(0, (1 << 31) - 1),), ErrorCode.FLOW_CONTROL_ERROR),
        ((headers(1), frames.window_update(1, 1), settings(window=(1 << 31) - 1)), ErrorCode.FLOW_CONTROL_ERROR),
        ((frames.frame(frames.CONTINUATION, 4, 1, b""),), ErrorCode.PROTOCOL_ERROR),
        ((frames.head(frames.DATA, 0, 1, 16385),), ErrorCode.FRAME_SIZE_ERROR),
    ],
)
def test_a_client_that_breaks_the_rules_of_the_connection_is_told_and_sent_away(
    said: tuple[bytes, ...], code: ErrorCode
) -> None:
    talk = Talk()
    event = talk.say(*said)[-1]
    assert isinstance(event, Terminated)
    assert event.code == code
    assert talk.connection.is_over
    assert talk.goaway() == code
    assert talk.out.streams == {}
    assert talk.say(PING) == []
    assert talk.sent() == []


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ((data(1, b"x", end=True), data(1, b"y")), ErrorCode.STREAM_CLOSED),
        ((data(1, b"x", end=True), headers(1, end=True)), ErrorCode.STREAM_CLOSED),
        ((headers(1),), ErrorCode.PROTOCOL_ERROR),
        ((headers(1, end=True),), ErrorCode.PROTOCOL_ERROR),
        ((frames.window_update(1, 0),), ErrorCode.PROTOCOL_ERROR),
        ((frames.window_update(1, (1 << 31) - 1),), ErrorCode.FLOW_CONTROL_ERROR),
        ((frames.frame(frames.PRIORITY, 0, 1, bytes(4)),), ErrorCode.FRAME_SIZE_ERROR),
    ],
)
def test_a_client_that_breaks_the_rules_of_a_stream_loses_that_one(said: tuple[bytes, ...], code: ErrorCode) -> None:
    talk = Talk()
    assert talk.say(headers(1), *said)[-1] == StreamReset(1, code, by_client=False)
    assert talk.resets() == [(1, code)]
    assert is_alive(talk)
    assert isinstance(talk.say(headers(3))[0], RequestReceived)


@pytest.mark.parametrize(
    ("size", "said"),
    [("5", (data(1, b"123456"),)), ("5", (data(1, b"1234", end=True),)), ("5", (headers(1, end=True),))],
)
def test_content_of_another_size_than_was_said_costs_the_stream(size: str, said: tuple[bytes, ...]) -> None:
    talk = Talk()
    talk.say(headers(1, fields=block(content_length=size)), *said)
    assert talk.resets() == [(1, ErrorCode.PROTOCOL_ERROR)]


def test_a_malformed_request_costs_its_stream_and_its_number() -> None:
    talk = Talk()
    assert talk.say(headers(1, fields=block(connection="close"))) == []
    assert talk.resets() == [(1, ErrorCode.PROTOCOL_ERROR)]
    assert is_alive(talk)


def test_more_streams_than_were_allowed_are_refused() -> None:
    talk = Talk(streams=2)
    assert len(talk.say(headers(1), headers(3), headers(5))) == 2
    assert talk.resets() == [(5, ErrorCode.REFUSED_STREAM)]
    talk.say(frames.reset(1, ErrorCode.CANCEL))
    assert isinstance(talk.say(headers(7))[0], RequestReceived)


def test_what_was_on_its_way_when_we_ended_a_stream_is_let_be() -> None:
    talk = Talk()
    talk.say(headers(1))
    talk.out.head(1, b"\x88", end=True)
    assert talk.resets() == [(1, ErrorCode.NO_ERROR)]
    trailers = headers(1, end=True, fields=raw_block({"x": "y"}))
    assert talk.say(data(1, b"late"), frames.window_update(1, 5), trailers) == []
    assert is_alive(talk)


def test_a_client_that_ended_its_side_is_not_reset() -> None:
    talk = Talk()
    talk.say(headers(1, end=True))
    talk.out.head(1, b"\x88", end=True)
    assert talk.resets() == []
    talk.say(data(1, b"x"))
    assert talk.resets() == [(1, ErrorCode.STREAM_CLOSED)]


def test_a_client_may_end_a_stream_and_leave() -> None:
    talk = Talk()
    talk.say(headers(1))
    assert talk.say(frames.reset(1, ErrorCode.CANCEL)) == [StreamReset(1, ErrorCode.CANCEL, by_client=True)]
    assert talk.say(frames.goaway(0, ErrorCode.NO_ERROR, "bye")) == [Leaving()]
    assert talk.say(frames.reset(1, ErrorCode.CANCEL)) == []
    assert is_alive(talk)


def test_who_leaves_takes_no_more_streams_and_finishes_those_that_there_are() -> None:
    talk = Talk()
    talk.say(headers(1))
    talk.connection.leave()
    talk.connection.leave()
    assert talk.goaway() == ErrorCode.NO_ERROR
    assert talk.say(headers(3), data(3, b"x"), frames.window_update(3, 1), data(1, b"y")) == [
        DataReceived(1, b"y", 1, ended=False)
    ]
    assert is_alive(talk)


def test_more_than_a_window_is_a_fault_and_what_is_made_use_of_comes_back() -> None:
    piece = bytes(frames.MAX_FRAME_SIZE)
    talk = Talk()
    talk.say(headers(1), *[data(1, piece)] * 3)
    talk.out.used(1, len(piece) * 3)
    assert {(each.stream, frames.number_in(each.payload)) for each in talk.sent()} == {(0, 49152), (1, 49152)}
    talk.say(*[data(1, piece)] * 3)
    assert not talk.connection.is_over
    talk.say(*[data(1, piece)] * 2)
    assert talk.goaway() == ErrorCode.FLOW_CONTROL_ERROR


def test_windows_are_whole_again_when_all_is_over() -> None:
    talk = Talk()
    talk.say(headers(1), data(1, bytes(16000)), headers(3), data(3, bytes(9000), end=True), data(1, bytes(100)))
    talk.say(frames.reset(1, ErrorCode.CANCEL), data(1, bytes(50)))
    talk.out.used(3, 9000)
    talk.out.head(3, b"\x88", end=True)
    window = talk.out.window
    assert window.left + window.owed == DEFAULT_WINDOW


@pytest.mark.parametrize(
    ("piece", "kind"),
    [
        (PING, "pings"),
        (frames.frame(frames.PING, frames.ACK, 0, bytes(8)), "pings"),
        (settings(window=5), "settings"),
        (ACKNOWLEDGED, "settings"),
        (frames.goaway(0, ErrorCode.NO_ERROR, ""), "settings"),
        (frames.frame(frames.PRIORITY, 0, 5, bytes(5)), "idle"),
        (frames.frame(0xBE, 0, 0, b"grease"), "idle"),
        (frames.window_update(0, 1), "idle"),
        (data(1, b""), "idle"),
        (data(1, b"x"), "idle"),
    ],
)
def test_a_flood_ends_and_half_a_minute_later_all_is_forgotten(piece: bytes, kind: Kind) -> None:
    talk = Talk()
    talk.say(headers(1))
    most = LIMITS[kind]
    for _ in range(2):
        for _ in range(most - 2):
            for event in talk.say(piece):
                if isinstance(event, DataReceived):
                    talk.out.used(1, event.size)
        assert not talk.connection.is_over
        talk.connection.tick()
    talk.say(piece * (most + 1))
    assert talk.goaway() == ErrorCode.ENHANCE_YOUR_CALM


def test_streams_opened_and_reset_at_once_are_a_flood() -> None:
    talk = Talk()
    for number in range(1, 2 * LIMITS["resets"] + 3, 2):
        talk.say(headers(number), frames.reset(number, ErrorCode.CANCEL))
    assert talk.goaway() == ErrorCode.ENHANCE_YOUR_CALM


def test_streams_that_we_are_made_to_reset_are_a_flood() -> None:
    talk = Talk()
    for number in range(1, 2 * LIMITS["resets"] + 3, 2):
        talk.say(headers(number), frames.window_update(number, 0))
    assert talk.connection.is_over


@pytest.mark.parametrize("piece", [b"", bytes(10_000)])
def test_a_header_block_without_end_is_a_flood(piece: bytes) -> None:
    talk = Talk()
    talk.say(frames.frame(frames.HEADERS, 0, 1, b""))
    for _ in range(connection.MOST_PIECES + 1):
        talk.say(frames.frame(frames.CONTINUATION, 0, 1, piece))
    assert talk.goaway() == ErrorCode.ENHANCE_YOUR_CALM


def test_it_asks_whether_somebody_is_there() -> None:
    talk = Talk()
    talk.connection.ping()
    (ping,) = talk.sent()
    assert (ping.kind, ping.flags, len(ping.payload)) == (frames.PING, 0, 8)
