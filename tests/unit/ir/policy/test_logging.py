from typing import Any

import msgspec

from pillion.ir.model.access_log import FileLog, GrpcLog, OtelLog
from pillion.ir.policy.logging import access_logs
from pillion.resources.decode import decode_mesh_config
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.telemetry import Telemetry
from support.scopes import CONFIG, resource


def _telemetry(*logging: dict[str, Any]) -> Telemetry:
    found = resource("Telemetry", {"accessLogging": list(logging)})
    assert isinstance(found, Telemetry)
    return found


def _mesh(**document: Any) -> MeshConfig:
    return decode_mesh_config(document)[0]


def test_nothing_is_logged_by_itself() -> None:
    assert access_logs(CONFIG, (), "CLIENT").http == ()


def test_the_mesh_may_name_a_file() -> None:
    logs = access_logs(_mesh(accessLogFile="/dev/stdout", accessLogFormat="%A%"), (), "CLIENT")
    assert [log.sink for log in logs.http] == [FileLog(path="/dev/stdout", format="%A%\n")]
    assert logs.listener[0].only_no_route
    broken = access_logs(_mesh(accessLogFile="f", accessLogEncoding="JSON", accessLogFormat="no json"), (), "CLIENT")
    assert broken.http[0].sink == FileLog(path="f", encoding="json")
    silent = _mesh(accessLogFile="f", disableEnvoyListenerLog=True)
    assert access_logs(silent, (), "SERVER").listener == ()


def test_the_access_log_service() -> None:
    logs = access_logs(_mesh(enableEnvoyAccessLogService=True), (), "CLIENT")
    assert [type(log.sink) for log in (*logs.http, *logs.tcp)] == [GrpcLog, GrpcLog]
    assert isinstance(logs.tcp[0].sink, GrpcLog)
    assert logs.tcp[0].sink.tcp


def test_levels_of_telemetry() -> None:
    mesh = _telemetry({"providers": [{"name": "envoy"}], "filter": {"expression": "a"}})
    off = _telemetry({"disabled": True})
    assert [log.expression for log in access_logs(CONFIG, (mesh,), "CLIENT").http] == ["a"]
    assert access_logs(CONFIG, (mesh, off), "CLIENT").http == ()
    server = _telemetry({"match": {"mode": "SERVER"}, "disabled": True})
    assert len(access_logs(CONFIG, (mesh, server), "CLIENT").http) == 1
    assert access_logs(CONFIG, (mesh, server), "SERVER").http == ()


def test_providers() -> None:
    config = _mesh(
        defaultProviders={"accessLogging": ["json", "otel", "als", "zipkin", "absent"]},
        extensionProviders=[
            {"name": "json", "envoyFileAccessLog": {"path": "p", "logFormat": {"labels": {"a": "%B%"}}}},
            {"name": "otel", "envoyOtelAls": {"service": "ns/otel.example", "port": 4317}},
            {"name": "als", "envoyHttpAls": {"service": "als.example", "port": 9, "logName": "n"}},
            {"name": "zipkin", "zipkin": {"service": "z", "port": 1}},
        ],
    )
    als, text, otel = (log.sink for log in access_logs(config, (), "CLIENT").http)
    assert isinstance(als, GrpcLog)
    assert (als.backend.host, als.name) == ("als.example", "n")
    assert text == FileLog(path="p", encoding="json", format='{"a":"%B%"}')
    assert isinstance(otel, OtelLog)
    assert (otel.backend.host, otel.backend.port) == ("otel.example", 4317)


def test_the_builtin_provider_writes_the_meshs_format() -> None:
    config = msgspec.structs.replace(CONFIG, access_log_format="%X%")
    logs = access_logs(config, (_telemetry({"providers": [{"name": "envoy"}]}),), "CLIENT")
    assert logs.http[0].sink == FileLog(path="/dev/stdout", format="%X%\n")
