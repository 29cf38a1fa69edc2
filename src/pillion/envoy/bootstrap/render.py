"""The whole document. Envoy makes clusters and their statistics when they are first used, as Istio wants it."""

import json
from typing import cast

from pillion.envoy.bootstrap.clusters import clusters
from pillion.envoy.bootstrap.document import TYPE, Json, address, given
from pillion.envoy.bootstrap.listeners import listeners
from pillion.envoy.bootstrap.model import Bootstrap, HostPort, Node
from pillion.envoy.bootstrap.stats import stats_config
from pillion.value import FrozenMap

LOG_TEXT = "%Y-%m-%dT%T.%fZ\t%l\tenvoy %n %g:%#\t%v\tthread=%t"
LOG_JSON: Json = {
    "time": "%Y-%m-%dT%T.%fZ",
    "level": "%l",
    "scope": "envoy %n",
    "msg": "%j",
    "caller": "%g:%#",
    "thread": "%t",
}


def to_bytes(bootstrap: Bootstrap) -> bytes:
    """Return the bootstrap as JSON, equal for equal values."""
    return json.dumps(render(bootstrap), default=_plain, separators=(",", ":")).encode()


def render(bootstrap: Bootstrap) -> dict[str, object]:
    """Return the bootstrap as a JSON document."""
    return {
        "application_log_config": {
            "log_format": {"json_format": LOG_JSON} if bootstrap.log_as_json else {"text_format": LOG_TEXT}
        },
        "node": _node(bootstrap.node),
        "layered_runtime": {
            "layers": [
                {"name": "global config", "static_layer": bootstrap.runtime},
                {"name": "admin", "admin_layer": {}},
            ]
        },
        "bootstrap_extensions": _extensions(bootstrap),
        **given("stats_flush_interval", bootstrap.stats.flush_interval),
        **given("stats_eviction_interval", bootstrap.stats.eviction_interval),
        "stats_config": stats_config(bootstrap),
        "admin": _admin(bootstrap),
        "dynamic_resources": _dynamic_resources(bootstrap),
        "static_resources": {"clusters": clusters(bootstrap), "listeners": listeners(bootstrap)},
        "overload_manager": _overload_manager(bootstrap),
        **_tracing(bootstrap),
        **given("stats_sinks", _sinks(bootstrap)),
        **_cluster_manager(bootstrap),
        "deferred_stat_options": {"enable_deferred_creation_stats": True},
    }


def _plain(value: object) -> object:
    if isinstance(value, FrozenMap):
        return dict(cast(FrozenMap[object], value))
    raise TypeError(f"{value!r} is not JSON")


def _node(node: Node) -> Json:
    parts = {"region": node.locality.region, "zone": node.locality.zone, "sub_zone": node.locality.sub_zone}
    return {
        "id": node.id,
        "cluster": node.cluster,
        "locality": {name: part for name, part in parts.items() if part},
        "metadata": node.metadata,
    }


def _extensions(bootstrap: Bootstrap) -> list[Json]:
    def extension(name: str, message: str, value: Json) -> Json:
        typed = {"@type": f"{TYPE}udpa.type.v1.TypedStruct", "type_url": TYPE + message, "value": value}
        return {"name": name, "typed_config": typed}

    internal = extension(
        "envoy.bootstrap.internal_listener",
        "envoy.extensions.bootstrap.internal_listener.v3.InternalListener",
        {"buffer_size_kb": 64},
    )
    if not bootstrap.metadata_discovery:
        return [internal]
    workloads = extension("metadata_discovery", "istio.workload.BootstrapExtension", {"config_source": {"ads": {}}})
    return [workloads, internal]


def _admin(bootstrap: Bootstrap) -> Json:
    log = {"@type": f"{TYPE}envoy.extensions.access_loggers.file.v3.FileAccessLog", "path": "/dev/null"}
    return {
        "access_log": [{"name": "envoy.access_loggers.file", "typed_config": log}],
        "profile_path": "/var/lib/istio/data/envoy.prof",
        "address": address(HostPort(host=bootstrap.addresses.localhost[0], port=bootstrap.admin_port)),
    }


def _dynamic_resources(bootstrap: Bootstrap) -> Json:
    over_ads: Json = {"ads": {}, "initial_fetch_timeout": "0s", "resource_api_version": "V3"}
    return {
        "lds_config": over_ads,
        "cds_config": over_ads,
        "ads_config": {
            "api_type": "DELTA_GRPC" if bootstrap.delta else "GRPC",
            "set_node_on_first_message_only": True,
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
        },
    }


def _overload_manager(bootstrap: Bootstrap) -> Json:
    message = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    config = {
        "@type": TYPE + message,
        "max_active_downstream_connections": bootstrap.max_downstream_connections,
    }
    name = "envoy.resource_monitors.global_downstream_max_connections"
    return {"resource_monitors": [{"name": name, "typed_config": config}]}


def _tracing(bootstrap: Bootstrap) -> Json:
    if not bootstrap.tracer:
        return {}
    match bootstrap.tracer.kind:
        case "zipkin":
            config: Json = {
                "@type": f"{TYPE}envoy.config.trace.v3.ZipkinConfig",
                "collector_cluster": "zipkin",
                "collector_endpoint": "/api/v2/spans",
                "collector_endpoint_version": "HTTP_JSON",
                "trace_id_128bit": True,
                "shared_span_context": False,
            }
        case "lightstep":
            config = {
                "@type": f"{TYPE}envoy.config.trace.v3.LightstepConfig",
                "collector_cluster": "lightstep",
                "access_token_file": bootstrap.tracer.access_token_file,
            }
        case "datadog":
            config = {
                "@type": f"{TYPE}envoy.config.trace.v3.DatadogConfig",
                "collector_cluster": "datadog_agent",
                "service_name": bootstrap.node.cluster,
            }
    return {"tracing": {"http": {"name": f"envoy.tracers.{bootstrap.tracer.kind}", "typed_config": config}}}


def _sinks(bootstrap: Bootstrap) -> list[Json]:
    sinks: list[Json] = []
    if bootstrap.metrics_service:
        config = {
            "@type": f"{TYPE}envoy.config.metrics.v3.MetricsServiceConfig",
            "transport_api_version": "V3",
            "grpc_service": {"envoy_grpc": {"cluster_name": "envoy_metrics_service"}},
        }
        sinks.append({"name": "envoy.stat_sinks.metrics_service", "typed_config": config})
    if bootstrap.statsd:
        sink = {"@type": f"{TYPE}envoy.config.metrics.v3.StatsdSink", "address": address(bootstrap.statsd)}
        sinks.append({"name": "envoy.stat_sinks.statsd", "typed_config": sink})
    return sinks


def _cluster_manager(bootstrap: Bootstrap) -> Json:
    """Return how clusters are managed; unlike Istio, which defers their creation only beside other settings, always."""
    return {
        "cluster_manager": {
            **given("local_cluster_name", "local_cluster" if bootstrap.self_discovery else ""),
            **given("outlier_detection", given("event_log_path", bootstrap.outlier_log_path)),
            **given("load_stats_config", bootstrap.load_stats or {}),
            "enable_deferred_cluster_creation": True,
        }
    }
