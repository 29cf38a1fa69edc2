"""Which Gateways, Sidecars and EnvoyFilters are for a workload: by labels, by namespace, by the root namespace."""

import pytest

from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot
from pillion.resources.istio.envoy_filter import EnvoyFilter, EnvoyFilterSpec
from pillion.resources.istio.gateway import Gateway, GatewaySpec
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.sidecar import Sidecar, SidecarSpec, WorkloadSelector
from pillion.resources.istio.workload import PolicyTargetReference
from pillion.resources.meta import Metadata
from pillion.scope.selection import gateways_for, selected, sidecar_for
from pillion.value import FrozenMap

WEB = FrozenMap({"app": "web", "tier": "front"})
SETTINGS = MeshSettings(config=MeshConfig())
ROOT = "istio-system"


def sidecar(namespace: str, name: str = "default", **labels: str) -> Sidecar:
    chooser = WorkloadSelector(labels=FrozenMap(labels)) if labels else None
    return Sidecar(metadata=Metadata(name=name, namespace=namespace), spec=SidecarSpec(workload_selector=chooser))


def envoy_filter(namespace: str, **labels: str) -> EnvoyFilter:
    chooser = WorkloadSelector(labels=FrozenMap(labels)) if labels else None
    return EnvoyFilter(
        metadata=Metadata(name="patch", namespace=namespace), spec=EnvoyFilterSpec(workload_selector=chooser)
    )


def gateway(namespace: str, **labels: str) -> Gateway:
    return Gateway(metadata=Metadata(name="edge", namespace=namespace), spec=GatewaySpec(selector=FrozenMap(labels)))


@pytest.mark.parametrize("make", [sidecar, envoy_filter, gateway])
def test_all_labels_must_be_on_the_workload(make: type) -> None:
    for labels, wanted in (
        ({"app": "web"}, True),
        ({"app": "web", "tier": "front"}, True),
        ({"app": "web", "tier": "back"}, False),
        ({"app": "web", "zone": "a"}, False),
    ):
        assert selected(make("shop", **labels), "shop", WEB, SETTINGS).selects is wanted


@pytest.mark.parametrize("make", [sidecar, envoy_filter])
def test_workloads_are_looked_for_in_the_resources_namespace(make: type) -> None:
    elsewhere = selected(make("pay", app="web"), "shop", WEB, SETTINGS)
    assert not elsewhere.selects
    assert elsewhere.path == ("metadata", "namespace")
    assert not selected(make("pay"), "shop", WEB, SETTINGS).selects
    assert selected(make("shop"), "shop", WEB, SETTINGS).selects


def test_in_the_root_namespace_an_envoy_filter_selects_in_all_namespaces() -> None:
    assert selected(envoy_filter(ROOT, app="web"), "shop", WEB, SETTINGS).selects
    assert selected(envoy_filter(ROOT), "shop", WEB, SETTINGS).selects
    assert not selected(envoy_filter(ROOT, app="cart"), "shop", WEB, SETTINGS).selects


def test_in_the_root_namespace_a_sidecar_is_for_all_only_without_selector() -> None:
    assert selected(sidecar(ROOT), "shop", WEB, SETTINGS).selects
    assert not selected(sidecar(ROOT, app="web"), "shop", WEB, SETTINGS).selects
    assert selected(sidecar(ROOT, app="web"), ROOT, WEB, SETTINGS).selects


def test_a_gateway_selects_in_every_namespace_unless_the_mesh_says_otherwise() -> None:
    assert selected(gateway("edge", app="web"), "shop", WEB, SETTINGS).selects
    narrow = MeshSettings(config=MeshConfig(), gateways_by_namespace=True)
    assert not selected(gateway("edge", app="web"), "shop", WEB, narrow).selects
    assert selected(gateway("shop", app="web"), "shop", WEB, narrow).selects


def test_it_says_which_line_decides() -> None:
    found = selected(sidecar("shop", app="cart"), "shop", WEB, SETTINGS)
    assert found.because == "it selects app=cart, and the workload has app=web"
    assert found.path == ("spec", "workloadSelector", "labels", "app")
    missing = selected(gateway("shop", zone="a"), "shop", WEB, SETTINGS)
    assert missing.because == "it selects zone=a, and the workload has no label zone"
    assert missing.path == ("spec", "selector", "zone")


def test_an_envoy_filter_for_gateways_is_for_no_sidecar() -> None:
    targets = (PolicyTargetReference(group="gateway.networking.k8s.io", kind="Gateway", name="edge"),)
    patch = EnvoyFilter(metadata=Metadata(name="p", namespace="shop"), spec=EnvoyFilterSpec(target_refs=targets))
    assert not selected(patch, "shop", WEB, SETTINGS).selects
    made = FrozenMap({"gateway.networking.k8s.io/gateway-name": "edge"})
    assert selected(patch, "shop", made, SETTINGS).selects


def test_the_sidecar_in_force_is_the_namespaces_own_then_the_roots() -> None:
    own, chosen, root = sidecar("shop"), sidecar("shop", "web", app="web"), sidecar(ROOT)
    both = FrozenMap({"shop": (chosen, own), ROOT: (root,)})
    snapshot = MeshSnapshot(settings=SETTINGS, sidecars=both)
    assert sidecar_for(snapshot, "shop", WEB) is chosen
    assert sidecar_for(snapshot, "shop", FrozenMap({"app": "cart"})) is own
    assert sidecar_for(snapshot, "pay", WEB) is root
    assert sidecar_for(MeshSnapshot(settings=SETTINGS), "shop", WEB) is None


def test_gateways_are_found_for_a_workload() -> None:
    one, other = gateway("edge", app="web"), gateway("shop", app="cart")
    snapshot = MeshSnapshot(settings=SETTINGS, gateways=FrozenMap({"edge": (one,), "shop": (other,)}))
    assert gateways_for(snapshot, "shop", WEB) == (one,)
