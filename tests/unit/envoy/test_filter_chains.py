from typing import Any

from google.protobuf import json_format

from pillion.envoy.capabilities import Capabilities
from pillion.envoy.filter_chains import filter_chain
from pillion.ir.model.backend import Dns
from pillion.ir.model.key import PASSTHROUGH, BackendKey, TableKey
from pillion.ir.model.listener import Chain, ChainMatch, Http, Tcp, TcpTarget
from pillion.ir.model.tls import ServerTls

THROUGH = Tcp(targets=(TcpTarget(backend=PASSTHROUGH),))


def _chain(able: Capabilities | None = None, **chain: Any) -> dict[str, Any]:
    made = filter_chain(Chain(**({"handler": THROUGH} | chain)), "outbound_x", able or Capabilities())
    return json_format.MessageToDict(made)


def _proxy(**tcp: Any) -> dict[str, Any]:
    handler = Tcp(**({"targets": THROUGH.targets} | tcp))
    return _chain(handler=handler)["filters"][-1]["typedConfig"]


def test_matches() -> None:
    match = ChainMatch(
        port=80, prefixes=("10.1.0.0/16", "10.0.0.1", "0.0.0.0/0", "x"), server_names=("b", "a"), transport="raw",
        protocols=("h2c",),
    )  # fmt: skip
    assert _chain(match=match)["filterChainMatch"] == {
        "destinationPort": 80,
        "prefixRanges": [
            {"addressPrefix": "10.0.0.1", "prefixLen": 32},
            {"addressPrefix": "10.1.0.0", "prefixLen": 16},
        ],
        "serverNames": ["a", "b"],
        "transportProtocol": "raw_buffer",
        "applicationProtocols": ["h2c"],
    }
    assert _chain(match=ChainMatch(server_names=("a", "*")))["filterChainMatch"] == {}
    assert "filterChainMatch" not in _chain()


def test_streams() -> None:
    assert _proxy()["cluster"] == "PassthroughCluster"
    targets = (TcpTarget(backend=PASSTHROUGH, weight=90), TcpTarget(backend=BackendKey(port=1, host="a"), weight=10))
    weighted = _proxy(targets=targets, split=True, statistics="s", hash_source=True)
    assert [each["weight"] for each in weighted["weightedClusters"]["clusters"]] == [90, 10]
    assert (weighted["statPrefix"], weighted["hashPolicy"]) == ("s", [{"sourceIp": {}}])
    assert _proxy(tunnel_target="t:9", tunnel_post=True)["tunnelingConfig"] == {"hostname": "t:9", "usePost": True}
    assert _proxy(idle_timeout=10**9, max_duration=2 * 10**9)["maxDownstreamConnectionDuration"] == "2s"


def test_filters_before_the_stream() -> None:
    mongo = Tcp(targets=THROUGH.targets, inspect="mongo")
    assert _chain(handler=mongo)["filters"][0]["name"] == "envoy.filters.network.mongo_proxy"
    by_name = Tcp(targets=THROUGH.targets, sni_port=443, sni_names=Dns(cache="c"))
    assert _chain(handler=by_name)["filters"][0]["typedConfig"]["portValue"] == 443
    exchange = _chain(Capabilities(metadata_exchange=True), inbound=True)
    assert exchange["filters"][0]["name"] == "istio.metadata_exchange"


def test_the_rest() -> None:
    found = _chain(handler=Http(table=TableKey(port=80)), tls=ServerTls(), handshake_timeout=True, origin="shop/v")
    assert found["filters"][0]["name"] == "envoy.filters.network.http_connection_manager"
    assert found["transportSocket"]["name"] == "envoy.transport_sockets.tls"
    assert found["transportSocketConnectTimeout"] == "15s"
    assert found["metadata"]["filterMetadata"]["istio"]["config"].endswith("/shop/virtual-service/v")
