"""Which EnvoyFilters patch a proxy, in what order, and which of their patches are for it."""

import pytest

from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.istio.envoy_filter import (
    EnvoyConfigObjectMatch,
    EnvoyConfigObjectPatch,
    EnvoyFilter,
    EnvoyFilterSpec,
    ProxyMatch,
)
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.sidecar import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.scope.filters import asked_metadata, asks_version, chosen, filters_for, meant_for
from pillion.value import NO_LABELS, FrozenMap

ROOT = "istio-system"
WEB = FrozenMap({"app": "web"})


def filter_of(name: str, namespace: str, created: str = "", priority: int = 0, **labels: str) -> EnvoyFilter:
    chooser = WorkloadSelector(labels=FrozenMap(labels)) if labels else None
    metadata = Metadata(name=name, namespace=namespace, creation_timestamp=created)
    return EnvoyFilter(metadata=metadata, spec=EnvoyFilterSpec(workload_selector=chooser, priority=priority))


def snapshot(*filters: EnvoyFilter) -> MeshSnapshot:
    spaces = dict.fromkeys(each.metadata.namespace for each in filters)
    shelves = {name: tuple(each for each in filters if each.metadata.namespace == name) for name in spaces}
    return MeshSnapshot(settings=MeshSettings(config=MeshConfig()), envoy_filters=FrozenMap(shelves))


def names(filters: tuple[EnvoyFilter, ...]) -> list[str]:
    return [each.metadata.name for each in filters]


def test_priority_then_the_root_namespace_then_age_then_name() -> None:
    world = snapshot(
        filter_of("z-old", "shop", "2024-01-01T00:00:00Z"),
        filter_of("b", "shop", "2025-01-01T00:00:00Z"),
        filter_of("a", "shop", "2025-01-01T00:00:00Z"),
        filter_of("first", "shop", "2026-01-01T00:00:00Z", priority=-1),
        filter_of("last", ROOT, priority=10),
        filter_of("root", ROOT, "2026-01-01T00:00:00Z"),
        filter_of("elsewhere", "pay"),
    )
    assert names(filters_for(world, "shop", WEB)) == ["first", "root", "z-old", "a", "b", "last"]


def test_labels_select_in_the_own_and_the_root_namespace() -> None:
    world = snapshot(
        filter_of("mine", "shop", app="web"), filter_of("other", "shop", app="cart"), filter_of("root", ROOT, app="web")
    )
    assert names(filters_for(world, "shop", WEB)) == ["root", "mine"]
    assert names(filters_for(world, "pay", WEB)) == ["root"]
    assert names(filters_for(world, ROOT, WEB)) == ["root"], "the root namespace's own come once"


def patch(
    context: str = "ANY", apply_to: str = "CLUSTER", version: str = "", **metadata: str
) -> EnvoyConfigObjectPatch:
    proxy = ProxyMatch(proxy_version=version, metadata=FrozenMap(metadata)) if version or metadata else None
    match = EnvoyConfigObjectMatch(context=context, proxy=proxy)  # pyright: ignore[reportArgumentType]
    return EnvoyConfigObjectPatch(apply_to=apply_to, match=match)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (EnvoyConfigObjectPatch(apply_to="CLUSTER"), True),
        (patch("SIDECAR_INBOUND"), True),
        (patch("SIDECAR_OUTBOUND"), True),
        (patch("GATEWAY"), False),
        (patch("WAYPOINT"), False),
        (patch("GATEWAY", "EXTENSION_CONFIG"), True),
        (patch(version=r"^1\.32.*"), True),
        (patch(version="32"), True),
        (patch(version="^2"), False),
        (patch(version="(?=1)"), False),
        (patch(version="1" * 2000), False),
        (patch(TEAM="red"), True),
        (patch(TEAM="red", ZONE="7"), False),
        (patch(TEAM="blue"), False),
    ],
)
def test_a_patch_is_for_sidecars_of_a_version_with_metadata(made: EnvoyConfigObjectPatch, wanted: bool) -> None:
    assert meant_for(made, "1.32.0", FrozenMap({"TEAM": "red"})) is wanted


def test_a_proxy_without_version_is_none_that_a_version_is_asked_of() -> None:
    assert not meant_for(patch(version=".*"), "", NO_LABELS)


def test_what_is_chosen_knows_where_it_comes_from() -> None:
    every = (patch(apply_to="BOOTSTRAP"), patch("GATEWAY"), patch())
    made = EnvoyFilter(metadata=Metadata(name="p", namespace="shop"), spec=EnvoyFilterSpec(config_patches=every))
    found = chosen((made,), "", NO_LABELS)
    assert [(str(each.owner), each.index) for each in found] == [("EnvoyFilter shop/p", 2)]


def test_only_what_is_asked_of_a_proxy_counts() -> None:
    every = (patch(TEAM="red"), patch(version="1"), patch(ABSENT="x"))
    made = EnvoyFilter(spec=EnvoyFilterSpec(config_patches=every))
    assert asked_metadata((made,), FrozenMap({"TEAM": "red", "NAME": "web-0"})) == FrozenMap({"TEAM": "red"})
    assert asks_version((made,))
    assert not asks_version((EnvoyFilter(spec=EnvoyFilterSpec(config_patches=every[:1])),))
