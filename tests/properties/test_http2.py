"""Whatever a client says, however it is cut, the connection means the same, and answers or ends."""

from hypothesis import given
from hypothesis import strategies as st

from pillion.http2 import frames
from pillion.http2.settings import DEFAULT_WINDOW
from support.h2 import HELLO, Talk, block, data, headers, portions, settings

STREAMS = st.integers(0, 8)
FLAGS = st.sampled_from([0, 1, 4, 5, 8, 9, 12, 0x20, 0x24, 0x2D, 0xFF])
FRAMES = st.one_of(
    st.builds(frames.frame, st.integers(0, 11), FLAGS, STREAMS, st.binary(max_size=40)),
    st.builds(headers, STREAMS, end=st.booleans(), fields=st.sampled_from([block(), block(content_length="5"), b""])),
    st.builds(data, STREAMS, st.binary(max_size=200), end=st.booleans()),
    st.builds(frames.window_update, STREAMS, st.integers(0, (1 << 31) - 1)),
    st.builds(settings, window=st.integers(0, 1 << 31), frame=st.sampled_from([1 << 14, 1 << 20, 5])),
    st.binary(max_size=30),
)
SPEECH = st.lists(FRAMES, max_size=14).map(b"".join)
CUTS = st.lists(st.integers(0, 600), max_size=10)


def answer(talk: Talk) -> None:
    """Answer every open stream a little, and use what came."""
    for number, stream in list(talk.out.streams.items()):
        talk.out.used(number, stream.unused)
        talk.out.data(number, (b"some", b"thing"))


@given(SPEECH, CUTS)
def test_the_same_is_meant_and_answered_however_it_is_cut(said: bytes, cuts: list[int]) -> None:
    whole, cut = Talk(hello=b""), Talk(hello=b"")
    events = whole.say(HELLO + said)
    found = [event for part in portions(HELLO + said, cuts) for event in cut.say(part)]
    assert found == events
    assert cut.sent_bytes() == whole.sent_bytes()
    assert cut.connection.is_over == whole.connection.is_over


@given(st.lists(SPEECH, max_size=6))
def test_nothing_raises_and_nobody_waits_for_an_answer_for_ever(speeches: list[bytes]) -> None:
    talk = Talk()
    for said in speeches:
        talk.say(said)
        answer(talk)
        talk.sent()
    window = talk.out.window
    unused = sum(stream.unused for stream in talk.out.streams.values())
    assert window.left >= 0
    assert all(stream.received.left >= 0 for stream in talk.out.streams.values())
    if talk.connection.is_over:
        assert talk.out.streams == {}
        assert talk.say(HELLO) == []
    else:
        assert window.left + window.owed + unused == DEFAULT_WINDOW


@given(st.binary(max_size=100), CUTS)
def test_any_first_words_are_http2_or_answered(said: bytes, cuts: list[int]) -> None:
    talk = Talk(hello=b"")
    for part in portions(said, cuts):
        talk.say(part)
    assert talk.connection.is_over or frames.PREFACE.startswith(said[: len(frames.PREFACE)])
    assert bool(talk.sent_bytes()) == (talk.connection.is_over or said.startswith(frames.PREFACE))
