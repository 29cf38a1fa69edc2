import pytest

from pillion.capture import config
from pillion.value import has_errors

POD = config.MachineFacts(addresses=("10.1.0.5", "fd00::5"), nameservers=("10.96.0.10", "fd00::a"), proxy_uid="1337")


def test_a_flag_wins_over_a_variable_and_a_variable_over_the_default() -> None:
    environment = {"ISTIO_INBOUND_PORTS": "8080", "ISTIO_LOCAL_EXCLUDE_PORTS": "22", "INBOUND_CAPTURE_PORT": ""}
    settings, _ = config.decode({"inbound_ports_include": "*"}, environment, POD)
    assert (settings.inbound_ports_include, settings.inbound_ports_exclude) == ("*", "22")
    assert settings.inbound_capture_port == "15006"


def test_the_machine_answers_what_was_not_given() -> None:
    settings, _ = config.decode({}, {}, POD)
    assert (settings.proxy_uid, settings.proxy_gid, settings.host_ip) == ("1337", "1337", "10.1.0.5")
    assert not settings.enable_ipv6
    dual, _ = config.decode({"dual_stack": True, "redirect_dns": True}, {}, POD)
    assert dual.enable_ipv6
    assert (dual.dns_servers_v4, dual.dns_servers_v6) == (("10.96.0.10",), ("fd00::a",))


def test_a_pod_with_an_ipv6_address_first_is_captured_in_ipv6() -> None:
    settings, _ = config.decode({}, {}, config.MachineFacts(addresses=("fd00::5",)))
    assert settings.enable_ipv6


def test_a_boolean_variable_has_go_s_spellings() -> None:
    assert config.decode({}, {"INVALID_DROP": "T"}, POD)[0].drop_invalid
    _, diagnostics = config.decode({}, {"INVALID_DROP": "maybe"}, POD)
    assert [found.code for found in diagnostics] == ["invalid-boolean"]


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"inbound_interception_mode": "MAGIC"}, "invalid-mode"),
        ({"inbound_interception_mode": "NONE"}, "invalid-mode"),
        ({"inbound_ports_include": "http"}, "invalid-port"),
        ({"inbound_ports_include": "9000-9010"}, "invalid-port"),
        ({"inbound_ports_exclude": "0"}, "invalid-port"),
        ({"outbound_ports_exclude": "65536"}, "invalid-port"),
        ({"outbound_ports_include": "*"}, "invalid-port"),
        ({"proxy_port": ""}, "invalid-port"),
        ({"outbound_ip_ranges_include": "10.0.0.0"}, "invalid-cidr"),
        ({"outbound_ip_ranges_include": "10.0.0.0/33"}, "invalid-cidr"),
        ({"outbound_ip_ranges_exclude": "*"}, "invalid-cidr"),
        ({"outbound_ip_ranges_exclude": "10.0.0.0/255.0.0.0"}, "invalid-cidr"),
        ({"host_ipv4_loopback_cidr": "10.0.0.0/8"}, "invalid-cidr"),
        ({"host_ipv4_loopback_cidr": "127.0.0.0/7"}, "invalid-cidr"),
        ({"proxy_uid": "istio", "proxy_gid": "1"}, "invalid-id"),
        ({"owner_groups_include": ",".join(str(gid) for gid in range(65))}, "too-many-groups"),
        ({"inbound_tproxy_mark": "0"}, "invalid-number"),
        ({"inbound_tproxy_route_table": "main"}, "invalid-number"),
        ({"force_iptables_binary": "ebpf"}, "invalid-binary"),
    ],
)
def test_what_cannot_be_meant_is_refused(given: dict[str, object], code: str) -> None:
    _, diagnostics = config.decode(given, {}, POD)
    assert [found.code for found in diagnostics] == [code]
    assert has_errors(diagnostics)


def test_a_refusal_names_the_flag_and_the_remedy() -> None:
    _, diagnostics = config.decode({"inbound_interception_mode": "MAGIC"}, {}, POD)
    assert str(diagnostics[0]) == (
        "--istio-inbound-interception-mode: error: unknown interception mode 'MAGIC' [invalid-mode]; "
        "use REDIRECT or TPROXY"
    )


def test_dns_without_a_server_is_not_captured_and_says_so() -> None:
    settings, diagnostics = config.decode({"redirect_dns": True}, {}, config.MachineFacts())
    assert not settings.captures_dns
    assert [found.code for found in diagnostics] == ["no-nameserver"]
    assert not has_errors(diagnostics)


def test_json_tags_are_istio_s() -> None:
    document = {"PROXY_PORT": "16001", "DROP_INVALID": True, "DNS_SERVERS_V4": ["10.0.0.1"], "PROBE_TIMEOUT": 5000}
    settings, diagnostics = config.decode_json(document)
    assert (settings.proxy_port, settings.drop_invalid, settings.dns_servers_v4) == ("16001", True, ("10.0.0.1",))
    assert settings.probe_timeout == "5000ns"
    assert diagnostics == ()


def test_json_of_a_wrong_type_or_an_unknown_tag_is_told() -> None:
    _, diagnostics = config.decode_json({"PROXY_PORT": 15001, "PORXY_UID": "1"})
    assert [(found.code, found.severity) for found in diagnostics] == [
        ("invalid-type", "error"),
        ("unknown-setting", "warning"),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [("5s", 5.0), ("100ms", 0.1), ("1.5m", 90.0), ("5000000000ns", 5.0), ("2", 2.0), ("soon", 5.0)],
)
def test_how_long_a_probe_waits(text: str, expected: float) -> None:
    assert config.seconds(text) == pytest.approx(expected)
