import pytest

from pillion.ir.inbound.chains import black_hole_chain, effective_mode, passthrough_chains, port_chains, shapes
from pillion.ir.inbound.ports import inbound_ports
from pillion.ir.model.key import BLACK_HOLE, INBOUND_PASSTHROUGH, BackendKey
from pillion.ir.model.listener import Chain, Http, Tcp
from pillion.ir.policy.client_tls import MutualMode
from pillion.ir.policy.logging import Logs
from pillion.resources.protocol import Protocol
from support.inbound import inputs_of
from support.scopes import service


def _chains(protocol: Protocol = "HTTP", mode: str = "", **traits: object) -> tuple[Chain, ...]:
    inputs = inputs_of(service("web", {80: protocol}), mode=mode, **traits)
    return port_chains(inbound_ports(inputs)[0], inputs, Logs())


@pytest.mark.parametrize(
    ("mode", "protocol", "count", "with_tls"),
    [
        ("STRICT", "HTTP", 1, 1),
        ("PERMISSIVE", "HTTP", 2, 1),
        ("DISABLE", "HTTP", 1, 0),
        ("STRICT", "TCP", 1, 1),
        ("PERMISSIVE", "TCP", 3, 1),
        ("DISABLE", "TCP", 1, 0),
        ("STRICT", "Unsupported", 2, 2),
        ("PERMISSIVE", "Unsupported", 5, 2),
        ("DISABLE", "Unsupported", 2, 0),
    ],
)
def test_a_mode_and_a_protocol_make_chains(mode: MutualMode, protocol: Protocol, count: int, with_tls: int) -> None:
    assert len(shapes(mode, protocol)) == count
    chains = _chains(protocol, mode)
    assert len(chains) == count
    assert sum(chain.tls is not None for chain in chains) == with_tls
    assert {chain.match.port for chain in chains if chain.match} == {8080}


def test_http_goes_to_the_port_by_an_inline_table() -> None:
    handler = _chains()[0].handler
    assert isinstance(handler, Http)
    assert handler.inline is not None
    assert handler.inline.targets == {BackendKey(kind="inbound", port=8080)}
    assert handler.inline.hosts[0].name == "inbound|http|80"


def test_without_a_certificate() -> None:
    assert effective_mode("PERMISSIVE", certificates=False) == "DISABLE"
    assert effective_mode("STRICT", certificates=False) is None
    plain = _chains(mode="PERMISSIVE", certificates=False)
    assert [(chain.tls, chain.match and chain.match.transport) for chain in plain] == [(None, "raw")]
    (closed,) = _chains(mode="STRICT", certificates=False)
    assert closed.targets == {BLACK_HOLE}
    assert closed.match is not None
    assert (closed.match.transport, closed.match.protocols) == ("", ())


def test_ports_of_no_service_are_passed_through() -> None:
    chains = passthrough_chains(inputs_of(mode="DISABLE"), Logs())
    assert {chain.name for chain in chains} == {"virtualInbound", "virtualInbound-catchall-http"}
    assert all(chain.targets == {INBOUND_PASSTHROUGH} for chain in chains)
    assert black_hole_chain(15006).targets == {BLACK_HOLE}


def test_mongo_is_read() -> None:
    handler = _chains("Mongo", "DISABLE")[0].handler
    assert isinstance(handler, Tcp)
    assert handler.inspect == "mongo"


def test_a_sidecar_may_bring_its_own_certificate_where_the_mesh_has_none() -> None:
    sidecar = {"ingress": [{"port": {"number": 9080, "protocol": "HTTPS", "name": "a"},
                            "tls": {"mode": "SIMPLE", "serverCertificate": "/c", "privateKey": "/k"}}]}  # fmt: skip
    inputs = inputs_of(sidecar=sidecar, mode="DISABLE", ingress_tls=True)
    (chain,) = port_chains(inbound_ports(inputs)[0], inputs, Logs())
    assert chain.tls is not None
    assert (chain.tls.mode, chain.tls.certificate) == ("simple", "/c")
    assert isinstance(chain.handler, Http)
