import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.mesh.build import Builder
from pillion.mesh.catalog import Catalog
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import World
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.sidecar import Sidecar, SidecarSpec
from pillion.resources.kubernetes.endpoint_slice import Endpoint, EndpointPort, EndpointSlice, ObjectReference
from pillion.resources.kubernetes.pod import Pod, PodSpec, PodStatus
from pillion.resources.kubernetes.service import Service, ServicePort, ServiceSpec
from pillion.resources.meta import HasMetadata, Metadata
from pillion.value import FrozenMap

SETTINGS = MeshSettings(config=MeshConfig())


def service(name: str, namespace: str, cluster_ip: str = "10.0.0.1") -> Service:
    return Service(
        metadata=Metadata(name=name, namespace=namespace),
        spec=ServiceSpec(
            cluster_ip=cluster_ip,
            selector=FrozenMap({"app": name}),
            ports=(ServicePort(name="http", port=80, target_port=8080),),
        ),
    )


def pod(name: str, namespace: str, ip: str, account: str = "default") -> Pod:
    return Pod(
        metadata=Metadata(name=name, namespace=namespace, labels=FrozenMap({"app": name})),
        spec=PodSpec(service_account_name=account),
        status=PodStatus(phase="Running", pod_ip=ip),
    )


def endpoint_slice(name: str, namespace: str, *addresses: str, behind: str = "") -> EndpointSlice:
    reference = ObjectReference(kind="Pod", name=behind, namespace=namespace) if behind else None
    return EndpointSlice(
        metadata=Metadata(
            name=f"{name}-1", namespace=namespace, labels=FrozenMap({"kubernetes.io/service-name": name})
        ),
        endpoints=tuple(Endpoint(addresses=(each,), target_ref=reference) for each in addresses),
        ports=(EndpointPort(name="http", port=8080),),
    )


def world(*resources: HasMetadata) -> World:
    made, _ = Builder().build(Catalog().with_changes(resources), SETTINGS)
    return made


MESH = (
    service("web", "shop"),
    service("cart", "shop", "10.0.0.2"),
    service("db", "data", "None"),
    pod("web", "shop", "10.1.0.1", "web"),
    pod("db", "data", "10.1.0.2"),
    endpoint_slice("web", "shop", "10.1.0.1", behind="web"),
    endpoint_slice("db", "data", "10.1.0.2", behind="db"),
)


@given(st.randoms(use_true_random=False))
def test_two_worlds_of_the_same_resources_are_equal_whatever_their_order(shuffle: random.Random) -> None:
    resources = list(MESH)
    shuffle.shuffle(resources)
    assert world(*resources) == world(*MESH)


def test_a_slice_gives_its_service_endpoints_with_the_identity_of_the_pod() -> None:
    made = world(*MESH)
    (endpoint,) = made.endpoints["web.shop.svc.cluster.local|shop"]
    assert (endpoint.address, endpoint.port, endpoint.port_name) == ("10.1.0.1", 8080, "http")
    assert endpoint.account == "spiffe://cluster.local/ns/shop/sa/web"
    (web,) = [each for each in made.snapshot.services["shop"] if each.name == "web"]
    assert web.accounts == ("spiffe://cluster.local/ns/shop/sa/web",)


def test_a_headless_service_names_its_members_in_the_configuration() -> None:
    (db,) = world(*MESH).snapshot.services["data"]
    assert db.resolution == "PASSTHROUGH"
    assert [each.address for each in db.members] == ["10.1.0.2"]


def test_an_endpoint_change_leaves_every_shelf_the_same_object() -> None:
    builder = Builder()
    catalog = Catalog().with_changes(MESH)
    before, _ = builder.build(catalog, SETTINGS)
    changed = catalog.with_changes((endpoint_slice("web", "shop", "10.1.0.1", "10.1.0.9"),))
    after, _ = builder.build(changed, SETTINGS)
    assert len(after.endpoints["web.shop.svc.cluster.local|shop"]) == 2
    assert after.snapshot.services["data"] is before.snapshot.services["data"]


def test_more_of_the_same_identity_leaves_the_services_equal() -> None:
    builder = Builder()
    more = pod("web", "shop", "10.1.0.1", "web")
    catalog = Catalog().with_changes((*MESH, more))
    before, _ = builder.build(catalog, SETTINGS)
    changed = catalog.with_changes((endpoint_slice("web", "shop", "10.1.0.1", "10.1.0.1", behind="web"),))
    after, _ = builder.build(changed, SETTINGS)
    assert after.snapshot.services["shop"] is before.snapshot.services["shop"]


@pytest.mark.parametrize("oldest", ["b", "a"])
def test_of_two_sidecars_without_selector_the_oldest_counts_and_a_warning_names_both(oldest: str) -> None:
    ages = {name: "2024-01-01T00:00:00Z" if name == oldest else "2025-01-01T00:00:00Z" for name in "ab"}
    sidecars = [
        Sidecar(metadata=Metadata(name=name, namespace="shop", creation_timestamp=age), spec=SidecarSpec())
        for name, age in ages.items()
    ]
    made, (warning,) = Builder().build(Catalog().with_changes(sidecars), SETTINGS)
    assert made.snapshot.sidecars["shop"][0].metadata.name == oldest
    assert warning.code == "sidecar-shadowed"
    other = {"a": "b", "b": "a"}[oldest]
    assert f"the oldest, {oldest}, is in force and {other} never counts" in warning.message
    assert warning.where.resource == f"Sidecar shop/{other}"
