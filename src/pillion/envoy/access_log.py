"""Access loggers."""

import json
from typing import Any

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.core.v3 import base_pb2, config_source_pb2, grpc_service_pb2, substitution_format_string_pb2
from envoy.extensions.access_loggers.file.v3 import file_pb2
from envoy.extensions.access_loggers.filters.cel.v3 import cel_pb2
from envoy.extensions.access_loggers.grpc.v3 import als_pb2
from envoy.extensions.access_loggers.open_telemetry.v3 import logs_service_pb2
from envoy.extensions.formatter.req_without_query.v3 import req_without_query_pb2
from google.protobuf.message import Message
from opentelemetry.proto.common.v1 import common_pb2

from pillion.envoy import names
from pillion.envoy.messages.wellknown import extension, packed, struct
from pillion.ir.model.access_log import AccessLog, FileLog, GrpcLog, OtelLog

FILE = "envoy.access_loggers.file"
HTTP_GRPC, TCP_GRPC = "envoy.access_loggers.http_grpc", "envoy.access_loggers.tcp_grpc"
OTEL = "envoy.access_loggers.open_telemetry"
CEL_FILTER = "envoy.access_loggers.extension_filters.cel"
NO_ROUTE = "NR"
WITHOUT_QUERY = "%REQ_WITHOUT_QUERY"

_FIELDS = {
    "start_time": "%START_TIME%",
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)%",
    "protocol": "%PROTOCOL%",
    "response_code": "%RESPONSE_CODE%",
    "response_flags": "%RESPONSE_FLAGS%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
    "upstream_transport_failure_reason": "%UPSTREAM_TRANSPORT_FAILURE_REASON%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "duration": "%DURATION%",
    "upstream_service_time": "%RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)%",
    "x_forwarded_for": "%REQ(X-FORWARDED-FOR)%",
    "user_agent": "%REQ(USER-AGENT)%",
    "request_id": "%REQ(X-REQUEST-ID)%",
    "authority": "%REQ(:AUTHORITY)%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "upstream_local_address": "%UPSTREAM_LOCAL_ADDRESS%",
    "downstream_local_address": "%DOWNSTREAM_LOCAL_ADDRESS%",
    "downstream_remote_address": "%DOWNSTREAM_REMOTE_ADDRESS%",
    "requested_server_name": "%REQUESTED_SERVER_NAME%",
    "route_name": "%ROUTE_NAME%",
}
"""Istio's fields in the order of its text format: log pipelines of users parse both."""
_QUOTED = {
    "upstream_transport_failure_reason",
    "x_forwarded_for",
    "user_agent",
    "request_id",
    "authority",
    "upstream_host",
}


def _text_format() -> str:
    fields = _FIELDS
    start = f'[{fields["start_time"]}] "{fields["method"]} {fields["path"]} {fields["protocol"]}"'
    rest = [f'"{value}"' if name in _QUOTED else value for name, value in list(fields.items())[4:]]
    return " ".join((start, *rest)) + "\n"


TEXT_FORMAT = _text_format()


def loggers(logs: tuple[AccessLog, ...]) -> list[accesslog_pb2.AccessLog]:
    """Return the loggers in order."""
    return [_logger(log) for log in logs]


def _logger(log: AccessLog) -> accesslog_pb2.AccessLog:
    name, config = _sink(log.sink)
    made = accesslog_pb2.AccessLog(name=name, typed_config=packed(config))
    filters: list[accesslog_pb2.AccessLogFilter] = []
    if log.only_no_route:
        flags = accesslog_pb2.ResponseFlagFilter(flags=[NO_ROUTE])
        filters.append(accesslog_pb2.AccessLogFilter(response_flag_filter=flags))
    if log.expression:
        cel = accesslog_pb2.ExtensionFilter(
            name=CEL_FILTER, typed_config=packed(cel_pb2.ExpressionFilter(expression=log.expression))
        )
        filters.append(accesslog_pb2.AccessLogFilter(extension_filter=cel))
    if len(filters) == 1:
        made.filter.CopyFrom(filters[0])
    elif filters:
        made.filter.and_filter.CopyFrom(accesslog_pb2.AndFilter(filters=filters))
    return made


def _sink(sink: FileLog | OtelLog | GrpcLog) -> tuple[str, Message]:
    match sink:
        case FileLog():
            return FILE, _file(sink)
        case OtelLog():
            return OTEL, _otel(sink)
        case GrpcLog():
            return (TCP_GRPC if sink.tcp else HTTP_GRPC), _grpc(sink)


def _file(sink: FileLog) -> file_pb2.FileAccessLog:
    form = substitution_format_string_pb2.SubstitutionFormatString(omit_empty_values=sink.omit_empty)
    if sink.encoding == "json":
        fields: dict[str, Any] = json.loads(sink.format) if sink.format else _FIELDS
        form.json_format.CopyFrom(struct(fields))
        form.json_format_options.CopyFrom(substitution_format_string_pb2.JsonFormatOptions(sort_properties=False))
        text = sink.format
    else:
        text = sink.format or TEXT_FORMAT
        form.text_format_source.CopyFrom(base_pb2.DataSource(inline_string=text))
    if WITHOUT_QUERY in text:
        form.formatters.append(extension("envoy.formatter.req_without_query", req_without_query_pb2.ReqWithoutQuery()))
    return file_pb2.FileAccessLog(path=sink.path, log_format=form)


def _common(sink: GrpcLog | OtelLog) -> als_pb2.CommonGrpcAccessLogConfig:
    service = grpc_service_pb2.GrpcService(
        envoy_grpc=grpc_service_pb2.GrpcService.EnvoyGrpc(
            cluster_name=names.cluster(sink.backend), authority=sink.authority
        )
    )
    return als_pb2.CommonGrpcAccessLogConfig(
        log_name=sink.name,
        grpc_service=service,
        transport_api_version=config_source_pb2.ApiVersion.V3,
        filter_state_objects_to_log=sink.filter_state,
    )


def _grpc(sink: GrpcLog) -> Message:
    common = _common(sink)
    if sink.tcp:
        return als_pb2.TcpGrpcAccessLogConfig(common_config=common)
    return als_pb2.HttpGrpcAccessLogConfig(
        common_config=common,
        additional_request_headers_to_log=sink.request_headers,
        additional_response_headers_to_log=sink.response_headers,
        additional_response_trailers_to_log=sink.response_trailers,
    )


def _otel(sink: OtelLog) -> logs_service_pb2.OpenTelemetryAccessLogConfig:
    config = logs_service_pb2.OpenTelemetryAccessLogConfig(
        common_config=_common(sink),
        body=common_pb2.AnyValue(string_value=sink.text or TEXT_FORMAT),
        disable_builtin_labels=True,
    )
    if sink.labels:
        labels = [
            common_pb2.KeyValue(key=key, value=common_pb2.AnyValue(string_value=str(value)))
            for key, value in sorted(json.loads(sink.labels).items())
        ]
        config.attributes.CopyFrom(common_pb2.KeyValueList(values=labels))
    return config
