"""Rendered resources as proto3 JSON, for people and for other tools."""

from collections.abc import Iterable
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.endpoint.v3 import endpoint_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from google.protobuf import json_format

from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, EXTENSION, LISTENER, ROUTES, Rendered

_KINDS = {
    CLUSTER: ("clusters", cluster_pb2.Cluster),
    ASSIGNMENT: ("endpoints", endpoint_pb2.ClusterLoadAssignment),
    LISTENER: ("listeners", listener_pb2.Listener),
    ROUTES: ("routes", route_pb2.RouteConfiguration),
    EXTENSION: ("extensions", extension_pb2.TypedExtensionConfig),
}


def to_json(resources: Iterable[Rendered]) -> dict[str, list[dict[str, Any]]]:
    """Return `{listeners, clusters, routes, endpoints, extensions}`, each in the order given."""
    found: dict[str, list[dict[str, Any]]] = {kind: [] for kind, _ in _KINDS.values()}
    for resource in resources:
        kind, message = _KINDS[resource.type_url]
        found[kind].append(json_format.MessageToDict(message.FromString(resource.body)))
    return found
