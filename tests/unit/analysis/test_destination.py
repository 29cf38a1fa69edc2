import pytest

from pillion.analysis.destination import SOME_ADDRESS, resolve
from pillion.mesh.catalog import Catalog
from pillion.mesh.snapshot import MeshSnapshot
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read

WORLD = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.1, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: pay}
spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: many, namespace: shop}
spec: {clusterIP: None, ports: [{name: http, port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: many-1, namespace: shop, labels: {kubernetes.io/service-name: many}}
addressType: IPv4
endpoints: [{addresses: [10.244.0.7]}, {addresses: [10.244.0.8], hostname: many-1}]
ports: [{name: http, port: 80}]
---
apiVersion: v1
kind: Service
metadata: {name: none, namespace: shop}
spec: {clusterIP: None, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: alias, namespace: shop}
spec: {type: ExternalName, externalName: web.pay.svc.cluster.local, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: away, namespace: shop}
spec: {type: ExternalName, externalName: far.example, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: entry, namespace: ops}
spec:
  hosts: [api.example, "*.wild.example"]
  addresses: [192.0.2.64/26]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: NONE
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: named, namespace: ops}
spec:
  hosts: [dns.example]
  ports: [{number: 80, name: http, protocol: HTTP}]
  resolution: DNS
"""


def _snapshot() -> MeshSnapshot:
    resources = [found for each in read(WORLD).documents if (found := decode(each.content)[0]) is not None]
    return Teller().build(Catalog().with_changes(resources), mesh_settings({})[0])[0].snapshot


@pytest.mark.parametrize(
    ("name", "address", "host"),
    [
        ("web", "10.96.0.1", "web.shop.svc.cluster.local"),
        ("WEB", "10.96.0.1", "web.shop.svc.cluster.local"),
        ("web.pay", "10.96.0.2", "web.pay.svc.cluster.local"),
        ("web.pay.svc", "10.96.0.2", "web.pay.svc.cluster.local"),
        ("web.pay.svc.cluster.local", "10.96.0.2", "web.pay.svc.cluster.local"),
        ("web.pay.svc.cluster.local.", "10.96.0.2", "web.pay.svc.cluster.local"),
        ("many", "10.244.0.7", "many.shop.svc.cluster.local"),
        ("many-1.many", "10.244.0.8", "many.shop.svc.cluster.local"),
        ("Many-1.many.shop.svc.cluster.local", "10.244.0.8", "many.shop.svc.cluster.local"),
        ("10-244-0-7.many.shop", "10.244.0.7", "many.shop.svc.cluster.local"),
        ("none", "", "none.shop.svc.cluster.local"),
        ("alias", "10.96.0.2", "web.pay.svc.cluster.local"),
        ("away", SOME_ADDRESS, "away.shop.svc.cluster.local"),
        ("api.example", "192.0.2.65", "api.example"),
        ("deep.wild.example", "192.0.2.65", "*.wild.example"),
        ("dns.example", SOME_ADDRESS, "dns.example"),
        ("10.96.0.2", "10.96.0.2", "web.pay.svc.cluster.local"),
    ],
)
def test_names_are_those_of_the_pods_resolver(name: str, address: str, host: str) -> None:
    found = resolve(_snapshot(), "shop", name)
    assert found is not None
    assert found.service is not None
    assert (found.address, found.service.hostname) == (address, host)


def test_names_of_the_outside_have_some_address() -> None:
    found = resolve(_snapshot(), "shop", "www.example.org")
    assert found is not None
    assert (found.address, found.service) == (SOME_ADDRESS, None)
    assert "no service has the name" in found.note


@pytest.mark.parametrize(
    "name", ["ledger", "ledger.pay.svc", "ledger.pay.svc.cluster.local", "web.", "many-9.many.shop.svc"]
)
def test_names_that_nobody_has(name: str) -> None:
    assert resolve(_snapshot(), "shop", name) is None


def test_an_address_of_nobody_stands_for_itself() -> None:
    found = resolve(_snapshot(), "shop", "203.0.113.1")
    assert found is not None
    assert (found.address, found.service, found.note) == ("203.0.113.1", None, "")
