"""Rules for connections to the pod: REDIRECT in the nat table, or TPROXY with marks in the mangle table."""

from pillion.capture import ranges
from pillion.capture.config import Config
from pillion.capture.model import (
    ACCEPT,
    ISTIO_DIVERT,
    ISTIO_IN_REDIRECT,
    ISTIO_INBOUND,
    ISTIO_TPROXY,
    OUTPUT,
    PREROUTING,
    RETURN,
    Address,
    ConnectionMark,
    ConnectionState,
    Family,
    Interface,
    Jump,
    Mark,
    Match,
    Owner,
    Port,
    Protocol,
    Rule,
    SetMark,
    TransparentProxy,
)

TCP = Protocol(name="tcp")
LOOPBACK_IN = Interface(direction="in", name="lo")
LOOPBACK_OUT = Interface(direction="out", name="lo")
ESTABLISHED = ConnectionState(states=("RELATED", "ESTABLISHED"))
IPV6_LOOPBACK = "::1/128"
PASSTHROUGH_SOURCES: tuple[tuple[Family, str], ...] = ((4, "127.0.0.6/32"), (6, "::6/128"))
"""From these addresses Envoy calls the application for a connection that it passes through."""
OUTBOUND_MARK = "1338"
"""Marks, under TPROXY, what Envoy sends to the pod's own address, so that it is not captured again."""


def loopbacks(config: Config) -> tuple[tuple[Family, str], ...]:
    """Return the loopback network of each IP family."""
    return (4, config.host_ipv4_loopback_cidr), (6, IPV6_LOOPBACK)


def rules(config: Config) -> tuple[Rule, ...]:
    """Return the rules that lead inbound connections to Envoy; none when no inbound port is captured."""
    if not config.inbound_ports_include:
        return ()
    return _transparent(config) if config.transparent else _redirected(config)


def marks(config: Config) -> tuple[Rule, ...]:
    """Return the rules that keep marked connections straight under TPROXY, which come last."""
    if not config.transparent:
        return ()
    marked = Mark(of="packet", value=config.inbound_tproxy_mark)
    back = Mark(of="connection", value=config.inbound_tproxy_mark)
    owners = (
        *(Owner(kind="uid", name=uid) for uid in ranges.split(config.proxy_uid)),
        *(Owner(kind="gid", name=gid) for gid in ranges.split(config.proxy_gid)),
    )
    return (
        Rule(table="mangle", chain=PREROUTING, matches=(TCP, marked), target=ConnectionMark(action="save")),
        Rule(table="mangle", chain=OUTPUT, matches=(TCP, LOOPBACK_OUT, marked), target=RETURN),
        *(
            Rule(
                table="mangle",
                chain=OUTPUT,
                matches=(Address(side="destination", cidr=cidr, negated=True), TCP, LOOPBACK_OUT, owner),
                target=SetMark(mark=OUTBOUND_MARK),
                family=family,
            )
            for owner in owners
            for family, cidr in loopbacks(config)
        ),
        Rule(table="mangle", chain=OUTPUT, matches=(TCP, back), target=ConnectionMark(action="restore")),
        _exempt(1, (TCP, marked)),
        *(
            _exempt(2, (TCP, Address(side="source", cidr=cidr), LOOPBACK_IN), family)
            for family, cidr in PASSTHROUGH_SOURCES
        ),
        _exempt(3, (TCP, LOOPBACK_IN, Mark(of="packet", value=OUTBOUND_MARK, negated=True))),
    )


def _exempt(position: int, matches: tuple[Match, ...], family: Family | None = None) -> Rule:
    return Rule(table="mangle", chain=ISTIO_INBOUND, matches=matches, target=RETURN, position=position, family=family)


def _redirected(config: Config) -> tuple[Rule, ...]:
    def rule(target: str, *ports: Port) -> Rule:
        return Rule(table="nat", chain=ISTIO_INBOUND, matches=(TCP, *ports), target=Jump(chain=target))

    entrance = Rule(table="nat", chain=PREROUTING, matches=(TCP,), target=Jump(chain=ISTIO_INBOUND))
    if config.inbound_ports_include == ranges.WILDCARD:
        return entrance, *_excluded(config), rule(ISTIO_IN_REDIRECT)
    return entrance, *(rule(ISTIO_IN_REDIRECT, _port(port)) for port in ranges.split(config.inbound_ports_include))


def _transparent(config: Config) -> tuple[Rule, ...]:
    def rule(target: str, *matches: Match) -> Rule:
        return Rule(table="mangle", chain=ISTIO_INBOUND, matches=(TCP, *matches), target=Jump(chain=target))

    proxy = TransparentProxy(port=config.inbound_capture_port, mark=config.inbound_tproxy_mark)
    chains = (
        Rule(table="mangle", chain=ISTIO_DIVERT, target=SetMark(mark=config.inbound_tproxy_mark)),
        Rule(table="mangle", chain=ISTIO_DIVERT, target=ACCEPT),
        *(
            Rule(
                table="mangle",
                chain=ISTIO_TPROXY,
                matches=(Address(side="destination", cidr=cidr, negated=True), TCP),
                target=proxy,
                family=family,
            )
            for family, cidr in loopbacks(config)
        ),
        Rule(table="mangle", chain=PREROUTING, matches=(TCP,), target=Jump(chain=ISTIO_INBOUND)),
    )
    if config.inbound_ports_include == ranges.WILDCARD:
        return *chains, *_excluded(config), rule(ISTIO_DIVERT, ESTABLISHED), rule(ISTIO_TPROXY)
    ports = tuple(_port(port) for port in ranges.split(config.inbound_ports_include))
    return (
        *chains,
        *(each for port in ports for each in (rule(ISTIO_DIVERT, port, ESTABLISHED), rule(ISTIO_TPROXY, port))),
    )


def _excluded(config: Config) -> tuple[Rule, ...]:
    table = "mangle" if config.transparent else "nat"
    return tuple(
        Rule(table=table, chain=ISTIO_INBOUND, matches=(TCP, _port(port)), target=RETURN)
        for port in ranges.split(config.inbound_ports_exclude)
    )


def _port(port: str) -> Port:
    return Port(side="destination", ports=(port,))
