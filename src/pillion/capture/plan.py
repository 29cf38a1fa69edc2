"""Config to rules. The order of rules is their meaning, and is Istio's (tools/istio-iptables, tools/istio-nftables).

First what never goes through Envoy, then redirection chains, inbound, outbound by port and owner, DNS, loopback and
networks.
"""

from typing import Literal

from pillion.capture import dns, inbound, outbound, ranges
from pillion.capture.config import Config
from pillion.capture.model import (
    DROP,
    ISTIO_DROP,
    ISTIO_IN_REDIRECT,
    ISTIO_INBOUND,
    ISTIO_REDIRECT,
    OUTPUT,
    PREROUTING,
    RETURN,
    ConnectionState,
    Direction,
    Interface,
    Jump,
    Port,
    Protocol,
    Redirect,
    Rule,
    RuleSet,
    Table,
)

Language = Literal["iptables", "nftables"]

TCP = Protocol(name="tcp")


def plan(config: Config, language: Language = "iptables") -> RuleSet:
    """Return the rules of a capture, for a config that `config.check` has no objection to.

    The two languages differ in one rule, as Istio's do: nft drops invalid TCP packets only.
    """
    rules = (
        *_excluded_interfaces(config),
        *_virtual_interfaces(config),
        *_invalid(config, language),
        *_redirection(config),
        *inbound.rules(config),
        *outbound.rules(config),
        *dns.rules(config),
        *outbound.destinations(config),
        *inbound.marks(config),
    )
    return RuleSet(rules=rules, ipv6=config.enable_ipv6)


def _excluded_interfaces(config: Config) -> tuple[Rule, ...]:
    tables: tuple[Table, ...] = ("nat", "mangle") if config.transparent else ("nat",)
    sides: tuple[tuple[str, Direction], ...] = ((PREROUTING, "in"), (OUTPUT, "out"))
    return tuple(
        Rule(table=table, chain=chain, matches=(Interface(direction=direction, name=name),), target=RETURN)
        for table in tables
        for name in ranges.split(config.exclude_interfaces)
        for chain, direction in sides
    )


def _virtual_interfaces(config: Config) -> tuple[Rule, ...]:
    return tuple(
        Rule(
            table="nat",
            chain=PREROUTING,
            matches=(Interface(direction="in", name=name),),
            target=RETURN,
            position=1,
        )
        for name in ranges.split(config.kube_virt_interfaces)
    )


def _invalid(config: Config, language: Language) -> tuple[Rule, ...]:
    if not config.drop_invalid:
        return ()
    state = ConnectionState(states=("INVALID",))
    matches = (TCP, state) if language == "nftables" else (state,)
    return (
        Rule(table="mangle", chain=PREROUTING, matches=matches, target=Jump(chain=ISTIO_DROP)),
        Rule(table="mangle", chain=ISTIO_DROP, target=DROP),
    )


def _redirection(config: Config) -> tuple[Rule, ...]:
    tunnel = Port(side="destination", ports=(config.inbound_tunnel_port,))
    return (
        Rule(table="nat", chain=ISTIO_INBOUND, matches=(TCP, tunnel), target=RETURN),
        Rule(table="nat", chain=ISTIO_REDIRECT, matches=(TCP,), target=Redirect(port=config.proxy_port)),
        Rule(table="nat", chain=ISTIO_IN_REDIRECT, matches=(TCP,), target=Redirect(port=config.inbound_capture_port)),
    )
