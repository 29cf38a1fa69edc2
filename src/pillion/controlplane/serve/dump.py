"""A proxy's configuration as JSON, in the form of Envoy's own `/config_dump`."""

from collections.abc import Iterable
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.json_format import MessageToDict

from pillion.xds.resource import Resource, Resources, View
from pillion.xds.type_urls import CLUSTER, ENDPOINT, LISTENER, ROUTE

ADMIN = "type.googleapis.com/envoy.admin.v3."


def config_dump(view: View) -> dict[str, Any]:
    """Show all that a view holds."""
    clusters = [_entry(each, "cluster") for each in _all(view.resources(CLUSTER))]
    listeners = [
        {"name": each.name, "activeState": _entry(each, "listener")} for each in _all(view.resources(LISTENER))
    ]
    routes = [_entry(each, "routeConfig") for each in _all(view.resources(ROUTE))]
    endpoints = [_entry(each, "endpointConfig") for each in _all(view.resources(ENDPOINT))]
    return {
        "configs": [
            {"@type": f"{ADMIN}ClustersConfigDump", "dynamicActiveClusters": clusters},
            {"@type": f"{ADMIN}ListenersConfigDump", "dynamicListeners": listeners},
            {"@type": f"{ADMIN}RoutesConfigDump", "dynamicRouteConfigs": routes},
            {"@type": f"{ADMIN}EndpointsConfigDump", "dynamicEndpointConfigs": endpoints},
        ]
    }


def content(resource: Resource) -> dict[str, Any]:
    """Show one resource as Envoy's JSON."""
    name = resource.type_url.rpartition("/")[2]
    # Whoever made the resource has loaded its type.
    message = message_factory.GetMessageClass(descriptor_pool.Default().FindMessageTypeByName(name))
    return {"@type": resource.type_url, **MessageToDict(message.FromString(resource.body))}


def _entry(resource: Resource, key: str) -> dict[str, Any]:
    return {"versionInfo": resource.version, key: content(resource)}


def _all(resources: Resources | None) -> Iterable[Resource]:
    return () if resources is None else resources
