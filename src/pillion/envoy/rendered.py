"""What is served: a named resource in deterministic bytes, and the names it refers to."""

from typing import Literal, NamedTuple

from pillion.value import Value

TypeUrl = Literal[
    "type.googleapis.com/envoy.config.cluster.v3.Cluster",
    "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment",
    "type.googleapis.com/envoy.config.listener.v3.Listener",
    "type.googleapis.com/envoy.config.route.v3.RouteConfiguration",
    "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
]
CLUSTER: TypeUrl = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
ASSIGNMENT: TypeUrl = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENER: TypeUrl = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTES: TypeUrl = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
EXTENSION: TypeUrl = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"


class Need(NamedTuple):
    """Another resource without which this one is not complete."""

    type_url: str
    name: str


class Rendered(Value):
    """A resource as a proxy gets it."""

    type_url: TypeUrl
    name: str
    body: bytes
    """The message alone; who sends it wraps it in an `Any` of `type_url`."""
    needs: tuple[Need, ...] = ()
    """What it names, sorted: a cluster its assignment, a listener its tables and clusters, a table its clusters."""
