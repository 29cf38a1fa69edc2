"""Patches on filters: of a listener, of a filter chain, inside an HTTP connection manager."""

from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2

from pillion.envoy.messages.wellknown import packed
from pillion.envoy.patch.editing import Edits, edit, value_of
from pillion.envoy.patch.matches import is_chain, is_http_filter, is_listener, is_listener_filter, is_network_filter
from pillion.envoy.patch.merge import merged_any
from pillion.envoy.patch.model import Patch
from pillion.envoy.patch.types import unpacked

HTTP_CONNECTION_MANAGER = "envoy.filters.network.http_connection_manager"
HttpConnectionManager = http_connection_manager_pb2.HttpConnectionManager
Filter = components.ListenerFilter | components.Filter | http_connection_manager_pb2.HttpFilter


def patch_listener_filters(listener: listener_pb2.Listener, edits: Edits) -> None:
    """Patch the filters of a listener."""
    for patch in edits.of("LISTENER_FILTER"):
        if not is_listener(patch, listener):
            continue

        def chosen(each: components.ListenerFilter, patch: Patch = patch) -> bool:
            return is_listener_filter(patch, each.name)

        if patch.operation == "MERGE" and patch.listener_filter:
            for each in filter(chosen, listener.listener_filters):
                _merge(each, patch, edits)
        elif edit(listener.listener_filters, patch, chosen if patch.listener_filter else None):
            edits.touch(patch)


def patch_network_filters(listener: listener_pb2.Listener, chain: components.FilterChain, edits: Edits) -> None:
    """Patch the filters of a chain, and those inside its HTTP connection manager."""
    here = _of_chain("NETWORK_FILTER", listener, chain, edits)
    for patch in here:

        def chosen(each: components.Filter, patch: Patch = patch) -> bool:
            return is_network_filter(patch, each.name)

        if edit(chain.filters, patch, chosen if patch.network_filter is not None else None):
            edits.touch(patch)
    inside = _of_chain("HTTP_FILTER", listener, chain, edits)
    for each in chain.filters:
        for patch in here:
            if patch.operation == "MERGE" and is_network_filter(patch, each.name):
                _merge(each, patch, edits)
        if each.name == HTTP_CONNECTION_MANAGER and inside:
            _patch_http_filters(each, inside, edits)


def _of_chain(
    apply_to: str, listener: listener_pb2.Listener, chain: components.FilterChain, edits: Edits
) -> list[Patch]:
    return [each for each in edits.of(apply_to) if is_listener(each, listener) and is_chain(each, listener, chain)]


def _patch_http_filters(owner: components.Filter, patches: list[Patch], edits: Edits) -> None:
    manager = unpacked(owner.typed_config) if owner.HasField("typed_config") else None
    if not isinstance(manager, HttpConnectionManager):
        return
    here = [patch for patch in patches if is_network_filter(patch, owner.name)]
    for patch in here:

        def chosen(each: http_connection_manager_pb2.HttpFilter, patch: Patch = patch) -> bool:
            return is_http_filter(patch, each.name)

        if edit(manager.http_filters, patch, chosen if patch.http_filter is not None else None):
            edits.touch(patch)
    for each in manager.http_filters:
        for patch in here:
            if patch.operation == "MERGE" and is_http_filter(patch, each.name):
                _merge(each, patch, edits)
    owner.typed_config.CopyFrom(packed(manager))


def _merge(owner: Filter, patch: Patch, edits: Edits) -> None:
    """Merge a patch's configuration into a filter's, and take its name; a filter without configuration stays."""
    source = value_of(patch)
    if not isinstance(source, Filter) or not owner.HasField("typed_config"):
        return
    edits.touch(patch)
    if source.name and not isinstance(owner, components.ListenerFilter):  # which keeps its name, as in Istio
        owner.name = source.name
    if source.HasField("typed_config"):
        merged = merged_any(owner.typed_config, source.typed_config)
        if merged is None:
            edits.refuse(patch, f"filter {owner.name} has a configuration of another type than the patch")
        else:
            owner.typed_config.CopyFrom(merged)
