"""What is sent on streams, as far as windows take it."""

from hypothesis import given
from hypothesis import strategies as st

from pillion.http2 import frames
from pillion.http2.events import Drained
from pillion.http2.fields import NO_TABLE
from pillion.http2.settings import DEFAULT_WINDOW
from support.h2 import Talk, headers, parsed, settings

HEAD = b"\x88"


def content(found: list[frames.Frame], stream: int = 1) -> bytes:
    return b"".join(each.payload for each in found if each.kind == frames.DATA and each.stream == stream)


def test_a_message_goes_at_once_when_there_is_room() -> None:
    talk = Talk()
    talk.say(headers(1))
    talk.out.head(1, HEAD)
    talk.out.data(1, (b"one ", b"whole"))
    head, data = talk.sent()
    assert (head.kind, head.payload) == (frames.HEADERS, NO_TABLE + HEAD)
    assert (data.kind, data.flags, data.payload) == (frames.DATA, 0, b"one whole")
    assert talk.out.is_free(1)
    talk.out.trailers(1, HEAD)
    end, _ = talk.sent()
    assert (end.flags & frames.END_STREAM, end.payload) == (1, HEAD)
    assert not talk.out.is_free(1)


def test_what_has_no_room_waits_and_its_end_after_it() -> None:
    talk = Talk()
    talk.say(settings(window=10), headers(1))
    talk.sent()
    talk.out.data(1, (b"0123456789", b"abcdef"))
    talk.out.trailers(1, HEAD)
    talk.out.trailers(1, HEAD)
    talk.out.data(1, (b"too late",))
    assert content(talk.sent()) == b"0123456789"
    talk.say(frames.window_update(1, 4))
    assert content(talk.sent()) == b"abcd"
    talk.say(frames.window_update(1, 4))
    last, end, reset = talk.sent()
    assert last.payload == b"ef"
    assert end.flags & frames.END_STREAM
    assert reset.kind == frames.RST_STREAM
    assert talk.out.streams == {}


def test_who_waited_is_told_when_all_is_gone() -> None:
    talk = Talk()
    talk.say(settings(window=1), headers(1))
    talk.out.data(1, (b"ab",))
    assert talk.out.pump() == []
    assert not talk.out.is_free(1)
    talk.say(frames.window_update(1, 1))
    assert talk.out.pump() == [Drained(1, ended=False)]
    assert talk.out.is_free(1)


def test_a_window_that_shrinks_below_zero_has_to_grow_first() -> None:
    talk = Talk()
    talk.say(headers(1))
    talk.sent()
    talk.out.data(1, (bytes(1000),))
    talk.sent()
    talk.say(settings(window=100))
    talk.out.data(1, (b"x",))
    assert content(talk.sent()) == b""
    talk.say(frames.window_update(1, 900))
    assert content(talk.sent()) == b""
    talk.say(frames.window_update(1, 1))
    assert content(talk.sent()) == b"x"


def test_streams_take_turns() -> None:
    talk = Talk()
    talk.say(settings(window=1 << 20), headers(1), headers(3))
    talk.sent()
    for stream in (1, 3):
        talk.out.data(stream, (bytes(100_000),))
    sent = [each.stream for each in talk.sent()]
    assert sent[:4] == [1, 3, 1, 3]
    talk.say(frames.window_update(0, 1 << 20))
    talk.sent()
    assert talk.out.is_free(1)
    assert talk.out.is_free(3)


def test_a_line_that_takes_nothing_gets_no_data_but_answers() -> None:
    talk = Talk()
    talk.say(headers(1))
    talk.sent()
    talk.out.outbox.held = True
    talk.out.data(1, (b"later",))
    talk.connection.ping()
    assert [each.kind for each in talk.sent()] == [frames.PING]
    talk.out.outbox.held = False
    assert content(talk.sent()) == b"later"


def test_bigger_frames_are_sent_to_who_wants_them() -> None:
    talk = Talk()
    talk.say(settings(frame=100_000), headers(1))
    talk.sent()
    talk.out.data(1, (bytes(60_000),))
    assert [len(each.payload) for each in talk.sent()] == [60_000]


def test_a_client_may_measure_the_line_with_every_frame_of_a_long_message() -> None:
    talk = Talk(hello=frames.PREFACE + settings(window=(1 << 31) - 1))
    talk.say(frames.window_update(0, 1 << 30), headers(1))
    talk.out.data(1, (bytes(1 << 24),))
    sent = 0
    while sent < 1 << 24:
        talk.out.pump()
        sent += sum(len(each.payload) for each in parsed(b"".join(talk.connection.take())) if each.kind == frames.DATA)
        assert [each for each in talk.say(frames.frame(frames.PING, 0, 0, bytes(8)) * 16) if each] == []
    assert talk.goaway() is None


def test_what_many_are_sent_is_not_copied() -> None:
    talk, shared = Talk(), bytes(30_000)
    talk.say(headers(1))
    talk.sent()
    talk.out.data(1, (b"12345", shared, b"nonce"))
    talk.out.pump()
    views = [each for each in talk.connection.take() if isinstance(each, memoryview)]
    assert sum(len(each) for each in views if each.obj is shared) == 30_000


STEPS = st.one_of(
    st.tuples(st.just("send"), st.sampled_from([1, 3]), st.integers(1, 40_000)),
    st.tuples(st.just("open"), st.sampled_from([0, 1, 3]), st.integers(1, 30_000)),
    st.tuples(st.just("window"), st.just(0), st.integers(0, 100_000)),
    st.tuples(st.just("hold"), st.just(0), st.integers(0, 1)),
)


@given(st.lists(STEPS, max_size=30))
def test_no_window_is_overdrawn_and_nothing_is_lost(steps: list[tuple[str, int, int]]) -> None:
    talk = Talk()
    talk.say(headers(1), headers(3))
    talk.sent()
    windows, initial = {0: DEFAULT_WINDOW, 1: DEFAULT_WINDOW, 3: DEFAULT_WINDOW}, DEFAULT_WINDOW
    wanted, heard = {1: b"", 3: b""}, {1: b"", 3: b""}

    def hear() -> None:
        for each in talk.sent():
            if each.kind == frames.DATA:
                for window in (0, each.stream):
                    windows[window] -= len(each.payload)
                    assert windows[window] >= 0
                heard[each.stream] += each.payload

    for number, (what, stream, size) in enumerate(steps):
        match what:
            case "send":
                part = bytes((number % 256,)) * size
                talk.out.data(stream, (part[:7], part[7:]))
                wanted[stream] += part
            case "open":
                talk.say(frames.window_update(stream, size))
                windows[stream] += size
            case "window":
                talk.say(settings(window=size))
                windows[1] += size - initial
                windows[3] += size - initial
                initial = size
            case _:
                talk.out.outbox.held = bool(size)
        hear()
        assert all(wanted[each].startswith(heard[each]) for each in wanted)
    talk.out.outbox.held = False
    for stream in (0, 1, 3):
        talk.say(frames.window_update(stream, 1 << 29))
        windows[stream] += 1 << 29
    hear()
    assert heard == wanted
