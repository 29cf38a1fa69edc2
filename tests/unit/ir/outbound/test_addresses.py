import msgspec

from pillion.ir.outbound.addresses import domain_addresses, is_address, is_cidr, listen_addresses, service_addresses
from pillion.ir.traits import OutboundTraits
from support.scopes import entry, service

V4, V6 = OutboundTraits(), OutboundTraits(families=("v6",))
BOTH = OutboundTraits(families=("v4", "v6"))


def test_what_is_an_address() -> None:
    assert is_address("10.0.0.1")
    assert is_address("::1")
    assert not is_address("a.example")
    assert is_cidr("10.0.0.0/8")


def test_cluster_ips_by_family() -> None:
    web = service("web", {80: "HTTP"})
    both = msgspec.structs.replace(web, addresses=("10.96.0.1", "fd00::1"))
    assert service_addresses(both, V4) == ("10.96.0.1",)
    assert service_addresses(both, V6) == ("fd00::1",)
    assert listen_addresses(both, BOTH) == (("10.96.0.1",),)
    assert listen_addresses(both, msgspec.structs.replace(BOTH, dual_stack=True)) == (("10.96.0.1", "fd00::1"),)
    turned = msgspec.structs.replace(web, addresses=("fd00::1", "10.96.0.1"))
    assert domain_addresses(turned, BOTH) == ("fd00::1",)
    assert service_addresses(web, V6) == ("10.96.0.1",)
    assert domain_addresses(web, V6) == ()


def test_a_headless_service_has_no_address() -> None:
    db = service("db", {5432: "TCP"}, "")
    assert service_addresses(db, V4) == ("0.0.0.0",)
    assert domain_addresses(db, V4) == ()


def test_each_address_of_an_entry_is_a_place() -> None:
    outside = entry("a.example", {80: "TCP"}, addresses=("192.0.2.1", "192.0.2.0/24"))
    assert listen_addresses(outside, V4) == (("192.0.2.1",), ("192.0.2.0/24",))


def test_an_entry_without_address_is_anywhere() -> None:
    outside = entry("a.example", {80: "TCP"}, auto_addresses=("240.240.0.1", "2001:2::1"))
    assert listen_addresses(outside, V4) == (("0.0.0.0",),)
    assert listen_addresses(outside, V6) == (("::",),)
    captured = OutboundTraits(dns_capture=True)
    assert listen_addresses(outside, captured) == (("240.240.0.1",),)
    assert domain_addresses(outside, captured) == ("240.240.0.1",)
