"""All rules are checked against recorded ones of Istio in the conformance suite `capture`; here what they mean."""

from pillion.capture import iptables, nftables
from pillion.capture.config import Config
from pillion.capture.plan import plan

PROXY = Config(proxy_uid="1337", proxy_gid="1337")


def lines(config: Config, family: int = 4) -> list[str]:
    return iptables.restore_text(plan(config), 6 if family == 6 else 4).splitlines()


def test_without_settings_nothing_is_captured_but_the_proxy_is_spared() -> None:
    text = lines(PROXY)
    assert not [line for line in text if line.endswith("-j ISTIO_REDIRECT") or "PREROUTING" in line]
    assert "-A ISTIO_OUTPUT -m owner --uid-owner 1337 -j RETURN" in text


def test_ipv6_has_rules_only_when_it_is_captured() -> None:
    assert lines(PROXY, 6) == []
    six = lines(
        Config(proxy_uid="1337", proxy_gid="1337", enable_ipv6=True, outbound_ip_ranges_include="10.0.0.0/8"), 6
    )
    assert "-A ISTIO_OUTPUT -d ::1/128 -j RETURN" in six
    assert not [line for line in six if "10.0.0.0/8" in line]


def test_excluded_networks_come_before_included_ones() -> None:
    config = Config(proxy_uid="1337", outbound_ip_ranges_include="*", outbound_ip_ranges_exclude="192.168.0.0/16")
    text = lines(config)
    assert text.index("-A ISTIO_OUTPUT -d 192.168.0.0/16 -j RETURN") < text.index("-A ISTIO_OUTPUT -j ISTIO_REDIRECT")


def test_nft_writes_a_rule_of_both_families_once() -> None:
    config = Config(
        proxy_uid="1", redirect_dns=True, dns_servers_v4=("10.0.0.1",), dns_servers_v6=("fd00::1",), enable_ipv6=True
    )
    text = nftables.transaction(plan(config, "nftables")).splitlines()
    assert text.count("add rule inet istio-proxy-nat istio-output counter jump istio-output-dns") == 1
    assert text.count("add rule inet istio-proxy-raw prerouting counter jump istio-inbound") == 1


def test_nft_drops_invalid_tcp_only() -> None:
    config = Config(drop_invalid=True)
    assert "-A PREROUTING -m conntrack --ctstate INVALID -j ISTIO_DROP" in lines(config)
    assert "prerouting meta l4proto tcp ct state invalid counter jump istio-drop" in nftables.transaction(
        plan(config, "nftables")
    )
