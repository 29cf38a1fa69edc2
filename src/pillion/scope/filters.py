"""Which EnvoyFilters patch a proxy, in what order, and which of their patches are meant for it.

Mirrors Istio's `PushContext.EnvoyFilters` and `proxyMatch`. What a patch does is none of our business here: that
is read by `pillion.envoy.patch`.
"""

import re
from collections.abc import Iterable

from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources import re2
from pillion.resources.istio.envoy_filter import EnvoyConfigObjectPatch, EnvoyFilter, ProxyMatch
from pillion.resources.meta import Ref, ref_of
from pillion.scope.attachment import attaches, over
from pillion.value import FrozenMap, Labels, Value

LONGEST_VERSION = 1024
"""A longer expression is not tried: it matches no proxy."""
SIDECARS = frozenset({"ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND"})
"""The contexts in which a sidecar is patched."""


class ChosenPatch(Value):
    """A patch that is meant for a proxy."""

    owner: Ref
    index: int
    """Its place in `spec.configPatches`."""
    patch: EnvoyConfigObjectPatch


def filters_for(snapshot: MeshSnapshot, namespace: str, labels: Labels) -> tuple[EnvoyFilter, ...]:
    """Give the EnvoyFilters that select a workload, in the order in which they are applied.

    Lower priority first; then those of the root namespace; then the oldest.
    """
    root = snapshot.settings.root_namespace
    found = (each for each in over(snapshot.envoy_filters, root, namespace) if selects(each, labels))
    return tuple(sorted(found, key=lambda each: _order(each, root)))


def selects(envoy_filter: EnvoyFilter, labels: Labels) -> bool:
    """Return whether an EnvoyFilter selects a workload with these labels, of a namespace that it reaches."""
    spec = envoy_filter.spec
    return attaches(spec.workload_selector.labels if spec.workload_selector else None, spec.target_refs, labels)


def _order(envoy_filter: EnvoyFilter, root: str) -> tuple[int, bool, str, str]:
    metadata = envoy_filter.metadata
    name = f"{metadata.name}.{metadata.namespace}"
    return envoy_filter.spec.priority, metadata.namespace != root, metadata.creation_timestamp, name


def chosen(filters: Iterable[EnvoyFilter], version: str, metadata: Labels) -> tuple[ChosenPatch, ...]:
    """Give the patches for the configuration of a sidecar of that version, with that node metadata, in order."""
    return tuple(
        ChosenPatch(owner=ref_of(each), index=index, patch=patch)
        for each in filters
        for index, patch in enumerate(each.spec.config_patches)
        if patch.apply_to != "BOOTSTRAP" and meant_for(patch, version, metadata)
    )


def meant_for(patch: EnvoyConfigObjectPatch, version: str, metadata: Labels) -> bool:
    """Return whether a patch is for sidecars, and for one of that version with that metadata.

    An extension's configuration is told to whoever asks for it by name, whatever the context says.
    """
    match = patch.match
    if match is None:
        return True
    in_context = patch.apply_to == "EXTENSION_CONFIG" or match.context in SIDECARS
    return in_context and (match.proxy is None or _is_proxy(match.proxy, version, metadata))


def _is_proxy(match: ProxyMatch, version: str, metadata: Labels) -> bool:
    return (not match.proxy_version or _is_version(match.proxy_version, version)) and metadata.covers(match.metadata)


def _is_version(expression: str, version: str) -> bool:
    """Look for the expression anywhere in the version; what cannot be read matches nothing."""
    if not version or len(expression.encode()) > LONGEST_VERSION or re2.problem_of(expression) is not None:
        return False
    try:
        return re.search(expression, version) is not None
    except re.error:  # RE2's own, which Python has not
        return False


def asked_metadata(filters: Iterable[EnvoyFilter], metadata: Labels) -> Labels:
    """Keep the node metadata that some patch asks for."""
    asked = {key for match in _proxy_matches(filters) for key in match.metadata}
    return FrozenMap({key: metadata[key] for key in asked if key in metadata})


def asks_version(filters: Iterable[EnvoyFilter]) -> bool:
    """Return whether some patch asks for the proxy's version."""
    return any(match.proxy_version for match in _proxy_matches(filters))


def _proxy_matches(filters: Iterable[EnvoyFilter]) -> Iterable[ProxyMatch]:
    for each in filters:
        for patch in each.spec.config_patches:
            if patch.match is not None and patch.match.proxy is not None:
                yield patch.match.proxy
