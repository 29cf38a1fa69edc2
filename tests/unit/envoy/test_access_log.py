from typing import Any

from google.protobuf import json_format

from pillion.envoy.access_log import TEXT_FORMAT, loggers
from pillion.ir.model.access_log import AccessLog, FileLog, GrpcLog, OtelLog, Sink
from pillion.ir.model.key import BackendKey

BACKEND = BackendKey(port=9, host="als")


def _logger(sink: Sink, **more: Any) -> dict[str, Any]:
    return json_format.MessageToDict(loggers((AccessLog(sink=sink, **more),))[0])


def test_istios_text_format() -> None:
    config = _logger(FileLog(path="/dev/stdout"))["typedConfig"]
    assert config["logFormat"]["textFormatSource"]["inlineString"] == TEXT_FORMAT
    assert TEXT_FORMAT.startswith('[%START_TIME%] "%REQ(:METHOD)% ')
    assert TEXT_FORMAT.endswith("%ROUTE_NAME%\n")


def test_json() -> None:
    own = _logger(FileLog(path="p", encoding="json", format='{"a": "%REQ_WITHOUT_QUERY(X)%"}', omit_empty=True))
    assert own["typedConfig"]["logFormat"]["jsonFormat"] == {"a": "%REQ_WITHOUT_QUERY(X)%"}
    assert own["typedConfig"]["logFormat"]["formatters"][0]["name"] == "envoy.formatter.req_without_query"
    assert own["typedConfig"]["logFormat"]["omitEmptyValues"]
    default = _logger(FileLog(path="p", encoding="json"))["typedConfig"]["logFormat"]["jsonFormat"]
    assert default["start_time"] == "%START_TIME%"


def test_conditions() -> None:
    sink = FileLog(path="p")
    assert "filter" not in _logger(sink)
    assert _logger(sink, only_no_route=True)["filter"] == {"responseFlagFilter": {"flags": ["NR"]}}
    assert _logger(sink, expression="x")["filter"]["extensionFilter"]["typedConfig"]["expression"] == "x"
    assert len(_logger(sink, expression="x", only_no_route=True)["filter"]["andFilter"]["filters"]) == 2


def test_services() -> None:
    http = _logger(GrpcLog(backend=BACKEND, name="n", request_headers=("a",), filter_state=("s",)))
    assert http["typedConfig"]["additionalRequestHeadersToLog"] == ["a"]
    common = http["typedConfig"]["commonConfig"]
    assert common["grpcService"]["envoyGrpc"]["clusterName"] == "outbound|9||als"
    assert common["filterStateObjectsToLog"] == ["s"]
    assert _logger(GrpcLog(backend=BACKEND, tcp=True))["name"] == "envoy.access_loggers.tcp_grpc"
    otel = _logger(OtelLog(backend=BACKEND, authority="als", name="o", labels='{"k": "v"}', filter_state=("s",)))[
        "typedConfig"
    ]
    assert otel["commonConfig"]["filterStateObjectsToLog"] == ["s"]
    assert otel["attributes"]["values"] == [{"key": "k", "value": {"stringValue": "v"}}]
    assert otel["body"] == {"stringValue": TEXT_FORMAT}
