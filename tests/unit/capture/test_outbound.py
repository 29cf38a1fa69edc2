from pillion.capture import iptables, outbound
from pillion.capture.config import Config


def lines(config: Config, family: int = 4) -> list[str]:
    rules = (*outbound.rules(config), *outbound.destinations(config))
    return [iptables.line(rule) for rule in rules if rule.family in {None, family}]


def test_an_excluded_port_is_left_alone_in_both_protocols() -> None:
    found = lines(Config(outbound_ports_exclude="25"))
    assert "-A ISTIO_OUTPUT -p tcp --dport 25 -j RETURN" in found
    assert "-A ISTIO_OUTPUT -p udp --dport 25 -j RETURN" in found


def test_an_application_that_calls_itself_is_left_alone_unless_loopback_is_included() -> None:
    spared = "-A ISTIO_OUTPUT -o lo -m owner ! --uid-owner 1337 -j RETURN"
    assert spared in lines(Config(proxy_uid="1337"))
    assert spared not in lines(Config(proxy_uid="1337", outbound_ip_ranges_include="127.1.2.3/32"))


def test_with_dns_captured_port_53_on_loopback_stays_capturable() -> None:
    found = lines(Config(proxy_uid="1337", proxy_gid="1", redirect_dns=True, capture_all_dns=True))
    assert "-A ISTIO_OUTPUT -o lo -p tcp ! --dport 53 -m owner ! --uid-owner 1337 -j RETURN" in found
    assert [line for line in found if "! --dports 53,15008" in line and "--uid-owner 1337" in line]
    assert not [line for line in found if "! --dports 53,15008" in line and "--gid-owner" in line]


def test_owner_groups_all_but_or_only() -> None:
    assert "-A ISTIO_OUTPUT -m owner --gid-owner java -j RETURN" in lines(Config(owner_groups_exclude="java"))
    only = lines(Config(owner_groups_include="java,202"))
    assert "-A ISTIO_OUTPUT -m owner ! --gid-owner java -m owner ! --gid-owner 202 -j RETURN" in only


def test_networks_go_by_family() -> None:
    config = Config(outbound_ip_ranges_include="10.0.0.0/8,fd00::/8", outbound_ip_ranges_exclude="fd00:1::/32")
    assert lines(config)[-1] == "-A ISTIO_OUTPUT -d 10.0.0.0/8 -j ISTIO_REDIRECT"
    assert lines(config, 6)[-2:] == [
        "-A ISTIO_OUTPUT -d fd00:1::/32 -j RETURN",
        "-A ISTIO_OUTPUT -d fd00::/8 -j ISTIO_REDIRECT",
    ]


def test_what_a_virtual_machine_sends_is_outbound() -> None:
    config = Config(outbound_ip_ranges_include="*", kube_virt_interfaces="virbr0")
    assert lines(config)[-2:] == [
        "-A ISTIO_OUTPUT -j ISTIO_REDIRECT",
        "-I PREROUTING 1 -i virbr0 -j ISTIO_REDIRECT",
    ]
