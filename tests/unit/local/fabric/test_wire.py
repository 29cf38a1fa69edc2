"""DNS messages, as bytes."""

import dnslib
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.local.fabric.model import ClusterService, Member
from pillion.local.fabric.wire import MALFORMED, NXDOMAIN, SERVFAIL, refuse, respond
from pillion.local.fabric.zone import Zone

MEMBERS = tuple(Member(address=f"10.244.1.{number}") for number in range(1, 100))
ZONE = Zone(
    services=(
        ClusterService(namespace="ns", name="one", cluster_ips=("10.96.0.20",)),
        ClusterService(namespace="ns", name="many", headless=True, members=MEMBERS),
        ClusterService(namespace="ns", name="alias", external_name="one.ns.svc.cluster.local"),
    )
)


def ask(name: str, kind: str = "A", *, udp: bool = True) -> dnslib.DNSRecord:
    response = respond(dnslib.DNSRecord.question(name, kind).pack(), ZONE, 5, udp=udp)
    assert response
    return dnslib.DNSRecord.parse(response)


def test_an_answer_keeps_the_questions_id_and_case() -> None:
    query = dnslib.DNSRecord.question("oNe.ns.svc.cluster.local")
    reply = dnslib.DNSRecord.parse(respond(query.pack(), ZONE, 5, udp=True) or b"")
    assert reply.header.id == query.header.id
    assert [(str(rr.rname), str(rr.rdata), rr.ttl) for rr in reply.rr] == [
        ("oNe.ns.svc.cluster.local.", "10.96.0.20", 5)
    ]


def test_a_name_that_does_not_exist_says_so_with_the_authority_for_it() -> None:
    reply = ask("none.ns.svc.cluster.local")
    assert reply.header.rcode == NXDOMAIN
    assert [rr.rtype for rr in reply.auth] == [dnslib.QTYPE.SOA]
    assert reply.auth[0].rdata.times[4] == 5


def test_a_name_without_such_a_record_is_no_error() -> None:
    reply = ask("one.ns.svc.cluster.local", "AAAA")
    assert (reply.header.rcode, reply.rr) == (0, [])


def test_an_alias_brings_its_address_along() -> None:
    assert [str(rr.rdata) for rr in ask("alias.ns.svc.cluster.local").rr] == ["one.ns.svc.cluster.local.", "10.96.0.20"]


def test_a_long_answer_is_cut_for_udp_and_whole_for_tcp() -> None:
    assert ask("many.ns.svc.cluster.local").header.tc
    assert ask("many.ns.svc.cluster.local").rr == []
    assert len(ask("many.ns.svc.cluster.local", udp=False).rr) == len(MEMBERS)


def test_a_client_that_takes_more_gets_more() -> None:
    query = dnslib.DNSRecord.question("many.ns.svc.cluster.local")
    query.add_ar(dnslib.EDNS0(udp_len=4096))
    reply = dnslib.DNSRecord.parse(respond(query.pack(), ZONE, 5, udp=True) or b"")
    assert len(reply.rr) == len(MEMBERS)


def test_another_servers_name_is_left_to_it() -> None:
    query = dnslib.DNSRecord.question("example.com").pack()
    assert respond(query, ZONE, 5, udp=True) is None
    assert dnslib.DNSRecord.parse(refuse(query, SERVFAIL)).header.rcode == SERVFAIL


def test_a_response_is_never_answered() -> None:
    reply = dnslib.DNSRecord.question("one.ns.svc.cluster.local").reply()
    assert respond(reply.pack(), ZONE, 5, udp=True) == MALFORMED


@pytest.mark.parametrize("kind", ["PTR", "TXT", "SRV", "HTTPS", "ANY"])
def test_every_kind_of_question_gets_an_answer(kind: str) -> None:
    assert ask("one.ns.svc.cluster.local", kind).header.rcode == 0


@given(st.binary(max_size=80))
def test_no_bytes_do_harm(query: bytes) -> None:
    response = respond(query, ZONE, 5, udp=True)
    assert response is None or response == MALFORMED or response[:2] == query[:2]


@given(st.binary(max_size=40))
def test_no_bytes_after_a_good_header_do_harm(rest: bytes) -> None:
    respond(b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00" + rest, ZONE, 5, udp=True)
