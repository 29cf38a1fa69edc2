import pytest

from pillion.ir import memo
from pillion.mesh.catalog import Catalog
from pillion.mesh.settings import MeshSettings
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller, no_members
from pillion.resources.istio.sidecar import IstioEgressListener, Sidecar, SidecarSpec
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, Endpoint, EndpointPort, EndpointSlice
from pillion.resources.kubernetes.service import Service, ServicePort, ServiceSpec
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap
from pillion.xds.cache import inconsistencies
from pillion.xds.resource import View
from pillion.xds.type_urls import CLUSTER, ENDPOINT


def service(name: str, namespace: str, cluster_ip: str = "10.0.0.1") -> Service:
    return Service(
        metadata=Metadata(name=name, namespace=namespace),
        spec=ServiceSpec(
            cluster_ip=cluster_ip, selector=FrozenMap({"app": name}), ports=(ServicePort(name="http", port=80),)
        ),
    )


def members(name: str, namespace: str, *addresses: str) -> EndpointSlice:
    return EndpointSlice(
        metadata=Metadata(name=f"{name}-1", namespace=namespace, labels=FrozenMap({SERVICE_NAME: name})),
        endpoints=tuple(Endpoint(addresses=(address,)) for address in addresses),
        ports=(EndpointPort(name="http", port=8080),),
    )


def settings() -> MeshSettings:
    return mesh_settings({})[0]


def proxy(name: str, address: str, namespace: str = "shop") -> Proxy:
    found = read_proxy(
        f"sidecar~{address}~{name}.{namespace}~{namespace}.svc.cluster.local",
        {"NAMESPACE": namespace, "LABELS": {"app": "client"}, "INSTANCE_IPS": address},
    )
    assert found is not None
    return found


def names(view: View, type_url: str) -> list[str]:
    found = view.resources(type_url)
    return sorted(found.names()) if found else []


MESH = (
    service("web", "shop"),
    members("web", "shop", "10.1.0.1"),
    service("db", "data", "10.0.0.2"),
    members("db", "data", "10.1.0.2"),
)
OWN = tuple(
    Sidecar(
        metadata=Metadata(name="default", namespace=each),
        spec=SidecarSpec(egress=(IstioEgressListener(hosts=("./*",)),)),
    )
    for each in ("shop", "data")
)
WEB, DB = "outbound|80||web.shop.svc.cluster.local", "outbound|80||db.data.svc.cluster.local"


def test_a_view_is_complete_and_holds_the_members_of_every_cluster_that_asks_for_them() -> None:
    teller = Teller()
    world, _ = teller.build(Catalog().with_changes(MESH), settings())
    view = teller.view(world, proxy("a", "10.2.0.1"))
    assert inconsistencies(view) == ()
    assert {WEB, DB} <= set(names(view, CLUSTER))
    assert names(view, ENDPOINT) == sorted([WEB, DB])


def test_replicas_share_the_very_same_view() -> None:
    teller = Teller()
    world, _ = teller.build(Catalog().with_changes(MESH), settings())
    views = {id(teller.view(world, proxy(f"a-{number}", f"10.2.0.{number}"))) for number in range(1, 20)}
    assert len(views) == 1


def test_a_member_of_a_headless_service_is_told_for_itself() -> None:
    teller = Teller()
    headless = (service("peers", "shop", "None"), members("peers", "shop", "10.2.0.1", "10.2.0.2"))
    world, _ = teller.build(Catalog().with_changes((*MESH, *headless)), settings())
    told = [teller.told(world, proxy(f"a-{number}", f"10.2.0.{number}")) for number in (1, 2, 3, 4)]
    assert told[0].outbound is not told[1].outbound
    assert told[2] is told[3]


def test_an_endpoint_change_renders_that_assignment_and_nothing_else() -> None:
    teller = Teller()
    catalog = Catalog().with_changes(MESH)
    client = proxy("a", "10.2.0.1")
    world, _ = teller.build(catalog, settings())
    before = teller.view(world, client)
    changed, _ = teller.build(catalog.with_changes([members("web", "shop", "10.1.0.1", "10.1.0.9")]), settings())
    assert changed.snapshot is world.snapshot
    misses, scopes = teller.memo.misses, teller.scopes.scopes.computed
    after = teller.view(changed, client)
    assert (teller.memo.misses - misses, teller.scopes.scopes.computed - scopes) == (1, 0)
    old, new = before.resources(ENDPOINT), after.resources(ENDPOINT)
    assert old is not None
    assert new is not None
    assert new.changes_since(old).upserted == (WEB,)
    assert after.resources(CLUSTER) is before.resources(CLUSTER)


def test_a_workload_that_becomes_a_member_by_its_address_takes_the_service_s_requests() -> None:
    teller = Teller()
    unselected = Service(
        metadata=Metadata(name="legacy", namespace="shop"),
        spec=ServiceSpec(cluster_ip="10.0.0.9", ports=(ServicePort(name="http", port=80),)),
    )
    catalog = Catalog().with_changes((*MESH, unselected, members("legacy", "shop", "10.2.0.7")))
    client = proxy("a", "10.2.0.1")
    world, _ = teller.build(catalog, settings())
    assert "inbound|8080||" not in names(teller.view(world, client), CLUSTER)
    changed, _ = teller.build(catalog.with_changes([members("legacy", "shop", "10.2.0.1")]), settings())
    assert changed.snapshot is world.snapshot
    assert "inbound|8080||" in names(teller.view(changed, client), CLUSTER)


def test_a_workload_s_membership_counts_after_a_turn_to_an_older_world_too() -> None:
    teller = Teller()
    unselected = Service(
        metadata=Metadata(name="legacy", namespace="shop"),
        spec=ServiceSpec(cluster_ip="10.0.0.9", ports=(ServicePort(name="http", port=80),)),
    )
    catalog = Catalog().with_changes((*MESH, unselected, members("legacy", "shop", "10.2.0.7")))
    client = proxy("a", "10.2.0.1")
    old, _ = teller.build(catalog, settings())
    teller.view(old, client)
    between, _ = teller.build(catalog.with_changes([members("legacy", "shop", "10.2.0.8")]), settings())
    teller.told(between, proxy("b", "10.3.0.1", "data"))
    assert "inbound|8080||" not in names(teller.view(old, client), CLUSTER)
    changed, _ = teller.build(catalog.with_changes([members("legacy", "shop", "10.2.0.1")]), settings())
    assert "inbound|8080||" in names(teller.view(changed, client), CLUSTER)


def test_nothing_new_gives_the_same_view_back() -> None:
    teller = Teller()
    catalog = Catalog().with_changes(MESH)
    client = proxy("a", "10.2.0.1")
    view = teller.view(teller.build(catalog, settings())[0], client)
    teller.sweep()
    again = teller.view(teller.build(catalog.with_changes(MESH), settings())[0], client)
    assert again is view


def test_two_tellers_give_equal_bytes_for_equal_worlds_whatever_the_order() -> None:
    views: list[dict[str, list[tuple[str, str]]]] = []
    for resources in (MESH, tuple(reversed(MESH))):
        teller = Teller()
        world, _ = teller.build(Catalog().with_changes(resources), settings())
        view = teller.view(world, proxy("a", "10.2.0.1"))
        views.append({each.type_url: [(one.name, one.version) for one in each] for each in view})
    assert views[0] == views[1]


def test_a_name_that_is_gone_is_answered_with_no_members() -> None:
    assert no_members(WEB).name == WEB
    assert no_members(WEB).version == no_members(WEB).version


def test_many_changes_for_some_do_not_make_the_teller_forget_what_the_others_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memo, "SMALL", 1)
    parts: list[int] = []
    for often in (0, 20):
        teller, catalog = Teller(), Catalog().with_changes((*MESH, *OWN))
        near, far = proxy("a", "10.2.0.1"), proxy("b", "10.3.0.1", "data")
        world, _ = teller.build(catalog, settings())
        for each in (near, far):
            teller.view(world, each)
        for number in range(often):
            catalog = catalog.with_changes([service("web", "shop", f"10.0.1.{number + 1}")])
            world, _ = teller.build(catalog, settings())
            assert teller.turn_to(world) == (near,)
            teller.view(world, near)
            teller.sweep()
        world, _ = teller.build(catalog.with_changes([service("more", "data", "10.0.0.3")]), settings())
        misses = teller.memo.misses
        teller.view(world, far)
        parts.append(teller.memo.misses - misses)
    assert parts[0] == parts[1]
