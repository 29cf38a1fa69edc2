"""A `Zone`'s answers in DNS wire format: bytes in, bytes out."""

from importlib import import_module
from typing import Any

from pillion.local.fabric.zone import ELSEWHERE, Answer, Record, Zone

SERVFAIL, NXDOMAIN, NOTIMP = 2, 3, 4
MALFORMED = b""
_SMALLEST_UDP_SIZE, _LARGEST_UDP_SIZE = 512, 4096

# dnslib has no types: its names are Any in this module and stay in it
_dns: Any = import_module("dnslib")


def respond(query: bytes, zone: Zone, ttl: int, *, udp: bool) -> bytes | None:
    """Return the response to a query, `MALFORMED` if it deserves none, or nothing if the name is not the cluster's.

    A response that is too long for UDP is cut to its question, with the TC flag, so that the client comes by TCP.
    """
    try:
        asked = _dns.DNSRecord.parse(query)
        kind = str(_dns.QTYPE[asked.q.qtype])
        name = str(asked.q.qname)
    except _dns.DNSError:
        return MALFORMED
    if asked.header.qr:
        return MALFORMED
    if asked.header.opcode != 0:
        return _packed(_reply(asked, NOTIMP))
    answer = zone.answer(name, kind)
    if answer is ELSEWHERE:
        return None
    reply = _reply(asked, 0 if answer.exists else NXDOMAIN)
    _fill(reply, asked, answer, zone.domain, ttl)
    limit = _limit_of(asked) if udp else 1 << 16
    data = _packed(reply)
    return data if len(data) <= limit else _packed(reply.truncate())


def refuse(query: bytes, code: int) -> bytes:
    """Return a response without records to a query that `respond` could read."""
    return _packed(_reply(_dns.DNSRecord.parse(query), code))


def _fill(reply: Any, asked: Any, answer: Answer, domain: str, ttl: int) -> None:
    question = str(asked.q.qname)
    for record in answer.records:
        # the owner is written as it was asked: some resolvers vary the case to tell forged answers
        owner = question if record.name == question.rstrip(".").lower() else record.name
        reply.add_answer(_resource(owner, record, ttl))
    for record in answer.additional:
        reply.add_ar(_resource(record.name, record, ttl))
    if not answer.records:
        times = (1, 7200, 1800, 86400, ttl)
        data = _dns.SOA(f"ns.dns.{domain}", f"hostmaster.{domain}", times)
        reply.add_auth(_dns.RR(domain, _dns.QTYPE.SOA, rdata=data, ttl=ttl))


def _resource(owner: str, record: Record, ttl: int) -> Any:
    return _dns.RR(owner, getattr(_dns.QTYPE, record.type), rdata=_data(record), ttl=ttl)


def _data(record: Record) -> Any:
    match record.type:
        case "SRV":
            return _dns.SRV(0, record.weight, record.port, record.data)
        case "A" | "AAAA" | "CNAME" | "PTR" | "TXT":
            return getattr(_dns, record.type)(record.data)


def _reply(asked: Any, code: int) -> Any:
    reply = asked.reply(ra=1, aa=1)
    reply.header.rcode = code
    if any(extra.rtype == _dns.QTYPE.OPT for extra in asked.ar):
        reply.add_ar(_dns.EDNS0(udp_len=_LARGEST_UDP_SIZE))
    return reply


def _limit_of(asked: Any) -> int:
    offered = [int(extra.edns_len) for extra in asked.ar if extra.rtype == _dns.QTYPE.OPT]
    return min(max([_SMALLEST_UDP_SIZE, *offered]), _LARGEST_UDP_SIZE)


def _packed(reply: Any) -> bytes:
    return bytes(reply.pack())
