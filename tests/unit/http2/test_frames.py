import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.http2 import frames
from pillion.http2.errors import ConnectionFault, ErrorCode
from pillion.http2.frames import Frame, FrameReader
from support.h2 import parsed, portions

ANY = st.builds(Frame, st.integers(0, 255), st.integers(0, 255), st.integers(0, (1 << 31) - 1), st.binary(max_size=300))


@given(st.lists(ANY, max_size=8), st.lists(st.integers(0, 2000), max_size=12))
def test_frames_come_out_as_they_went_in_however_they_are_cut(wanted: list[Frame], cuts: list[int]) -> None:
    reader = FrameReader()
    found = [
        each for part in portions(b"".join(frames.frame(*each) for each in wanted), cuts) for each in reader.feed(part)
    ]
    assert found == wanted


def test_a_frame_that_is_too_long_is_a_fault_at_its_head() -> None:
    reader = FrameReader()
    assert len(list(reader.feed(frames.frame(frames.DATA, 0, 1, bytes(frames.MAX_FRAME_SIZE))))) == 1
    with pytest.raises(ConnectionFault) as fault:
        list(reader.feed(frames.head(frames.DATA, 0, 1, frames.MAX_FRAME_SIZE + 1)))
    assert fault.value.code == ErrorCode.FRAME_SIZE_ERROR


@pytest.mark.parametrize(
    ("payload", "content"), [(b"\x00abc", b"abc"), (b"\x02abc\0\0", b"abc"), (b"\x03\0\0\0", b""), (b"\0", b"")]
)
def test_padding_is_taken_away(payload: bytes, content: bytes) -> None:
    assert frames.unpadded(frames.PADDED, payload) == content
    assert frames.unpadded(0, payload) == payload


@pytest.mark.parametrize("payload", [b"", b"\x01", b"\x05abc", b"\x04abc"])
def test_more_padding_than_frame_is_a_fault(payload: bytes) -> None:
    with pytest.raises(ConnectionFault):
        frames.unpadded(frames.PADDED, payload)


def test_a_farewell_says_why() -> None:
    (frame,) = parsed(frames.goaway(7, ErrorCode.ENHANCE_YOUR_CALM, "why"))
    assert frame == (frames.GOAWAY, 0, 0, b"\0\0\0\x07\0\0\0\x0bwhy")
