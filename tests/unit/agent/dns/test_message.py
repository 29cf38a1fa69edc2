import pytest
from dnslib import EDNS0, QTYPE, RR, A, DNSRecord
from hypothesis import given
from hypothesis import strategies as st

from pillion.agent.dns import message
from pillion.agent.dns.table import Record


def query(name: str, kind: str = "A", size: int = 0) -> bytes:
    asked = DNSRecord.question(name, kind)
    if size:
        asked.add_ar(EDNS0(udp_len=size))
    return bytes(asked.pack())


def test_a_question_is_read_as_it_was_put() -> None:
    asked = message.question(query("Web.ns1.", "AAAA", 4096))
    assert asked
    assert (asked.name, asked.type, asked.size) == ("Web.ns1.", QTYPE.AAAA, 4096)


def test_a_small_announcement_counts_as_the_least_of_all() -> None:
    asked = message.question(query("a.", size=100))
    assert asked
    assert asked.size == 512


def test_an_answer_is_what_others_read() -> None:
    data = query("x.search.")
    asked = message.question(data)
    assert asked
    records = (
        Record(name="x.search.", type="CNAME", value="x."),
        Record(name="x.", type="A", value="1.2.3.4"),
        Record(name="other.", type="AAAA", value="2001:db8::1"),
    )
    read = DNSRecord.parse(message.answer(asked, records, 30))
    assert (read.header.id, read.header.qr, read.header.aa, str(read.q.qname)) == (asked.id, 1, 1, "x.search.")
    got = [(str(record.rname), QTYPE.get(record.rtype), record.ttl, str(record.rdata)) for record in read.rr]
    assert got == [
        ("x.search.", "CNAME", 30, "x."),
        ("x.", "A", 30, "1.2.3.4"),
        ("other.", "AAAA", 30, "2001:db8::1"),
    ]


def test_a_failure_gives_the_number_back() -> None:
    read = DNSRecord.parse(message.failure(query("a.")))
    assert (read.header.rcode, str(read.q.qname)) == (2, "a.")
    assert message.failure(b"\x12\x34\x01\x00")[:2] == b"\x12\x34"


@pytest.mark.parametrize("count", [0, 20, 64, 200])
def test_what_is_too_long_loses_whole_records_and_says_so(count: int) -> None:
    reply = DNSRecord.parse(query("big.")).reply()
    for index in range(count):
        reply.add_answer(RR("big.", QTYPE.A, ttl=1, rdata=A(f"10.0.0.{index}")))
    whole = bytes(reply.pack())
    cut = message.fitted(whole, 512)
    read = DNSRecord.parse(cut)
    assert len(cut) <= 512
    assert bool(read.header.tc) == (len(whole) > 512)
    assert read.rr == reply.rr[: len(read.rr)]
    assert len(whole) > 512 or len(read.rr) == count


@pytest.mark.parametrize("data", [b"", b"\0" * 11, b"\0\0\0\0\0\x01\0\0\0\0\0\0\xc0\xff", message.failure(query("a."))])
def test_what_is_no_query(data: bytes) -> None:
    with pytest.raises(message.MessageError):
        message.question(data)


@given(st.binary(max_size=80))
def test_no_bytes_break_the_reader(data: bytes) -> None:
    try:
        asked = message.question(b"\0\1\1\0\0\1\0\0\0\0\0\1" + data)
    except message.MessageError:
        return
    assert asked is None or asked.name.endswith(".")


@given(st.binary(max_size=700), st.integers(min_value=12, max_value=600))
def test_no_bytes_break_the_knife(data: bytes, size: int) -> None:
    assert len(message.fitted(b"\0\1\x81\0\0\0\0\x05\0\0\0\0" + data, size)) <= size
