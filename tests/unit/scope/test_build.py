import pytest

from pillion.mesh.build import Builder
from pillion.mesh.catalog import Catalog
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import MeshSnapshot
from pillion.proxy.settings import mesh_settings
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.resources.meta import HasMetadata
from pillion.scope.model import SidecarScope
from pillion.scope.scopes import Scopes
from pillion.value import FrozenMap

SERVICE = """
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: {namespace}}}
spec: {{clusterIP: 10.0.0.1, ports: [{{name: http, port: {port}}}]}}
"""
SIDECAR = """
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {{name: {name}, namespace: {namespace}}}
spec: {spec}
"""


def service(name: str, namespace: str, port: int = 80) -> str:
    return SERVICE.format(name=name, namespace=namespace, port=port)


def sidecar(namespace: str, spec: str, name: str = "default") -> str:
    return SIDECAR.format(name=name, namespace=namespace, spec=spec)


MESH = (service("web", "shop"), service("cart", "shop", 8080), service("users", "apis"), service("ledger", "finance"))


def resources(*texts: str) -> list[HasMetadata]:
    found: list[HasMetadata] = []
    for document in read("---".join(texts)).documents:
        resource, diagnostics = decode(document.content)
        assert resource is not None, diagnostics
        found.append(resource)
    return found


def settings(**fields: object) -> MeshSettings:
    return mesh_settings({"rootNamespace": "istio-config", **fields})[0]


def snapshot(*texts: str, using: MeshSettings | None = None) -> MeshSnapshot:
    world, _ = Builder().build(Catalog().with_changes(resources(*texts)), using or settings())
    return world.snapshot


def scope(*texts: str, namespace: str = "shop", labels: dict[str, str] | None = None) -> SidecarScope:
    return Scopes().of(snapshot(*MESH, *texts), namespace, FrozenMap(labels or {}))


def hosts(found: SidecarScope) -> list[str]:
    return sorted(each.hostname.removesuffix(".svc.cluster.local") for each in found.services)


EVERYTHING = ["cart.shop", "ledger.finance", "users.apis", "web.shop"]


def test_without_a_sidecar_everything_is_in_scope() -> None:
    assert hosts(scope()) == EVERYTHING


def test_the_root_namespaces_sidecar_is_the_default_of_every_namespace() -> None:
    root = sidecar("istio-config", '{egress: [{hosts: ["./*"]}]}')
    assert hosts(scope(root)) == ["cart.shop", "web.shop"]
    assert hosts(scope(root, namespace="apis")) == ["users.apis"]


def test_a_namespaces_own_sidecar_overrides_the_root_default() -> None:
    root, own = (
        sidecar("istio-config", '{egress: [{hosts: ["./*"]}]}'),
        sidecar("shop", '{egress: [{hosts: ["apis/*"]}]}'),
    )
    assert hosts(scope(root, own)) == ["users.apis"]
    assert hosts(scope(root, own, namespace="apis")) == ["users.apis"]


def test_a_sidecar_with_a_selector_counts_for_its_workloads_alone() -> None:
    spec = '{workloadSelector: {labels: {app: web}}, egress: [{hosts: ["finance/*"]}]}'
    selecting, general = sidecar("shop", spec, "web"), sidecar("shop", '{egress: [{hosts: ["./*"]}]}')
    assert hosts(scope(selecting, general, labels={"app": "web", "version": "1"})) == ["ledger.finance"]
    assert hosts(scope(selecting, general, labels={"app": "cart"})) == ["cart.shop", "web.shop"]


def test_a_listener_with_a_port_imports_what_has_that_port() -> None:
    spec = '{egress: [{port: {number: 8080, protocol: HTTP, name: x}, hosts: ["./*"]}, {hosts: ["apis/*"]}]}'
    found = scope(sidecar("shop", spec))
    assert hosts(found) == ["cart.shop", "users.apis"]
    assert [[each.name for each in listener.services] for listener in found.egress] == [["cart"], ["users"]]


@pytest.mark.parametrize(
    ("written", "imported"),
    [
        ('["*/*"]', EVERYTHING),
        ('["./web.shop.svc.cluster.local"]', ["web.shop"]),
        ('["*/users.apis.svc.cluster.local"]', ["users.apis"]),
        ('["*/*.svc.cluster.local"]', EVERYTHING),
        ('["apis/*", "finance/*"]', ["ledger.finance", "users.apis"]),
        ('["*/*", "~finance/*"]', ["cart.shop", "users.apis", "web.shop"]),
        ('["./*", "~/*"]', []),
        ('["./web.shop"]', []),
    ],
)
def test_hosts_are_read_as_istio_reads_them(written: str, imported: list[str]) -> None:
    assert hosts(scope(sidecar("shop", f"{{egress: [{{hosts: {written}}}]}}"))) == imported


def test_a_destination_of_an_imported_virtual_service_comes_into_scope_on_its_port() -> None:
    rule = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http: [{route: [{destination: {host: ledger.finance.svc.cluster.local, port: {number: 80}}}]}]
"""
    found = scope(sidecar("shop", '{egress: [{hosts: ["./*"]}]}'), rule)
    assert hosts(found) == ["cart.shop", "ledger.finance", "web.shop"]
    assert [each.name for listener in found.egress for each in listener.services] == ["cart", "web"]


def test_an_empty_outbound_policy_of_a_sidecar_means_registry_only() -> None:
    assert scope(sidecar("shop", "{outboundTrafficPolicy: {}}")).outbound_policy.mode == "REGISTRY_ONLY"
    assert scope(sidecar("shop", "{}")).outbound_policy.mode == "ALLOW_ANY"


def test_a_change_elsewhere_gives_the_same_scope_object() -> None:
    builder, scopes = Builder(), Scopes()
    own = sidecar("shop", '{egress: [{hosts: ["./*"]}]}')
    catalog = Catalog().with_changes(resources(*MESH, own))
    before = scopes.of(builder.build(catalog, settings())[0].snapshot, "shop", FrozenMap())
    changed = catalog.with_changes(resources(service("new", "finance")))
    after = scopes.of(builder.build(changed, settings())[0].snapshot, "shop", FrozenMap())
    assert after is before
    nearer = changed.with_changes(resources(service("new", "shop")))
    assert scopes.of(builder.build(nearer, settings())[0].snapshot, "shop", FrozenMap()) is not before
    assert scopes.scopes.computed == 2


def test_a_host_that_is_imported_by_name_from_anywhere_is_looked_for_everywhere() -> None:
    builder, scopes = Builder(), Scopes()
    own = sidecar("shop", '{egress: [{hosts: ["*/late.far.svc.cluster.local"]}]}')
    catalog = Catalog().with_changes(resources(*MESH, own))
    assert hosts(scopes.of(builder.build(catalog, settings())[0].snapshot, "shop", FrozenMap())) == []
    changed = catalog.with_changes(resources(service("late", "far")))
    assert hosts(scopes.of(builder.build(changed, settings())[0].snapshot, "shop", FrozenMap())) == ["late.far"]
