from pillion.capture import inbound, iptables
from pillion.capture.config import Config

PROXY = Config(proxy_uid="1337", proxy_gid="1337")


def lines(config: Config) -> list[str]:
    return [iptables.line(rule) for rule in (*inbound.rules(config), *inbound.marks(config)) if rule.family != 6]


def test_no_ports_no_rules() -> None:
    assert lines(Config(inbound_ports_exclude="22")) == []


def test_all_ports_but_some() -> None:
    assert lines(Config(inbound_ports_include="*", inbound_ports_exclude="22,15020")) == [
        "-A PREROUTING -p tcp -j ISTIO_INBOUND",
        "-A ISTIO_INBOUND -p tcp --dport 22 -j RETURN",
        "-A ISTIO_INBOUND -p tcp --dport 15020 -j RETURN",
        "-A ISTIO_INBOUND -p tcp -j ISTIO_IN_REDIRECT",
    ]


def test_some_ports_and_then_exclusions_do_not_count() -> None:
    assert lines(Config(inbound_ports_include="80,81", inbound_ports_exclude="80")) == [
        "-A PREROUTING -p tcp -j ISTIO_INBOUND",
        "-A ISTIO_INBOUND -p tcp --dport 80 -j ISTIO_IN_REDIRECT",
        "-A ISTIO_INBOUND -p tcp --dport 81 -j ISTIO_IN_REDIRECT",
    ]


def test_a_transparent_proxy_gets_established_connections_too() -> None:
    found = lines(Config(inbound_interception_mode="TPROXY", inbound_ports_include="80", inbound_tproxy_mark="7"))
    assert "-A ISTIO_DIVERT -j MARK --set-mark 7" in found
    assert found.index(
        "-A ISTIO_INBOUND -p tcp --dport 80 -m conntrack --ctstate RELATED,ESTABLISHED -j ISTIO_DIVERT"
    ) < found.index("-A ISTIO_INBOUND -p tcp --dport 80 -j ISTIO_TPROXY")


def test_marked_packets_are_never_captured_again() -> None:
    found = lines(Config(inbound_interception_mode="TPROXY", proxy_uid="1337"))
    assert found[-3:] == [
        "-I ISTIO_INBOUND 1 -p tcp -m mark --mark 1337 -j RETURN",
        "-I ISTIO_INBOUND 2 -p tcp -s 127.0.0.6/32 -i lo -j RETURN",
        "-I ISTIO_INBOUND 3 -p tcp -i lo -m mark ! --mark 1338 -j RETURN",
    ]
