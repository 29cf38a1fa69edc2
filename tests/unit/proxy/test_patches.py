"""What a proxy with patches is told, and that others are told what they were told before."""

from pillion.mesh.catalog import Catalog
from pillion.proxy.patches import judge_patches
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.xds.cache import inconsistencies
from support.proxies import by_name, sidecar, told

WORLD = """
apiVersion: v1
kind: Service
metadata: {name: db, namespace: shop}
spec: {clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]}
"""
FILTER = """
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: patch, namespace: shop}
spec:
  workloadSelector: {labels: {app: web}}
  configPatches:
"""
SLOW = """
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND, cluster: {service: db.shop.svc.cluster.local}}
    patch: {operation: MERGE, value: {connect_timeout: 77s}}
"""
LOST = """
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND, cluster: {service: db.shop.svc.cluster.local}}
    patch: {operation: REMOVE}
"""
BAD = """
  - applyTo: CLUSTER
    patch: {operation: MERGE, value: {connect_timeout: [no]}}
  - applyTo: BOOTSTRAP
    patch: {operation: MERGE, value: {stats_flush_interval: 9s}}
  - applyTo: CLUSTER
    match: {context: GATEWAY}
    patch: {operation: MERGE, value: {connect_timeout: [not, looked, at]}}
"""
DB = "outbound|80||db.shop.svc.cluster.local"


def test_a_selected_proxy_is_told_the_patched_and_another_the_plain() -> None:
    plain = told(WORLD, sidecar("cart", "shop", "10.1.0.2"))[1]
    web = by_name(told(WORLD + FILTER + SLOW, sidecar("web", "shop", "10.1.0.1"))[1])
    cart = told(WORLD + FILTER + SLOW, sidecar("cart", "shop", "10.1.0.2"))[1]
    assert web["clusters"][DB]["connectTimeout"] == "77s"
    assert cart == plain


def test_patches_are_remembered_and_replicas_share_them() -> None:
    teller = Teller()
    documents = read(WORLD + FILTER + SLOW).documents
    catalog = Catalog().with_changes(found for each in documents if (found := decode(each.content)[0]) is not None)
    world, _ = teller.build(catalog, mesh_settings({})[0])
    one = teller.view(world, sidecar("web", "shop", "10.1.0.1", NAME="web-0"))
    assert teller.view(world, sidecar("web", "shop", "10.1.0.2", NAME="web-1")) is one
    assert teller.view(world, sidecar("cart", "shop", "10.1.0.3")) is not one


def test_what_a_patch_breaks_is_told_and_published_all_the_same() -> None:
    teller = Teller()
    documents = read(WORLD + FILTER + LOST).documents
    catalog = Catalog().with_changes(found for each in documents if (found := decode(each.content)[0]) is not None)
    world, _ = teller.build(catalog, mesh_settings({})[0])
    proxy = sidecar("web", "shop", "10.1.0.1")
    assert inconsistencies(teller.view(world, proxy)) == ()
    assert {each.code for each in teller.told(world, proxy).diagnostics} == {"patch-reference"}


def test_a_filter_is_judged_without_any_proxy() -> None:
    resource = decode(read(FILTER + BAD).documents[0].content)[0]
    assert isinstance(resource, EnvoyFilter)
    assert [(each.code, each.where.field) for each in judge_patches(resource)] == [
        ("bad-patch", "spec.configPatches[0].patch.value"),
        ("bootstrap-patch", "spec.configPatches[1].applyTo"),
    ]
