"""Which access logs a proxy writes: what Telemetry resources say, else MeshConfig.

Mirrors `accesslog.go`, `telemetry_logging.go` and `model.mergeLogs`: a lower level's providers replace the ones above;
a level without providers changes the inherited ones; a disabled provider writes nothing. Where none that exists is
left for a side, disabled or not, MeshConfig counts.
"""

from typing import Literal

import msgspec

from pillion.ir.model.access_log import AccessLog, FileLog, GrpcLog, OtelLog, Sink
from pillion.ir.model.key import BackendKey
from pillion.resources.frozen import FrozenJson, thaw
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.mesh_provider import (
    EnvoyFileAccessLogProvider,
    EnvoyOpenTelemetryLogProvider,
    ExtensionProvider,
)
from pillion.resources.istio.telemetry import AccessLogging, Telemetry
from pillion.value import Value

Side = Literal["CLIENT", "SERVER"]
STDOUT = "/dev/stdout"
BUILT_IN = "envoy"
SERVICE_BACKEND = BackendKey(kind="named", host="envoy_accesslog_service")
_STATE = ("upstream_peer", "downstream_peer")
_WASM_STATE = (
    *_STATE, "wasm.upstream_peer", "wasm.upstream_peer_id", "wasm.downstream_peer", "wasm.downstream_peer_id",
)  # fmt: skip


class Logs(Value):
    """The access logs of one side of a proxy, by what is logged."""

    http: tuple[AccessLog, ...] = ()
    tcp: tuple[AccessLog, ...] = ()
    listener: tuple[AccessLog, ...] = ()


def access_logs(config: MeshConfig, telemetry: tuple[Telemetry, ...], side: Side) -> Logs:
    """Return what a proxy logs on one side; `telemetry` goes from the mesh's to the workload's."""
    levels = [level.spec.access_logging for level in telemetry if level.spec.access_logging]
    defaults = config.default_providers.access_logging if config.default_providers else ()
    if not levels and not defaults:
        return _from_mesh(config)
    chosen = _merge(levels, defaults, side) if levels else dict.fromkeys(defaults, "")
    provided = {name: sink for name in sorted(chosen) if (sink := _provided(config, name)) is not None}
    if not provided:
        return _from_mesh(config)
    found = tuple(
        AccessLog(sink=sink, expression=expression)
        for name, sink in provided.items()
        if (expression := chosen[name]) is not None
    )
    return Logs(http=found, tcp=found, listener=() if config.disable_envoy_listener_log else _unrouted(found))


def _unrouted(logs: tuple[AccessLog, ...]) -> tuple[AccessLog, ...]:
    return tuple(AccessLog(sink=log.sink, expression=log.expression, only_no_route=True) for log in logs)


def _from_mesh(config: MeshConfig) -> Logs:
    shared: list[AccessLog] = []
    if config.access_log_file:
        shared.append(AccessLog(sink=_mesh_file(config, config.access_log_file)))
    http, tcp = list(shared), list(shared)
    listener = list(_unrouted(tuple(shared)))
    if config.enable_envoy_access_log_service:
        http.append(
            AccessLog(sink=GrpcLog(backend=SERVICE_BACKEND, name="http_envoy_accesslog", filter_state=_WASM_STATE))
        )
        over_tcp = GrpcLog(backend=SERVICE_BACKEND, name="tcp_envoy_accesslog", tcp=True, filter_state=_WASM_STATE)
        tcp.append(AccessLog(sink=over_tcp))
        own = GrpcLog(backend=SERVICE_BACKEND, name="listener_envoy_accesslog", tcp=True, filter_state=_WASM_STATE)
        listener.append(AccessLog(sink=own, only_no_route=True))
    silent = config.disable_envoy_listener_log
    return Logs(http=tuple(http), tcp=tuple(tcp), listener=() if silent else tuple(listener))


def _mesh_file(config: MeshConfig, path: str) -> FileLog:
    if config.access_log_encoding == "JSON":
        return FileLog(path=path, encoding="json", format=_object(config.access_log_format))
    return FileLog(path=path, format=_line(config.access_log_format))


def _object(text: str) -> str:
    """Return the text when it is a JSON object, else nothing: the mesh's own format."""
    try:
        return text if isinstance(msgspec.json.decode(text), dict) else ""
    except msgspec.DecodeError:
        return ""


def _line(text: str) -> str:
    return text if not text or text.endswith("\n") else f"{text}\n"


def _merge(levels: list[tuple[AccessLogging, ...]], defaults: tuple[str, ...], side: Side) -> dict[str, str | None]:
    """Return the providers in force with their filter expression; `None` for a disabled one."""
    in_scope = set(defaults)
    filters: dict[str, str] = {}
    for level in levels:
        named: set[str] = set()
        for entry in level:
            if _concerns(entry, side):
                names = [provider.name for provider in entry.providers]
                named.update(names)
                filters.update(dict.fromkeys(names, entry.filter.expression if entry.filter else ""))
        in_scope = named or in_scope
    chosen: dict[str, str | None] = {}
    inherited = defaults
    for entry in (entry for level in levels for entry in level):
        inherited = tuple(provider.name for provider in entry.providers) or inherited
        if _concerns(entry, side):
            for name in inherited:
                if name in in_scope:
                    chosen[name] = None if entry.disabled is True else filters.get(name, "")
    return chosen


def _concerns(entry: AccessLogging, side: Side) -> bool:
    return entry.match is None or entry.match.mode in {side, "CLIENT_AND_SERVER"}


def _provided(config: MeshConfig, name: str) -> Sink | None:
    provider = next((item for item in config.extension_providers if item.name == name), None)
    if provider is None and name == BUILT_IN:
        provider = ExtensionProvider(name=name, envoy_file_access_log=EnvoyFileAccessLogProvider(path=STDOUT))
    return _sink(config, provider) if provider else None


def _sink(config: MeshConfig, provider: ExtensionProvider) -> Sink | None:
    if provider.envoy_file_access_log is not None:
        own = provider.envoy_file_access_log
        plain = own.log_format is None and not own.omit_empty_values
        if provider.name == BUILT_IN and plain:
            return _mesh_file(config, own.path or STDOUT)
        return _file(own)
    if provider.envoy_http_als is not None:
        http = provider.envoy_http_als
        return GrpcLog(
            backend=_backend(http.service, http.port),
            authority=_host(http.service),
            name=http.log_name or "http_envoy_accesslog",
            request_headers=http.additional_request_headers_to_log,
            response_headers=http.additional_response_headers_to_log,
            response_trailers=http.additional_response_trailers_to_log,
            filter_state=http.filter_state_objects_to_log or _STATE,
        )
    if provider.envoy_tcp_als is not None:
        tcp = provider.envoy_tcp_als
        return GrpcLog(
            backend=_backend(tcp.service, tcp.port),
            authority=_host(tcp.service),
            name=tcp.log_name or "tcp_envoy_accesslog",
            tcp=True,
            filter_state=tcp.filter_state_objects_to_log or _STATE,
        )
    return _otel(provider.envoy_otel_als) if provider.envoy_otel_als is not None else None


def _file(own: EnvoyFileAccessLogProvider) -> FileLog:
    form = own.log_format
    path = own.path or STDOUT
    if form is not None and form.text is None and form.labels is not None:
        return FileLog(path=path, encoding="json", format=_json(form.labels), omit_empty=own.omit_empty_values)
    return FileLog(path=path, format=_line((form and form.text) or ""), omit_empty=own.omit_empty_values)


def _otel(own: EnvoyOpenTelemetryLogProvider) -> OtelLog:
    form = own.log_format
    return OtelLog(
        backend=_backend(own.service, own.port),
        authority=_host(own.service),
        name=own.log_name or "otel_envoy_accesslog",
        text=form.text if form else "",
        labels=_json(form.labels) if form and form.labels else "",
        filter_state=_WASM_STATE,
    )


def _json(value: FrozenJson) -> str:
    return msgspec.json.encode(thaw(value), order="sorted").decode() if value else ""


def _host(service: str) -> str:
    return service.rpartition("/")[2]


def _backend(service: str, port: int) -> BackendKey:
    return BackendKey(port=port, host=_host(service))
