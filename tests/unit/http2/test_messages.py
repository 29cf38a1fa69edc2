import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.http2.messages import MessageReader, prefix
from pillion.http2.status import CallError, Status
from support.h2 import message, portions


@given(st.lists(st.binary(max_size=100), max_size=6), st.lists(st.integers(0, 500), max_size=10))
def test_messages_come_out_as_they_went_in_however_they_are_cut(wanted: list[bytes], cuts: list[int]) -> None:
    reader = MessageReader(100)
    whole = b"".join(map(message, wanted))
    assert [each for part in portions(whole, cuts) for each in reader.feed(part)] == wanted
    assert reader.held == 0


def test_what_is_not_complete_is_held() -> None:
    reader = MessageReader(100)
    assert reader.feed(message(b"whole") + message(b"half")[:-2]) == [b"whole"]
    assert reader.held == 7
    assert reader.feed(b"lf") == [b"half"]
    assert prefix(4) + b"half" == message(b"half")


@pytest.mark.parametrize(
    ("said", "code"),
    [
        (message(b"x", flag=1), Status.UNIMPLEMENTED),
        (message(b"x", flag=2), Status.INTERNAL),
        (prefix(101), Status.RESOURCE_EXHAUSTED),
    ],
)
def test_what_is_not_taken_is_told_at_its_head(said: bytes, code: Status) -> None:
    with pytest.raises(CallError) as error:
        MessageReader(100).feed(said)
    assert error.value.status == code
