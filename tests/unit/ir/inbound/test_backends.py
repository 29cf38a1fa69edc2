import msgspec
import pytest

from pillion.ir.inbound.backends import default_endpoint, inbound_backends
from pillion.ir.model.backend import Backend
from pillion.ir.model.key import INBOUND_PASSTHROUGH
from pillion.resources.istio.mesh_config import InboundTrafficPolicy
from support.inbound import inputs_of
from support.scopes import CONFIG, SETTINGS, service

WEB, ALSO = service("web", {80: "HTTP2"}), service("also", {80: "TCP"})


def _backends(*args: object, **more: object) -> dict[int, Backend]:
    found = inbound_backends(inputs_of(*args, **more))  # type: ignore[arg-type]
    return {each.key.port: each for each in found}


def test_a_port_ends_where_the_caller_wanted() -> None:
    found = _backends(WEB, ALSO)
    port = found[8080]
    assert (port.discovery, port.source_addresses) == ("original-destination", ("127.0.0.6",))
    assert port.http is not None
    assert port.http.version == "http2"
    assert [each.name for each in port.services] == ["web", "also"]
    assert found[0].key == INBOUND_PASSTHROUGH


def test_the_mesh_may_send_to_loopback() -> None:
    config = msgspec.structs.replace(CONFIG, inbound_traffic_policy=InboundTrafficPolicy(mode="LOCALHOST"))
    port = _backends(WEB, settings=msgspec.structs.replace(SETTINGS, config=config))[8080]
    assert port.discovery == "static"
    assert (port.members[0].members[0].address, port.members[0].members[0].port) == ("127.0.0.1", 8080)
    assert port.source_addresses == ()


def test_a_sidecars_endpoint() -> None:
    ingress = {"port": {"number": 9080, "protocol": "HTTP", "name": "a"}, "defaultEndpoint": "unix:///s"}
    port = _backends(sidecar={"ingress": [ingress]})[9080]
    assert port.members[0].members[0].address == "unix:///s"
    pool = {"http": {"http1MaxPendingRequests": 7}}
    limited = _backends(sidecar={"ingress": [ingress], "inboundConnectionPool": pool})[9080]
    assert limited.limits is not None
    assert limited.limits.pending == 7


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ("", 0)),
        ("unix:///s", ("unix:///s", 0)),
        ("127.0.0.1:80", ("127.0.0.1", 80)),
        ("0.0.0.0:80", ("10.0.0.1", 80)),
        ("[::]:80", ("fd00::1", 80)),
        ("[::1]:80", ("127.0.0.1", 80)),
        ("10.9.9.9:80", ("", 80)),
    ],
)
def test_default_endpoints(text: str, place: tuple[str, int]) -> None:
    assert default_endpoint(text, inputs_of(addresses=("10.0.0.1", "fd00::1"))) == place


def test_families() -> None:
    assert _backends(WEB, families=("v6",))[8080].source_addresses == ("::6",)
    assert _backends(families=("v4", "v6"))[0].source_addresses == ("127.0.0.6", "::6")
