"""Envoy's type URLs, the order in which changes of several types are told, and what waits for what.

A change is made before it breaks anything: clusters and their endpoints come first, listeners and routes follow when
the clusters are acknowledged (Envoy acknowledges them when they are warm), and what nobody refers to goes last.
"""

CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
ENDPOINT = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTE = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
SECRET = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret"  # noqa: S105 (a type's name)
EXTENSION_CONFIG = "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig"

PUSH_ORDER: tuple[str, ...] = (CLUSTER, ENDPOINT, LISTENER, ROUTE, SECRET)
"""Types in the order of a push; any other type comes after these."""

BY_NAME: frozenset[str] = frozenset({ENDPOINT, ROUTE, SECRET, EXTENSION_CONFIG})
"""Types of which a client gets what it names. Of every other type, an empty first request asks for everything."""

CHANGE_WAITS_FOR: dict[str, tuple[str, ...]] = {LISTENER: (CLUSTER,), ROUTE: (CLUSTER,)}
"""A change of the key's type is told when no change of these types is on its way."""

REMOVAL_WAITS_FOR: dict[str, tuple[str, ...]] = {
    ROUTE: (LISTENER,),
    CLUSTER: (LISTENER, ROUTE),
    ENDPOINT: (CLUSTER,),
    SECRET: (CLUSTER, LISTENER),
}
"""A removal is told when nothing at all of these types is on its way: what needs goes before what is needed."""

WARMS_WITH: dict[str, str] = {CLUSTER: ENDPOINT}
"""After a resource of the key's type was sent, Envoy waits for the resources of this type that it needs, even if they
did not change, and does not ask for them."""


def order(type_url: str) -> int:
    """Return the place of a type in a push."""
    return PUSH_ORDER.index(type_url) if type_url in PUSH_ORDER else len(PUSH_ORDER)
