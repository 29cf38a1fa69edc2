"""One query to its answer, or to the word that others must be asked; bytes in, bytes out."""

from collections.abc import Callable
from typing import Literal

from pillion.agent.dns import message
from pillion.agent.dns.table import LookupTable, QueryType, Record
from pillion.value import Value

TTL = 30
"""Seconds. Short, for a client that honours it shall see changes soon."""
TCP_SIZE = 65535
QUERY_TYPES: dict[int, QueryType] = {1: "A", 28: "AAAA"}
Shuffle = Callable[[list[Record]], None]
Transport = Literal["udp", "tcp"]


class Answer(Value):
    """What to send to the client; empty: nothing, for what came is no query."""

    data: bytes


class AskUpstream(Value):
    """The name is none of the mesh: ask the pod's own name servers."""

    size: int
    """The longest answer that the client takes."""


def resolve(query: bytes, table: LookupTable | None, shuffle: Shuffle, transport: Transport) -> Answer | AskUpstream:
    """Return what becomes of a query.

    Addresses are shuffled, so that clients spread over them. Without a table yet, every query fails: an answer from
    upstream could be a wrong one. A name of ours without addresses of the type asked for is an empty answer, not an
    unknown name: a client that asks for A and AAAA at once would take the latter for both.
    """
    try:
        asked = message.question(query)
    except message.MessageError:
        return Answer(data=b"")
    if asked is None or table is None:
        return Answer(data=message.failure(query))
    size = TCP_SIZE if transport == "tcp" else asked.size
    kind = QUERY_TYPES.get(asked.type)
    records = table.lookup(kind, asked.name) if kind else None
    if records is None:
        return AskUpstream(size=size)
    addresses = [record for record in records if record.type != "CNAME"]
    shuffle(addresses)
    aliases = (record for record in records if record.type == "CNAME")
    return Answer(data=message.fitted(message.answer(asked, (*aliases, *addresses), TTL), size))
