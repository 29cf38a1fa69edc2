"""The algebra of capture rules: a rule is a chain of a table, matches, and a target; each of them a value.

Names are iptables' own; `iptables` and `nftables` write the same rules in two languages. Matches keep the order in
which they were given, because iptables-restore's input (and so Istio's recorded rules) shows it; nft has its own.
"""

from typing import Literal

from pillion.value import Value

Table = Literal["filter", "mangle", "nat", "raw"]
Family = Literal[4, 6]
Direction = Literal["in", "out"]
Side = Literal["source", "destination"]
Transport = Literal["tcp", "udp"]

PREROUTING = "PREROUTING"
OUTPUT = "OUTPUT"
ISTIO_INBOUND = "ISTIO_INBOUND"
ISTIO_OUTPUT = "ISTIO_OUTPUT"
ISTIO_OUTPUT_DNS = "ISTIO_OUTPUT_DNS"
ISTIO_REDIRECT = "ISTIO_REDIRECT"
ISTIO_IN_REDIRECT = "ISTIO_IN_REDIRECT"
ISTIO_DIVERT = "ISTIO_DIVERT"
ISTIO_TPROXY = "ISTIO_TPROXY"
ISTIO_DROP = "ISTIO_DROP"

OURS = "ISTIO_"
"""Chains of this prefix belong to the capture; every other chain is only a guest house."""


class Interface(Value):
    """The interface by which a packet comes in (`in`) or leaves (`out`)."""

    direction: Direction
    name: str


class Protocol(Value):
    """The transport protocol."""

    name: Transport
    implied: bool = False
    """A port beside it says so already: nft needs no words for it."""


class Address(Value):
    """The source or destination network, a CIDR."""

    side: Side
    cidr: str
    negated: bool = False


class Port(Value):
    """The source or destination port; with more than one, any of them."""

    side: Side
    ports: tuple[str, ...]
    protocol: Transport = "tcp"
    negated: bool = False


class Owner(Value):
    """The user or group of the process that opened the socket."""

    kind: Literal["uid", "gid"]
    name: str
    negated: bool = False


class ConnectionState(Value):
    """The state in connection tracking: RELATED, ESTABLISHED, INVALID."""

    states: tuple[str, ...]


class Mark(Value):
    """The mark of the packet, or of its connection."""

    of: Literal["packet", "connection"]
    value: str
    negated: bool = False


Match = Interface | Protocol | Address | Port | Owner | ConnectionState | Mark


class Jump(Value):
    """Go to a chain of ours."""

    chain: str


class Verdict(Value):
    """Decide here."""

    verdict: Literal["ACCEPT", "RETURN", "DROP"]


class Redirect(Value):
    """Send the connection to a port of this pod."""

    port: str
    protocol: Transport = "tcp"


class TransparentProxy(Value):
    """Hand the connection to a port of this pod with its addresses kept, and mark it."""

    port: str
    mark: str


class SetMark(Value):
    """Mark the packet."""

    mark: str


class ConnectionMark(Value):
    """Copy the packet's mark to its connection (`save`), or back (`restore`)."""

    action: Literal["save", "restore"]


class ConnectionZone(Value):
    """Track the connection in a zone of its own."""

    zone: str


Target = Jump | Verdict | Redirect | TransparentProxy | SetMark | ConnectionMark | ConnectionZone

RETURN = Verdict(verdict="RETURN")
ACCEPT = Verdict(verdict="ACCEPT")
DROP = Verdict(verdict="DROP")


class Rule(Value):
    """One rule, at the end of its chain or at a position."""

    table: Table
    chain: str
    target: Target
    matches: tuple[Match, ...] = ()
    position: int | None = None
    """From 1: insert there. None: append."""
    family: Family | None = None
    """None: the same rule for IPv4 and IPv6."""


class RuleSet(Value):
    """All rules of a capture, in the order in which they are put in."""

    rules: tuple[Rule, ...]
    ipv6: bool = False
    """Whether IPv6 is captured too."""

    def of_family(self, family: Family) -> tuple[Rule, ...]:
        """Return the rules that concern one IP family."""
        if family == 6 and not self.ipv6:
            return ()
        return tuple(rule for rule in self.rules if rule.family in {None, family})
