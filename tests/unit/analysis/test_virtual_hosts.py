from typing import Any

import pytest

from pillion.analysis.call import Call, Profile
from pillion.analysis.virtual_hosts import choose_virtual_host, normal_host, split_port
from pillion.envoy.view.listener import Http
from pillion.envoy.view.route import RouteTable, VirtualHost

HOSTS = tuple(
    VirtualHost(name=domain, domains=(domain,))
    for domain in ("a.example", "*.example", "*.b.example", "a.*", "*", "a.example:81")
)


def _chosen(host: str, profile: Profile = "envoy", *, ignore_port: bool = False, manager: Http | None = None) -> str:
    table = RouteTable(name="t", virtual_hosts=HOSTS, ignore_port=ignore_port)
    call = Call(address="10.0.0.1", port=80, host=host)
    found = choose_virtual_host(table, normal_host(manager or Http(), call), profile)
    return found.name if found else ""


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("a.example", "a.example"),
        ("A.Example", "a.example"),
        ("x.example", "*.example"),
        ("x.b.example", "*.b.example"),
        (".b.example", "*.example"),
        ("a.org", "a.*"),
        ("a.", "*"),
        ("a.example:80", "a.*"),
        ("a.example:81", "a.example:81"),
        ("b.org", "*"),
        ("", "*"),
    ],
)
def test_exact_then_suffix_then_prefix_then_everything(host: str, expected: str) -> None:
    assert _chosen(host) == expected


def test_ports_may_be_ignored() -> None:
    assert _chosen("a.example:80", ignore_port=True) == "a.example"
    assert _chosen("a.example:80", manager=Http(strip_port="any")) == "a.example"
    assert _chosen("a.example:80", manager=Http(strip_port="matching")) == "a.example"
    assert _chosen("a.example:82", manager=Http(strip_port="matching")) == "a.*"
    assert _chosen("a.example.", manager=Http(strip_trailing_dot=True)) == "a.example"
    assert _chosen("a.example.:81", manager=Http(strip_trailing_dot=True)) == "a.example:81"


def test_istios_own_tests_take_everything_for_a_suffix() -> None:
    assert _chosen("a.org", "istio_test") == "*"


def test_no_virtual_host() -> None:
    assert choose_virtual_host(RouteTable(name="t"), "x", "envoy") is None


@pytest.mark.parametrize(
    ("host", "parts"),
    [
        ("a:80", ("a", "80")),
        ("a", ("a", "")),
        ("a:b", ("a:b", "")),
        ("[::1]:80", ("[::1]", "80")),
        ("[::1]", ("[::1]", "")),
        ("::1", ("::1", "")),
    ],
)
def test_splitting_a_port_off(host: Any, parts: tuple[str, str]) -> None:
    assert split_port(host) == parts
