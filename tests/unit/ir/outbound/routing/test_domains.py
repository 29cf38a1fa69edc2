import pytest

from pillion.ir.outbound.routing.domains import NO_PORT, alternative_names, bracketed, host_port, service_domains
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Alias
from support.scopes import entry, service

SHOP = "shop.svc.cluster.local"


def test_hosts_in_urls() -> None:
    assert host_port("a", 80) == "a:80"
    assert host_port("::1", 80) == "[::1]:80"
    assert bracketed("::1") == "[::1]"


@pytest.mark.parametrize(
    ("host", "domain", "names"),
    [
        ("web.shop.svc.cluster.local", SHOP, ["web.shop.svc.cluster.local.", "web", "web.shop.svc", "web.shop"]),
        ("web.pay.svc.cluster.local", SHOP, ["web.pay.svc.cluster.local.", "web.pay", "web.pay.svc"]),
        ("a.example", SHOP, ["a.example."]),
        ("10.0.0.1", SHOP, []),
        ("foo.local.campus.net", "local.campus.net", ["foo.local.campus.net.", "foo"]),
        ("foo.local.campus.net", "remote.campus.net", ["foo.local.campus.net.", "foo.local", "foo.local.campus"]),
        ("foo.example", "campus.net", ["foo.example."]),
    ],
)
def test_shorter_forms(host: str, domain: str, names: list[str]) -> None:
    assert alternative_names(host, NO_PORT, domain) == names


def test_with_ports() -> None:
    assert alternative_names("web.pay.svc.cluster.local", 80, SHOP) == [
        "web.pay.svc.cluster.local.", "web.pay.svc.cluster.local.:80",
        "web.pay", "web.pay:80", "web.pay.svc", "web.pay.svc:80",
    ]  # fmt: skip


def test_a_service_by_all_of_its_names() -> None:
    names, shortened = service_domains(service("web", {80: "HTTP"}), NO_PORT, SHOP, OutboundTraits())
    assert names[0] == "web.shop.svc.cluster.local"
    assert names[-1] == "10.96.0.1"
    assert "web" in shortened


def test_members_of_headless_services_and_other_names() -> None:
    headless = service("db", {80: "HTTP"}, "", resolution="PASSTHROUGH")
    names, _ = service_domains(headless, NO_PORT, SHOP, OutboundTraits())
    assert "*.db" in names
    assert "0.0.0.0" not in names
    known = entry("a.example", {80: "HTTP"}, aliases=(Alias(hostname="b.shop.svc.cluster.local", namespace="shop"),))
    assert "b" in service_domains(known, NO_PORT, SHOP, OutboundTraits())[0]
