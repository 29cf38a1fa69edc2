import contextlib

import pytest
from hpack import Decoder
from hypothesis import given
from hypothesis import strategies as st

from pillion.http2.errors import ConnectionFault, ErrorCode, StreamFault
from pillion.http2.fields import (
    MAX_LIST_SIZE,
    NO_TABLE,
    FieldReader,
    check_trailers,
    expected_size,
    literal,
    request_in,
)
from support.h2 import CALL, block, raw_block

PLAIN = tuple((key.encode(), value.encode()) for key, value in CALL.items())


def test_a_request_is_read() -> None:
    request = request_in(1, FieldReader().read(block(authorization="Bearer x")))
    assert (request.method, request.path) == ("POST", "/a.b/C")
    assert request.get("authorization") == "Bearer x"
    assert request.get("content-type") == "application/grpc"
    assert request.get("nothing", "else") == "else"


@pytest.mark.parametrize(
    "fields",
    [
        [(b":method", b"POST"), (b":scheme", b"http")],
        [(b":method", b"POST"), (b":scheme", b"http"), (b":path", b"")],
        [*PLAIN, (b":path", b"/")],
        [*PLAIN[:3], (b":status", b"200")],
        [*PLAIN[:3], (b":other", b"x")],
        [*PLAIN[:3], *PLAIN[:1]],
        [(b"a", b"b"), *PLAIN],
        [*PLAIN, (b"Upper", b"x")],
        [*PLAIN, (b"", b"x")],
        [*PLAIN, (b"connection", b"x")],
        [*PLAIN, (b"transfer-encoding", b"chunked")],
        [*PLAIN, (b"te", b"gzip")],
        [*PLAIN, (b"x", b"a\r\nb")],
    ],
)
def test_a_malformed_request_costs_its_stream(fields: list[tuple[bytes, bytes]]) -> None:
    with pytest.raises(StreamFault) as fault:
        request_in(5, fields)
    assert (fault.value.stream, fault.value.code) == (5, ErrorCode.PROTOCOL_ERROR)


def test_trailers_have_no_pseudo_fields() -> None:
    check_trailers(1, [(b"x", b"y")])
    with pytest.raises(StreamFault):
        check_trailers(1, [(b":path", b"/")])


@pytest.mark.parametrize(("said", "size"), [([], None), (["12"], 12), (["7", "7"], 7)])
def test_a_request_may_say_its_size(said: list[str], size: int | None) -> None:
    fields = [*CALL.items(), *(("content-length", each) for each in said)]
    assert expected_size(1, request_in(1, FieldReader().read(raw_block(fields)))) == size


@pytest.mark.parametrize("said", [["-1"], ["x"], ["1", "2"], [""]])
def test_a_size_that_is_none_costs_the_stream(said: list[str]) -> None:
    fields = [*CALL.items(), *(("content-length", each) for each in said)]
    with pytest.raises(StreamFault):
        expected_size(1, request_in(1, FieldReader().read(raw_block(fields))))


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_a_fault(data: bytes) -> None:
    with contextlib.suppress(ConnectionFault):
        FieldReader().read(data)


@pytest.mark.parametrize("resize", [b"\x20", b"\x3f\x80\x01"])
def test_a_table_changes_its_size_twice_at_most(resize: bytes) -> None:
    assert FieldReader().read(resize * 2 + b"\x82") == [(b":method", b"GET")]
    with pytest.raises(ConnectionFault, match="size"):
        FieldReader().read(resize * 3 + b"\x82")


def test_a_bomb_is_not_unpacked() -> None:
    entry = b"\x40\x01a\x7f\xa1\x0e" + bytes(2000)  # one field of 2000 bytes, kept in the table
    with pytest.raises(ConnectionFault) as fault:
        FieldReader().read(entry + b"\xbe" * (MAX_LIST_SIZE // 1000))
    assert fault.value.code == ErrorCode.ENHANCE_YOUR_CALM


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=300), st.binary(max_size=300)), max_size=4))
def test_what_we_write_is_what_a_client_reads(fields: list[tuple[bytes, bytes]]) -> None:
    written = NO_TABLE + b"".join(literal(name, value) for name, value in fields)
    assert [(bytes(key), bytes(value)) for key, value in Decoder().decode(written, raw=True)] == fields
