"""Patches on a listener: on itself, its filters, its chains and what is in them."""

from envoy.config.core.v3 import base_pb2
from envoy.config.listener.v3 import listener_components_pb2 as components
from envoy.config.listener.v3 import listener_pb2

from pillion.envoy.messages.wellknown import packed
from pillion.envoy.patch.editing import Edits, value_of
from pillion.envoy.patch.filters import (
    HTTP_CONNECTION_MANAGER,
    HttpConnectionManager,
    patch_listener_filters,
    patch_network_filters,
)
from pillion.envoy.patch.matches import is_chain, is_listener
from pillion.envoy.patch.merge import merge, merged_any
from pillion.envoy.patch.model import Patch
from pillion.envoy.patch.routes import patch_routes
from pillion.envoy.patch.types import unpacked


def patch_listener(listener: listener_pb2.Listener, edits: Edits) -> bool:
    """Patch a listener in place; return whether it is still there."""
    for patch in edits.of("LISTENER"):
        if not is_listener(patch, listener):
            continue
        if patch.operation == "REMOVE":
            edits.touch(patch)
            return False
        if patch.merges:
            edits.touch(patch)
            merge(listener, value_of(patch), replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")
    patch_listener_filters(listener, edits)
    _patch_chains(listener, edits)
    return True


def added_listeners(edits: Edits) -> list[tuple[Patch, listener_pb2.Listener]]:
    """Return the listeners that patches add; one without a name is none."""
    adding = (patch for patch in edits.of("LISTENER") if patch.operation == "ADD")
    made = ((patch, listener_pb2.Listener.FromString(patch.value or b"")) for patch in adding)
    return [(patch, listener) for patch, listener in made if listener.name]


def patch_inline_routes(listener: listener_pb2.Listener, edits: Edits) -> None:
    """Patch the route configurations that stand in a listener itself: those of calls that come in."""
    chains = [*listener.filter_chains]
    if listener.HasField("default_filter_chain"):
        chains.append(listener.default_filter_chain)
    for each in (each for chain in chains for each in chain.filters):
        if each.name == HTTP_CONNECTION_MANAGER and each.HasField("typed_config"):
            manager = unpacked(each.typed_config)
            if isinstance(manager, HttpConnectionManager) and manager.HasField("route_config"):
                patch_routes(manager.route_config, edits)
                each.typed_config.CopyFrom(packed(manager))


def _patch_chains(listener: listener_pb2.Listener, edits: Edits) -> None:
    gone = [index for index, chain in enumerate(listener.filter_chains) if not _patch_chain(listener, chain, edits)]
    if listener.HasField("default_filter_chain") and not _patch_chain(listener, listener.default_filter_chain, edits):
        listener.ClearField("default_filter_chain")
    for patch in edits.of("FILTER_CHAIN"):
        if patch.operation == "ADD" and is_listener(patch, listener):
            edits.touch(patch)
            added = components.FilterChain.FromString(patch.value or b"")
            if added.filters:
                listener.filter_chains.append(added)
    for index in reversed(gone):
        del listener.filter_chains[index]


def _patch_chain(listener: listener_pb2.Listener, chain: components.FilterChain, edits: Edits) -> bool:
    """Patch a chain; return whether it is still there. One without filters is none."""
    if not chain.filters:
        return False
    for patch in edits.of("FILTER_CHAIN"):
        if not is_listener(patch, listener) or not is_chain(patch, listener, chain):
            continue
        if patch.operation == "REMOVE":
            edits.touch(patch)
            return False
        if patch.merges:
            edits.touch(patch)
            _merge_chain(chain, patch, edits)
    patch_network_filters(listener, chain, edits)
    return True


def _merge_chain(chain: components.FilterChain, patch: Patch, edits: Edits) -> None:
    """Merge into a chain; a patch with the transport socket that the chain has is about that socket alone."""
    source = components.FilterChain.FromString(patch.value or b"")
    named = source.HasField("transport_socket") and chain.HasField("transport_socket")
    if named and source.transport_socket.name == chain.transport_socket.name:
        merge_socket(chain.transport_socket, source.transport_socket, patch, edits)
    else:
        merge(chain, source, replace_lists=patch.operation == "MERGE_AND_REPLACE_LIST")


def merge_socket(
    target: base_pb2.TransportSocket, source: base_pb2.TransportSocket, patch: Patch, edits: Edits
) -> None:
    """Merge the configuration of a transport socket into one of the same name."""
    if not target.HasField("typed_config") or not source.HasField("typed_config"):
        return
    merged = merged_any(target.typed_config, source.typed_config)
    if merged is None:
        edits.refuse(patch, f"transport socket {target.name} has a configuration of another type than the patch")
    else:
        target.typed_config.CopyFrom(merged)
