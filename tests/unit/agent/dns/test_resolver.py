from dnslib import DNSRecord

from pillion.agent.dns.resolver import Answer, AskUpstream, resolve
from pillion.agent.dns.table import NameInfo, Place, build

TABLE = build(
    {"many.": NameInfo(ips=tuple(f"10.0.0.{index}" for index in range(100))), "one.": NameInfo(ips=("1.1.1.1",))},
    Place(namespace="n", domain="d"),
)


def ask(name: str, kind: str = "A") -> bytes:
    return bytes(DNSRecord.question(name, kind).pack())


def test_a_name_of_the_mesh_is_answered_here() -> None:
    found = resolve(ask("one."), TABLE, lambda _: None, "udp")
    assert isinstance(found, Answer)
    assert [str(record.rdata) for record in DNSRecord.parse(found.data).rr] == ["1.1.1.1"]


def test_addresses_are_shuffled_and_cut_to_what_the_client_takes() -> None:
    over_udp = resolve(ask("many."), TABLE, lambda records: records.reverse(), "udp")
    over_tcp = resolve(ask("many."), TABLE, lambda records: records.reverse(), "tcp")
    assert isinstance(over_udp, Answer)
    assert isinstance(over_tcp, Answer)
    cut, whole = DNSRecord.parse(over_udp.data), DNSRecord.parse(over_tcp.data)
    assert (cut.header.tc, whole.header.tc, len(whole.rr)) == (1, 0, 100)
    assert str(cut.rr[0].rdata) == str(whole.rr[0].rdata) == "10.0.0.99"


def test_others_are_asked_for_the_rest() -> None:
    for query in (ask("elsewhere."), ask("one.", "MX"), ask("one.", "PTR")):
        assert resolve(query, TABLE, lambda _: None, "udp") == AskUpstream(size=512)


def test_before_the_mesh_is_known_every_query_fails() -> None:
    found = resolve(ask("elsewhere."), None, lambda _: None, "udp")
    assert isinstance(found, Answer)
    assert DNSRecord.parse(found.data).header.rcode == 2


def test_noise_gets_no_answer() -> None:
    assert resolve(b"noise", TABLE, lambda _: None, "udp") == Answer(data=b"")
