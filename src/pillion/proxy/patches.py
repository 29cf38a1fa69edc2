"""From the EnvoyFilters that select a proxy to its patches, and to what was rendered for it with these applied.

The patches stand beside the IR: a proxy without any never comes here, and is told what it was told before.
"""

from collections.abc import Iterable
from typing import Any, cast

import msgspec

from pillion.envoy import names
from pillion.envoy.patch.apply import Patched, apply_patches
from pillion.envoy.patch.read import read
from pillion.envoy.render import inbound_parts, outbound_parts
from pillion.envoy.rendered import Rendered
from pillion.ir.memo import Memo
from pillion.ir.model.backend import Backend
from pillion.ir.model.proxy import EnvoyPatch, InboundIR, OutboundIR
from pillion.resources.frozen import FrozenJson, thaw
from pillion.resources.istio.envoy_filter import EnvoyConfigObjectPatch, EnvoyFilter
from pillion.resources.meta import Ref, ref_of
from pillion.scope.filters import ChosenPatch
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Where


def lower_patches(chosen: Iterable[ChosenPatch]) -> tuple[EnvoyPatch, ...]:
    """Make chosen patches opaque to all but `pillion.envoy.patch`."""
    return tuple(_lowered(each.owner, each.index, each.patch) for each in chosen)


def _lowered(owner: Ref, index: int, patch: EnvoyConfigObjectPatch) -> EnvoyPatch:
    return EnvoyPatch(
        context=patch.match.context if patch.match else "ANY",
        apply_to=patch.apply_to,
        body=msgspec.json.encode(patch, enc_hook=_plain),
        origin=str(owner),
        index=index,
    )


def _plain(value: Any) -> Any:
    return thaw(cast("FrozenMap[FrozenJson]", value)) if isinstance(value, FrozenMap) else value


def patched(outbound: OutboundIR, inbound: InboundIR, patches: tuple[EnvoyPatch, ...], memo: Memo) -> Patched:
    """Render both halves of a proxy and apply its patches."""
    left = memo(_joined, outbound_parts(outbound, memo))
    right = memo(_joined, inbound_parts(inbound, memo))
    return memo(apply_patches, left, right, memo(_hosts, inbound.backends), patches, memo)


def _joined(parts: tuple[tuple[Rendered, ...], ...]) -> tuple[Rendered, ...]:
    return tuple(each for part in parts for each in part)


def _hosts(backends: tuple[Backend, ...]) -> FrozenMap[tuple[str, ...]]:
    """Map each cluster of a workload's own to the hosts of the services that it stands for."""
    return FrozenMap(
        {
            names.cluster(each.key): tuple(service.host for service in each.services)
            for each in backends
            if each.services
        }
    )


def judge_patches(envoy_filter: EnvoyFilter) -> Diagnostics:
    """Tell what of an EnvoyFilter cannot be applied to any sidecar."""
    found: list[Diagnostic] = []
    owner = ref_of(envoy_filter)
    for index, patch in enumerate(envoy_filter.spec.config_patches):
        if patch.apply_to == "BOOTSTRAP":
            found.append(_not_sent(owner, index))
        elif patch.match is None or patch.match.context not in {"GATEWAY", "WAYPOINT"}:
            found.extend(read(_lowered(owner, index, patch))[1])
    return tuple(found)


def _not_sent(owner: Ref, index: int) -> Diagnostic:
    return Diagnostic(
        code="bootstrap-patch",
        severity="warning",
        message="a patch of the bootstrap is nothing that a running proxy can be told, and is left out",
        where=Where(resource=str(owner), path=("spec", "configPatches", index, "applyTo")),
        hint="change the bootstrap where the proxy is started",
    )
