import pytest

from pillion.capture import nftables
from pillion.capture.model import (
    RETURN,
    Address,
    ConnectionState,
    ConnectionZone,
    Interface,
    Jump,
    Mark,
    Match,
    Owner,
    Port,
    Protocol,
    Rule,
    RuleSet,
    Table,
    TransparentProxy,
)

TCP = Protocol(name="tcp")


@pytest.mark.parametrize(
    ("table", "matches", "text"),
    [
        (
            "nat",
            (Address(side="destination", cidr="::1/128", negated=True), TCP, Interface(direction="out", name="lo")),
            "oifname lo meta l4proto tcp ip6 daddr != ::1/128 counter return",
        ),
        (
            "nat",
            (Protocol(name="udp", implied=True), Port(side="source", ports=("53",), protocol="udp")),
            "udp sport 53 counter return",
        ),
        (
            "mangle",
            (TCP, Mark(of="packet", value="1338", negated=True)),
            "meta l4proto tcp mark != 1338 counter return",
        ),
        (
            "mangle",
            (ConnectionState(states=("RELATED", "ESTABLISHED")),),
            "ct state related,established counter return",
        ),
        (
            "raw",
            (Owner(kind="gid", name="7"), Port(side="destination", ports=("53",), protocol="udp")),
            "udp dport 53 meta skgid 7 counter return",
        ),
    ],
)
def test_matches_have_nft_s_order_and_words(table: Table, matches: tuple[Match, ...], text: str) -> None:
    assert nftables.rule_text(Rule(table=table, chain="OUTPUT", target=RETURN, matches=matches)) == text


def test_a_transparent_proxy_is_of_one_family() -> None:
    rule = Rule(table="mangle", chain="ISTIO_TPROXY", target=TransparentProxy(port="1", mark="2"), family=6)
    assert nftables.rule_text(rule) == "tproxy ip6 to :1 meta mark set 2 counter accept"


def test_an_insertion_beyond_the_end_is_an_addition() -> None:
    zone = ConnectionZone(zone="1")
    rules = (
        Rule(table="raw", chain="OUTPUT", target=zone, position=1),
        Rule(table="raw", chain="OUTPUT", target=RETURN, position=1),
    )
    assert nftables.transaction(RuleSet(rules=rules)).splitlines()[-2:] == [
        "add rule inet istio-proxy-raw output counter ct zone set 1",
        "insert rule inet istio-proxy-raw output index 0 counter return",
    ]


def test_only_chains_that_hold_rules_are_made_and_hooks_are_told() -> None:
    rules = RuleSet(rules=(Rule(table="nat", chain="OUTPUT", target=Jump(chain="ISTIO_OUTPUT")),))
    assert nftables.transaction(rules).splitlines() == [
        "add table inet istio-proxy-nat",
        "flush table inet istio-proxy-nat",
        "add chain inet istio-proxy-nat output { type nat hook output priority -100 ; }",
        "add rule inet istio-proxy-nat output counter jump istio-output",
    ]


def test_removal_takes_every_table_whether_or_not_it_is_there() -> None:
    lines = nftables.removal().splitlines()
    assert lines[:2] == ["add table inet istio-proxy-nat", "delete table inet istio-proxy-nat"]
    assert len(lines) == 6
