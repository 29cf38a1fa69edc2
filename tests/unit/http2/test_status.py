from urllib.parse import unquote

import pytest
from hpack import Decoder
from hypothesis import given
from hypothesis import strategies as st

from pillion.http2 import status
from pillion.http2.status import MOST_TEXT, Status


def read(block: bytes) -> dict[str, str]:
    return {str(key): str(value) for key, value in Decoder().decode(block)}


def test_an_answer_begins_as_grpc_wants_it() -> None:
    wanted = {":status": "200", "content-type": "application/grpc", "grpc-accept-encoding": "identity"}
    assert read(status.ANSWER) == wanted


def test_an_answer_ends_with_a_status_and_words_if_there_are_any() -> None:
    assert read(status.trailers_with(Status.OK, "")) == {"grpc-status": "0"}
    assert read(status.trailers_with(Status.UNAUTHENTICATED, "50 % né")) == {
        "grpc-status": "16",
        "grpc-message": "50 %25 n%C3%A9",
    }


def test_what_is_no_grpc_is_answered_by_http() -> None:
    assert read(status.http_error(415)) == {":status": "415"}


@given(st.text(max_size=200))
def test_words_arrive_as_they_were(text: str) -> None:
    written = status.percent_encoded(text)
    assert unquote(written.decode("ascii")) == text.encode(errors="replace").decode()


def test_words_are_not_endless() -> None:
    assert len(status.percent_encoded("x" * 9999)) == MOST_TEXT


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1H", 3600), ("2M", 120), ("3S", 3), ("500m", 0.5), ("7u", 7e-6), ("8n", 8e-9), ("", None), ("1", None),
     ("S", None), ("-1S", None), ("123456789S", None), ("1.5S", None), ("1s", None)],
)  # fmt: skip
def test_a_timeout_is_read(text: str, seconds: float | None) -> None:
    assert status.seconds_in(text) == (None if seconds is None else pytest.approx(seconds))
