from pillion.capture import dns, iptables
from pillion.capture.config import Config


def lines(config: Config, family: int = 4) -> list[str]:
    return [f"{rule.table} {iptables.line(rule)}" for rule in dns.rules(config) if rule.family in {None, family}]


def test_nothing_unless_asked_and_possible() -> None:
    assert lines(Config(capture_all_dns=True)) == []
    assert lines(Config(redirect_dns=True)) == []


def test_only_queries_to_known_servers() -> None:
    config = Config(redirect_dns=True, dns_servers_v4=("10.0.0.1",), dns_servers_v6=("fd00::1",))
    assert "nat -A ISTIO_OUTPUT_DNS -p udp --dport 53 -d 10.0.0.1/32 -j REDIRECT --to-port 15053" in lines(config)
    assert "nat -A ISTIO_OUTPUT_DNS -p tcp --dport 53 -d fd00::1/128 -j REDIRECT --to-ports 15053" in lines(config, 6)
    assert "raw -A ISTIO_INBOUND -p udp --sport 53 -s 10.0.0.1/32 -j CT --zone 1" in lines(config)


def test_a_family_without_servers_is_not_captured() -> None:
    config = Config(redirect_dns=True, dns_servers_v4=("10.0.0.1",))
    assert lines(config, 6) == ["raw -A OUTPUT -j ISTIO_OUTPUT_DNS"]


def test_all_queries_and_the_proxy_s_own_in_another_zone() -> None:
    found = lines(Config(redirect_dns=True, capture_all_dns=True, proxy_uid="1337"))
    assert "nat -A ISTIO_OUTPUT_DNS -p tcp --dport 53 -j REDIRECT --to-ports 15053" in found
    own = "raw -A ISTIO_OUTPUT_DNS -p udp --dport 53 -m owner --uid-owner 1337 -j CT --zone 1"
    assert found.index(own) < found.index("raw -A ISTIO_OUTPUT_DNS -p udp --dport 53 -j CT --zone 2")
