"""Patches on a route configuration: on itself, its virtual hosts and their routes."""

from envoy.config.route.v3 import route_components_pb2, route_pb2

from pillion.envoy.patch.editing import Edits, edit, remove, value_of
from pillion.envoy.patch.matches import is_route, is_route_configuration, is_virtual_host
from pillion.envoy.patch.merge import merge
from pillion.envoy.patch.model import Patch

VirtualHost = route_components_pb2.VirtualHost
Route = route_components_pb2.Route


def patch_routes(configuration: route_pb2.RouteConfiguration, edits: Edits) -> None:
    """Patch a route configuration in place; the configuration itself can only be merged with."""
    for patch in edits.of("ROUTE_CONFIGURATION"):
        if patch.merges and is_route_configuration(patch, configuration):
            edits.touch(patch)
            merge(configuration, value_of(patch), replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")
    hosts = [each for each in edits.of("VIRTUAL_HOST") if is_route_configuration(each, configuration)]
    routes = [each for each in edits.of("HTTP_ROUTE") if is_route_configuration(each, configuration)]
    gone = {each.name for each in configuration.virtual_hosts if not _patch_host(each, hosts, routes, edits)}
    for patch in hosts:
        if patch.operation == "ADD":
            edits.touch(patch)
            configuration.virtual_hosts.append(VirtualHost.FromString(patch.value or b""))
    if gone:
        remove(configuration.virtual_hosts, lambda each: each.name in gone)


def _patch_host(host: VirtualHost, patches: list[Patch], routes: list[Patch], edits: Edits) -> bool:
    """Patch a virtual host; return whether it is still there."""
    for patch in patches:
        if not is_virtual_host(patch, host):
            continue
        if patch.operation == "REMOVE":
            edits.touch(patch)
            return False
        if patch.merges:
            edits.touch(patch)
            merge(host, value_of(patch), replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")
        elif patch.operation == "REPLACE":
            edits.touch(patch)
            host.CopyFrom(VirtualHost.FromString(patch.value or b""))
    here = [patch for patch in routes if is_virtual_host(patch, host)]
    gone = [index for index, route in enumerate(host.routes) if not _patch_route(route, here, edits)]
    for index in reversed(gone):
        del host.routes[index]
    for patch in here:
        _insert_route(host, patch, edits)
    return True


def _patch_route(route: Route, patches: list[Patch], edits: Edits) -> bool:
    """Patch a route; return whether it is still there."""
    for patch in patches:
        if not is_route(patch, route):
            continue
        if patch.operation == "REMOVE":
            edits.touch(patch)
            return False
        if patch.merges:
            edits.touch(patch)
            merge(route, value_of(patch), replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")
    return True


def _insert_route(host: VirtualHost, patch: Patch, edits: Edits) -> None:
    """Insert a route; before all others, where one is named, only if that one is there."""
    if patch.operation not in {"ADD", "INSERT_BEFORE", "INSERT_AFTER", "INSERT_FIRST"}:
        return
    if patch.operation == "INSERT_FIRST" and patch.route and not any(is_route(patch, each) for each in host.routes):
        return
    if edit(host.routes, patch, (lambda each: is_route(patch, each)) if patch.route is not None else None):
        edits.touch(patch)
