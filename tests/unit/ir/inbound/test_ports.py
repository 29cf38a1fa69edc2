from pillion.ir.inbound.ports import after_tls, inbound_ports
from support.inbound import inputs_of
from support.scopes import service

WEB, ALSO = service("web", {80: "HTTP"}), service("also", {80: "TCP"})
INGRESS = {"ingress": [
    {"port": {"number": 9080, "protocol": "HTTPS", "name": "a"}, "tls": {"mode": "SIMPLE", "serverCertificate": "/c",
     "privateKey": "/k"}},
    {"port": {"number": 9081, "protocol": "TCP", "name": "b"}, "bind": "127.0.0.1", "captureMode": "NONE"},
]}  # fmt: skip


def test_of_two_services_on_a_port_the_first_counts() -> None:
    (port,) = inbound_ports(inputs_of(WEB, ALSO))
    assert (port.number, port.host, port.port.protocol, port.binds) == (8080, WEB.hostname, "HTTP", ("0.0.0.0",))


def test_without_interception_only_ingress_counts() -> None:
    assert inbound_ports(inputs_of(WEB, interception="NONE")) == ()
    ports = inbound_ports(inputs_of(WEB, sidecar=INGRESS, interception="NONE"))
    assert [(port.number, port.bound) for port in ports] == [(9080, True), (9081, True)]


def test_ingress_stands_in_place_of_services() -> None:
    first, second = inbound_ports(inputs_of(WEB, sidecar=INGRESS, addresses=("127.0.0.1", "10.0.0.1")))
    assert (first.binds, first.bound, first.tls, first.port.protocol) == (("10.0.0.1",), False, None, "HTTPS")
    assert (second.binds, second.bound) == (("127.0.0.1",), True)


def test_ingress_tls_counts_when_it_is_switched_on() -> None:
    first, _ = inbound_ports(inputs_of(sidecar=INGRESS, ingress_tls=True))
    assert first.tls is not None
    assert first.port.protocol == "HTTP"


def test_ports_that_cannot_be_had() -> None:
    own = service("own", {7001: "HTTP", 7021: "HTTP"})
    assert [port.number for port in inbound_ports(inputs_of(own))] == []
    low = {"ingress": [{"port": {"number": 80, "protocol": "TCP", "name": "a"}}]}
    assert inbound_ports(inputs_of(sidecar=low, interception="NONE", unprivileged=True)) == ()
    assert len(inbound_ports(inputs_of(sidecar=low, interception="NONE"))) == 1


def test_protocols_below_tls() -> None:
    assert (after_tls("HTTPS"), after_tls("TLS"), after_tls("TCP")) == ("HTTP", "TCP", "TCP")
