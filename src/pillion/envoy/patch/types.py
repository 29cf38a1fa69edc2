"""Envoy's messages by their names: what a patch works with, and what an `Any` in it holds.

Modules are imported when somebody asks for a message of theirs: there are hundreds, and a mesh without patches needs
none.
"""

import importlib
import pkgutil
import re

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import extension_pb2
from envoy.config.listener.v3 import listener_components_pb2, listener_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import DecodeError, Message

from pillion.value import FrozenMap

PATCHED: FrozenMap[type[Message]] = FrozenMap(
    {
        "CLUSTER": cluster_pb2.Cluster,
        "EXTENSION_CONFIG": extension_pb2.TypedExtensionConfig,
        "FILTER_CHAIN": listener_components_pb2.FilterChain,
        "HTTP_FILTER": http_connection_manager_pb2.HttpFilter,
        "HTTP_ROUTE": route_components_pb2.Route,
        "LISTENER": listener_pb2.Listener,
        "LISTENER_FILTER": listener_components_pb2.ListenerFilter,
        "NETWORK_FILTER": listener_components_pb2.Filter,
        "ROUTE_CONFIGURATION": route_pb2.RouteConfiguration,
        "VIRTUAL_HOST": route_components_pb2.VirtualHost,
    }
)
"""What each `applyTo` is about."""
_PACKAGE = re.compile(
    r"envoy(?:\.[a-z][a-z0-9_]*)*\.v3[a-z0-9]*|(?:xds|udpa|google\.protobuf|opencensus|opentelemetry)(?:\.[a-z][a-z0-9_]*)*"
)
"""The packages whose messages Envoy takes, and whose modules may be imported for a user's word: v2 is gone."""


def message_type(full_name: str) -> type[Message] | None:
    """Return a message by its full name, `envoy.extensions.filters.http.lua.v3.Lua`; None when there is no such one."""
    package = full_name.rpartition(".")[0]
    if _PACKAGE.fullmatch(package) is None:
        return None
    found = _known(full_name)
    if found is None:
        _import(package)
        found = _known(full_name)
    return found


def _known(full_name: str) -> type[Message] | None:
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(full_name)
    except KeyError:
        return None
    return message_factory.GetMessageClass(descriptor)


def _import(package: str) -> None:
    try:
        folder = importlib.import_module(package)
    except ImportError:
        return
    for module in pkgutil.iter_modules(folder.__path__):
        if module.name.endswith("_pb2"):
            importlib.import_module(f"{package}.{module.name}")


def unpacked(packed: AnyMessage) -> Message | None:
    """Return what an `Any` holds; None when its type is not known or its bytes are none of it."""
    found = message_type(packed.type_url.rpartition("/")[2])
    if found is None:
        return None
    try:
        return found.FromString(packed.value)
    except DecodeError:
        return None
