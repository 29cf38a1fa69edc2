from pillion.capture import iptables
from pillion.capture.model import (
    RETURN,
    Address,
    Jump,
    Mark,
    Owner,
    Port,
    Protocol,
    Redirect,
    Rule,
    RuleSet,
    TransparentProxy,
)


def test_matches_keep_their_order_and_negation_goes_where_iptables_wants_it() -> None:
    rule = Rule(
        table="nat",
        chain="ISTIO_OUTPUT",
        target=Jump(chain="ISTIO_IN_REDIRECT"),
        matches=(
            Address(side="destination", cidr="127.0.0.1/32", negated=True),
            Protocol(name="tcp"),
            Port(side="destination", ports=("53", "15008"), negated=True),
            Owner(kind="uid", name="1337"),
        ),
    )
    assert iptables.line(rule) == (
        "-A ISTIO_OUTPUT ! -d 127.0.0.1/32 -p tcp -m multiport ! --dports 53,15008 "
        "-m owner --uid-owner 1337 -j ISTIO_IN_REDIRECT"
    )


def test_a_position_means_insertion() -> None:
    rule = Rule(table="mangle", chain="ISTIO_INBOUND", target=RETURN, position=3)
    assert iptables.line(rule) == "-I ISTIO_INBOUND 3 -j RETURN"


def test_targets() -> None:
    assert iptables.target_text(Redirect(port="15001")) == "REDIRECT --to-ports 15001"
    assert iptables.target_text(Redirect(port="15053", protocol="udp")) == "REDIRECT --to-port 15053"
    assert iptables.target_text(TransparentProxy(port="15006", mark="1337")) == (
        "TPROXY --tproxy-mark 1337/0xffffffff --on-port 15006"
    )
    assert iptables.match_text(Mark(of="connection", value="1337")) == "-m connmark --mark 1337"


def test_tables_go_by_name_and_make_the_chains_that_are_only_jumped_to() -> None:
    jump = Rule(table="nat", chain="OUTPUT", target=Jump(chain="ISTIO_OUTPUT"))
    drop = Rule(table="mangle", chain="ISTIO_DROP", target=RETURN, family=6)
    rules = RuleSet(rules=(jump, drop))
    assert iptables.restore_text(rules, 4) == "* nat\n-N ISTIO_OUTPUT\n-A OUTPUT -j ISTIO_OUTPUT\nCOMMIT\n"
    assert iptables.restore_text(rules, 6) == ""
    both = iptables.restore_text(RuleSet(rules=(jump, drop), ipv6=True), 6)
    assert [line for line in both.splitlines() if line.startswith("*")] == ["* mangle", "* nat"]
