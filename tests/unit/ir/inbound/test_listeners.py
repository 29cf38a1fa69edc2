from pillion.ir.inbound.listeners import inbound_listeners
from pillion.ir.model.listener import Inspection
from support.inbound import inputs_of
from support.scopes import service

WEB, DB = service("web", {80: "HTTP"}), service("db", {5432: "TCP"})


def test_one_listener_takes_all_redirected_calls() -> None:
    (virtual,) = inbound_listeners(inputs_of(WEB, DB))
    assert (virtual.key.kind, virtual.port, virtual.direction, virtual.recover_destination) == (
        "virtual-inbound", 15006, "inbound", True,
    )  # fmt: skip
    assert virtual.chains[0].name == "virtualInbound-blackhole"
    assert virtual.detect_tls == Inspection(except_ports=(15006,))
    assert virtual.detect_http == Inspection(except_ports=(8080, 13432, 15006))


def test_without_tls_nobody_looks_for_it() -> None:
    (virtual,) = inbound_listeners(inputs_of(DB, mode="DISABLE"))
    assert virtual.detect_tls is None


def test_transparent() -> None:
    (virtual,) = inbound_listeners(inputs_of(WEB, interception="TPROXY"))
    assert (virtual.transparent, virtual.keep_source) == (True, True)


def test_a_port_with_a_socket_of_its_own() -> None:
    ingress = {"port": {"number": 9080, "protocol": "HTTP", "name": "a"}, "bind": "127.0.0.1", "captureMode": "NONE"}
    virtual, own = inbound_listeners(inputs_of(sidecar={"ingress": [ingress]}))
    assert virtual.key.kind == "virtual-inbound"
    assert (own.key.address, own.port, own.recover_destination) == ("127.0.0.1", 9080, False)
    assert inbound_listeners(inputs_of(WEB, interception="NONE")) == ()
