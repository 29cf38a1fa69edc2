from typing import Any

from google.protobuf import json_format

from pillion.envoy.capabilities import Capabilities
from pillion.envoy.http_connection_manager import connection_manager
from pillion.ir.model.backend import Dns
from pillion.ir.model.connection import ClientCertDetails, HttpSettings
from pillion.ir.model.key import TableKey
from pillion.ir.model.listener import Http
from pillion.ir.model.table import InlineTable


def _manager(able: Capabilities | None = None, http: dict[str, Any] | None = None, **settings: Any) -> dict[str, Any]:
    handler = Http(**({"table": TableKey(port=80)} | (http or {})), settings=HttpSettings(**settings))
    return json_format.MessageToDict(connection_manager(handler, "outbound_x", able or Capabilities()))


def _filters(found: dict[str, Any]) -> list[str]:
    return [each["name"].rpartition(".")[2] for each in found["httpFilters"]]


def test_routes_by_name_or_inline() -> None:
    assert _manager()["rds"]["routeConfigName"] == "80"
    assert _manager(http={"table": None, "inline": InlineTable(name="i")})["routeConfig"]["name"] == "i"
    assert _manager()["statPrefix"] == "outbound_x;"


def test_filters_of_stock_envoy_and_of_istios() -> None:
    assert _filters(_manager()) == ["grpc_stats", "fault", "cors", "router"]
    able = Capabilities(alpn=True, metadata_exchange=True, statistics=True)
    assert _filters(_manager(able)) == ["metadata_exchange", "grpc_stats", "alpn", "fault", "cors", "stats", "router"]
    assert "alpn" not in _filters(_manager(able, http={"outbound": False}))
    assert "grpc_web" in _filters(_manager(grpc_web=True))
    assert "dynamic_forward_proxy" in _filters(_manager(http={"dynamic": (Dns(cache="c"),)}))


def test_headers() -> None:
    found = _manager(
        pass_server=True, generate_request_id=False, forward_cert="SANITIZE_SET",
        cert_details=ClientCertDetails(cert=True), forwarded_port=True,
    )  # fmt: skip
    assert found["serverHeaderTransformation"] == "PASS_THROUGH"
    assert found["generateRequestId"] is False
    assert found["forwardClientCertDetails"] == "SANITIZE_SET"
    assert found["setCurrentClientCertDetails"] == {"subject": True, "uri": True, "dns": True, "cert": True}
    assert found["appendXForwardedPort"]


def test_protocols() -> None:
    found = _manager(
        http10=True, absolute_url=True, http2=True, max_concurrent_streams=7, stream_window=8, connection_window=9,
        idle_timeout=10**9, underscores="REJECT_REQUEST",
    )  # fmt: skip
    assert found["httpProtocolOptions"] == {"acceptHttp10": True, "allowAbsoluteUrl": True}
    assert found["http2ProtocolOptions"] == {
        "maxConcurrentStreams": 7, "initialStreamWindowSize": 8, "initialConnectionWindowSize": 9,
    }  # fmt: skip
    assert found["commonHttpProtocolOptions"] == {"idleTimeout": "1s", "headersWithUnderscoresAction": "REJECT_REQUEST"}
    assert "commonHttpProtocolOptions" not in _manager()


def test_paths() -> None:
    found = _manager(normalize_path=False, merge_slashes=True, escaped_slashes="UNESCAPE_AND_FORWARD")
    assert found["normalizePath"] is False
    assert found["mergeSlashes"]
    assert found["pathWithEscapedSlashesAction"] == "UNESCAPE_AND_FORWARD"
