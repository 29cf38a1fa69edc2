from collections.abc import Iterable
from typing import Any

import msgspec

from pillion.ir.model.key import BLACK_HOLE, PASSTHROUGH, TableKey
from pillion.ir.model.listener import Http, Listener, Tcp
from pillion.ir.outbound.listener_slice import listener_slice
from pillion.ir.outbound.listeners import outbound_listeners
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service
from pillion.resources.istio.sidecar import Sidecar
from pillion.scope.model import OutboundPolicy
from support.scopes import SETTINGS, entry, member, resource, scope, service

HTTP = service("web", {80: "HTTP"})
TCP = service("db", {5432: "TCP"}, "10.96.0.2")
SNIFFED = service("any", {7000: "Unsupported"}, "10.96.0.3")
Found = dict[tuple[str, str, int], Listener]


def _listeners(services: Iterable[Service], traits: OutboundTraits | None = None, **more: Any) -> Found:
    found = outbound_listeners(listener_slice(scope(services, **more), traits or OutboundTraits()))
    return {(each.key.kind, each.key.address, each.key.port): each for each in found}


def _sidecar(*egress: dict[str, Any]) -> Sidecar:
    found = resource("Sidecar", {"egress": list(egress)}, "default")
    assert isinstance(found, Sidecar)
    return found


def test_http_services_of_a_port_share_a_place() -> None:
    other = service("other", {80: "HTTP"}, "10.96.0.9")
    found = _listeners([HTTP, other])
    listener = found["bound", "0.0.0.0", 80]
    (chain,) = listener.chains
    assert isinstance(chain.handler, Http)
    assert chain.handler.table == TableKey(port=80)
    assert not listener.bound
    assert listener.detect_http is not None
    assert listener.default is not None
    assert listener.default.targets == {PASSTHROUGH}


def test_a_tcp_service_listens_on_its_address() -> None:
    listener = _listeners([TCP])["bound", "10.96.0.2", 5432]
    (chain,) = listener.chains
    assert isinstance(chain.handler, Tcp)
    assert (chain.match, listener.default, listener.detection_timeout) == (None, None, 0)


def test_a_detected_port_has_both_on_its_address() -> None:
    listener = _listeners([SNIFFED])["bound", "10.96.0.3", 7000]
    assert isinstance(listener.chains[0].handler, Http)
    assert listener.chains[0].handler.table == TableKey(port=7000, host=SNIFFED.hostname)
    assert listener.default is not None
    assert listener.default.targets != {PASSTHROUGH}


def test_a_stream_without_address_captures_the_port_and_http_joins_it() -> None:
    raw = entry("raw.example", {80: "TCP"})
    listener = _listeners([raw, HTTP])["bound", "0.0.0.0", 80]
    assert [isinstance(chain.handler, Http) for chain in listener.all_chains] == [True, False]


def test_headless_members_have_places_of_their_own_but_not_oneself() -> None:
    members = tuple(member(f"10.1.0.{number}", 5432, "TCP-5432") for number in (1, 2))
    headless = service("db", {5432: "TCP"}, "", resolution="PASSTHROUGH", members=members)
    found = _listeners([headless], OutboundTraits(own_address="10.1.0.1"))
    assert [address for kind, address, _ in found if kind == "bound"] == ["10.1.0.2"]


def test_an_egress_port_takes_all_of_its_services_and_locks_the_port() -> None:
    sidecar = _sidecar(
        {"port": {"number": 80, "protocol": "TCP", "name": "x"}, "bind": "127.0.0.1", "hosts": ["*/*"]},
        {"hosts": ["*/*"]},
    )
    found = _listeners([HTTP], sidecar=sidecar)
    assert isinstance(found["bound", "127.0.0.1", 80].chains[0].handler, Tcp)
    assert not found["bound", "127.0.0.1", 80].bound
    assert ("bound", "0.0.0.0", 80) in found


def test_a_captureless_entry_and_a_socket_are_bound() -> None:
    sidecar = _sidecar(
        {"port": {"number": 81, "protocol": "HTTP", "name": "x"}, "captureMode": "NONE", "hosts": ["*/*"]},
        {"port": {"protocol": "HTTP", "name": "y"}, "bind": "unix:///s", "hosts": ["*/*"]},
    )
    found = _listeners([HTTP], sidecar=sidecar)
    assert found["bound", "127.0.0.1", 81].bound
    socket = found["bound", "unix:///s", 0]
    assert socket.bound
    assert isinstance(socket.chains[0].handler, Http)
    assert socket.chains[0].handler.table == TableKey(socket="unix:///s")


def test_without_interception_everything_is_bound_to_loopback() -> None:
    found = _listeners([HTTP, TCP], OutboundTraits(interception="NONE", unprivileged=True))
    assert set(found) == {("bound", "127.0.0.1", 5432)}
    assert found["bound", "127.0.0.1", 5432].bound


def test_the_proxys_own_ports_are_left_alone() -> None:
    own = service("own", {15001: "HTTP", 15021: "HTTP", 15090: "TCP"})
    bound = {key for key in _listeners([own]) if key[0] == "bound"}
    assert bound == {("bound", "10.96.0.1", 15090)}


def test_what_no_listener_has_is_caught() -> None:
    caught = _listeners([], OutboundTraits(interception="TPROXY"))["virtual-outbound", "", 0]
    assert (caught.port, caught.hand_off, caught.transparent) == (15001, True, True)
    assert [chain.targets for chain in caught.chains] == [{BLACK_HOLE}, {PASSTHROUGH}]
    closed = _listeners([], policy=OutboundPolicy(mode="REGISTRY_ONLY"))["virtual-outbound", "", 0]
    assert closed.chains[-1].targets == {BLACK_HOLE}


def test_names_resolved_for_unknown_hosts_get_an_http_chain() -> None:
    dynamic = _listeners([], policy=OutboundPolicy(mode="ALLOW_ANY_DYNAMIC_DNS"))["virtual-outbound", "", 0]
    assert [chain.name for chain in dynamic.chains][1] == "virtualOutbound-catchall-tcp-http"


def test_the_meshs_http_proxy() -> None:
    settings = msgspec.structs.replace(SETTINGS, config=msgspec.structs.replace(SETTINGS.config, proxy_http_port=15007))
    proxy = _listeners([], settings=settings)["bound", "127.0.0.1", 15007]
    assert isinstance(proxy.chains[0].handler, Http)
    assert proxy.chains[0].handler.table == TableKey(socket="http_proxy")


def test_mysql_does_not_mix() -> None:
    raw = entry("raw.example", {3306: "TCP"})
    mysql = entry("mysql.example", {3306: "MySQL"})
    listener = _listeners([raw, mysql])["bound", "0.0.0.0", 3306]
    assert [target.host for target in listener.targets] == ["raw.example"]


def test_names_that_a_wildcard_covers_are_resolved_where_requests_for_them_come_in() -> None:
    wild = entry("*.example", {80: "HTTP"}, resolution="DYNAMIC_DNS")
    chain = _listeners([HTTP, wild])["bound", "0.0.0.0", 80].chains[0]
    assert isinstance(chain.handler, Http)
    assert [dns.cache for dns in chain.handler.dynamic] == ["*.example-dfp-dns-cache"]
    dynamic = _listeners([HTTP], policy=OutboundPolicy(mode="ALLOW_ANY_DYNAMIC_DNS"))["bound", "0.0.0.0", 80].chains[0]
    assert isinstance(dynamic.handler, Http)
    assert [dns.cache for dns in dynamic.handler.dynamic] == ["allow_any_dfp_dns_cache"]
