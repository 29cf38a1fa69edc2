"""Ask the real Envoy whether it would take a configuration, without running it."""

import subprocess
from collections.abc import Iterable
from pathlib import Path

from envoy.config.bootstrap.v3 import bootstrap_pb2
from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf import json_format

from pillion.envoy.rendered import CLUSTER, LISTENER, ROUTES, Rendered

MANAGER = "envoy.filters.network.http_connection_manager"
STATIC: dict[str, object] = {
    "node": {"id": "sidecar~10.0.0.1~a.b~b.svc.cluster.local", "cluster": "a.b"},
    "admin": {"address": {"socket_address": {"address": "127.0.0.1", "port_value": 0}}},
    "dynamic_resources": {
        "ads_config": {
            "api_type": "GRPC",
            "transport_api_version": "V3",
            "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
        }
    },
    "static_resources": {
        "clusters": [
            {
                "name": name,
                "type": "STATIC",
                "connect_timeout": "1s",
                "typed_extension_protocol_options": {
                    "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                        "explicit_http_config": {"http2_protocol_options": {}},
                    }
                },
                "load_assignment": {
                    "cluster_name": name,
                    "endpoints": [
                        {"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": f"/tmp/{name}.sock"}}}}]}
                    ],
                },
            }
            for name in ("xds-grpc", "sds-grpc")
        ]
    },
}


def refusal(resources: Iterable[Rendered], binary: Path, folder: Path) -> str:
    """Return what Envoy has against a set of resources, empty when it takes all of them.

    Validation does not fetch route tables, so they are put inline; the base clusters that every set refers to are
    expected to be in it.
    """
    bootstrap = json_format.ParseDict(STATIC, bootstrap_pb2.Bootstrap())
    rendered = list(resources)
    tables = {
        item.name: route_pb2.RouteConfiguration.FromString(item.body) for item in rendered if item.type_url == ROUTES
    }
    for item in rendered:
        if item.type_url == CLUSTER:
            bootstrap.static_resources.clusters.append(cluster_pb2.Cluster.FromString(item.body))
        elif item.type_url == LISTENER:
            listener = listener_pb2.Listener.FromString(item.body)
            _put_inline(listener, tables)
            bootstrap.static_resources.listeners.append(listener)
    file = folder / "bootstrap.pb"
    file.write_bytes(bootstrap.SerializeToString())
    done = subprocess.run(
        [str(binary), "--mode", "validate", "-c", str(file), "--log-level", "error", "--concurrency", "1"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return "" if done.returncode == 0 else (done.stderr or done.stdout)[-3000:]


def _put_inline(listener: listener_pb2.Listener, tables: dict[str, route_pb2.RouteConfiguration]) -> None:
    for chain in (*listener.filter_chains, listener.default_filter_chain):
        for network_filter in chain.filters:
            if network_filter.name != MANAGER:
                continue
            manager = http_connection_manager_pb2.HttpConnectionManager()
            network_filter.typed_config.Unpack(manager)
            if manager.HasField("rds"):
                manager.route_config.CopyFrom(tables[manager.rds.route_config_name])
                network_filter.typed_config.Pack(manager)
