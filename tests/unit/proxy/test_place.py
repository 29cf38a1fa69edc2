"""Whom a change may concern: everybody for whom it counts, and nobody who reads nothing of what changed."""

import pytest

from pillion.mesh.catalog import Catalog
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.resources.meta import HasMetadata
from pillion.xds.resource import View
from pillion.xds.type_urls import PUSH_ORDER

SETTINGS = mesh_settings({})[0]
MESH = """
kind: Service
apiVersion: v1
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.0.0.1, selector: {app: web}, ports: [{name: http, port: 80, targetPort: http}]}
---
kind: Service
apiVersion: v1
metadata: {name: db, namespace: data}
spec: {clusterIP: 10.0.0.2, ports: [{name: http, port: 80}]}
---
kind: Sidecar
apiVersion: networking.istio.io/v1
metadata: {name: default, namespace: istio-system}
spec: {egress: [{hosts: [./*]}]}
---
kind: VirtualService
apiVersion: networking.istio.io/v1
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http: [{route: [{destination: {host: late.far.svc.cluster.local}}]}]
"""
SERVICE = """
kind: Service
apiVersion: v1
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{clusterIP: 10.0.0.9, ports: [{{name: http, port: 80}}]}}
"""
POD = """
kind: Pod
apiVersion: v1
metadata: {name: web, namespace: shop, labels: {app: web}}
spec: {containers: [{name: c, ports: [{name: http, containerPort: 8081}]}]}
status: {podIP: 10.1.0.1}
"""
SLICE = """
kind: EndpointSlice
apiVersion: discovery.k8s.io/v1
metadata: {name: db-1, namespace: data, labels: {kubernetes.io/service-name: db}}
addressType: IPv4
endpoints: [{addresses: [10.1.0.2]}]
ports: [{name: http, port: 80}]
"""
SIDECAR = """
kind: Sidecar
apiVersion: networking.istio.io/v1
metadata: {name: default, namespace: NAMESPACE}
spec: {egress: [{hosts: [data/*]}]}
"""
TELEMETRY = """
kind: Telemetry
apiVersion: telemetry.istio.io/v1
metadata: {name: default, namespace: istio-system}
spec: {accessLogging: [{disabled: true}]}
"""
CHANGES = {
    "a service in its namespace": (SERVICE.format(name="new", namespace="data"), {"data"}),
    "a service that nobody imports": (SERVICE.format(name="new", namespace="other"), set[str]()),
    "a service that a virtual service leads to": (SERVICE.format(name="late", namespace="far"), {"shop"}),
    "the pod behind the proxy": (POD, {"shop"}),
    "members of a service in scope": (SLICE, {"data"}),
    "a Sidecar of its own": (SIDECAR.replace("NAMESPACE", "shop"), {"shop"}),
    "the mesh's Sidecar": (SIDECAR.replace("NAMESPACE", "istio-system"), {"shop", "data"}),
    "the mesh's telemetry": (TELEMETRY, {"shop", "data"}),
}


def resources(text: str) -> list[HasMetadata]:
    decoded = [decode(document.content) for document in read(text).documents]
    return [resource for resource, _ in decoded if resource is not None]


def proxy(name: str, address: str, namespace: str) -> Proxy:
    metadata = {"NAMESPACE": namespace, "LABELS": {"app": name}, "INSTANCE_IPS": address}
    found = read_proxy(f"sidecar~{address}~{name}.{namespace}~{namespace}.svc.cluster.local", metadata)
    assert found is not None
    return found


PROXIES = {"shop": proxy("web", "10.1.0.1", "shop"), "data": proxy("client", "10.1.0.3", "data")}


def bytes_of(view: View) -> dict[tuple[str, str], bytes]:
    return {(kind, each.name): each.body for kind in PUSH_ORDER for each in view.resources(kind) or ()}


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_concerns_those_for_whom_it_counts_and_nobody_else(change: str) -> None:
    text, concerned = CHANGES[change]
    teller, catalog = Teller(), Catalog().with_changes(resources(MESH))
    world, _ = teller.build(catalog, SETTINGS)
    before = {each: teller.view(world, proxy) for each, proxy in PROXIES.items()}
    changed, _ = teller.build(catalog.with_changes(resources(text)), SETTINGS)
    assert set(teller.turn_to(changed)) == {PROXIES[each] for each in concerned}
    cold = Teller()
    fresh, _ = cold.build(Catalog().with_changes(resources(f"{MESH}---{text}")), SETTINGS)
    for each, view in before.items():
        now = teller.view(changed, PROXIES[each])
        assert bytes_of(now) == bytes_of(cold.view(fresh, PROXIES[each]))
        assert each in concerned or now is view


def test_whoever_is_forgotten_is_concerned_by_nothing() -> None:
    teller, catalog = Teller(), Catalog().with_changes(resources(MESH))
    world, _ = teller.build(catalog, SETTINGS)
    for each in PROXIES.values():
        teller.view(world, each)
    teller.forget(PROXIES["shop"])
    changed, _ = teller.build(catalog.with_changes(resources(TELEMETRY)), SETTINGS)
    assert teller.turn_to(changed) == (PROXIES["data"],)


def test_other_settings_concern_everybody() -> None:
    teller, catalog = Teller(), Catalog().with_changes(resources(MESH))
    world, _ = teller.build(catalog, SETTINGS)
    for each in PROXIES.values():
        teller.view(world, each)
    changed, _ = teller.build(catalog, mesh_settings({"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}})[0])
    assert set(teller.turn_to(changed)) == set(PROXIES.values())
