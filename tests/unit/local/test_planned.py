from pillion.local.planned import Planned, plan
from pillion.resources.documents import read
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.kubernetes.endpoint_slice import EndpointSlice
from pillion.resources.kubernetes.pod import Pod
from pillion.resources.kubernetes.service import Service
from pillion.value import Diagnostic, Origin, Where

SERVICE = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
"""
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: app, image: x}]}
"""
POD = """
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web}}
spec: {containers: [{name: app, image: x}, {name: istio-proxy, image: proxy}]}
status: {podIP: 10.1.2.3, phase: Running, conditions: [{type: Ready, status: "True"}]}
"""
SLICE = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-x, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.9.9.9]}]
ports: [{name: http, port: 8080}]
"""
NAMESPACE = """
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
"""


def _planned(*texts: str, mesh_config: str | None = None) -> Planned:
    return plan(read("---".join(texts)).documents, mesh_config)


def _addresses(planned: Planned) -> list[str]:
    slices = [each for each in planned.resources if isinstance(each, EndpointSlice)]
    return [address for each in slices for one in each.endpoints for address in one.addresses]


def test_workloads_become_pods_that_are_up() -> None:
    planned = _planned(SERVICE, DEPLOYMENT)
    pods = [each for each in planned.resources if isinstance(each, Pod)]
    assert len(pods) == 2
    assert sorted(_addresses(planned)) == sorted(each.status.pod_ip for each in pods)
    services = [each for each in planned.resources if isinstance(each, Service)]
    assert services[0].spec.cluster_ip.startswith("10.96.")


def test_a_dump_stays_as_it_is() -> None:
    planned = _planned(SERVICE.replace("{selector", "{clusterIP: 10.0.0.1, selector"), DEPLOYMENT, POD, SLICE)
    pods = [each for each in planned.resources if isinstance(each, Pod)]
    assert [(each.metadata.name, each.status.pod_ip) for each in pods] == [("web-1", "10.1.2.3")]
    assert _addresses(planned) == ["10.9.9.9"]
    assert [each.spec.cluster_ip for each in planned.resources if isinstance(each, Service)] == ["10.0.0.1"]


def test_who_has_a_sidecar() -> None:
    assert _planned(POD).has_sidecar("shop/web-1")
    bare = POD.replace(", {name: istio-proxy, image: proxy}", "")
    assert not _planned(bare).has_sidecar("shop/web-1")
    assert _planned(bare, NAMESPACE).has_sidecar("shop/web-1")


def test_the_mesh_settings_are_the_files_or_the_config_maps() -> None:
    settings = _planned(POD, mesh_config="outboundTrafficPolicy: {mode: REGISTRY_ONLY}").settings
    assert settings.config.outbound_traffic_policy is not None
    assert settings.config.outbound_traffic_policy.mode == "REGISTRY_ONLY"


def test_broken_documents_are_told() -> None:
    planned = _planned(POD, "\napiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {ports: wrong}\n")
    assert [each.severity for each in planned.diagnostics] == ["error"]
    assert [each for each in planned.resources if isinstance(each, Service)] == []


def test_what_an_api_server_would_refuse_is_not_in_force() -> None:
    sidecar = (
        "\napiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: one, namespace: shop}\n"
        "spec: {egress: [{hosts: ['%s']}]}\n"
    )
    refused, taken = (_planned(SERVICE, sidecar % host) for host in ("no-slash.example", "./*"))
    assert [(each.code, each.severity) for each in refused.diagnostics] == [("invalid-host", "error")]
    assert [any(isinstance(each, Sidecar) for each in one.resources) for one in (refused, taken)] == [False, True]
    assert any(isinstance(each, Service) for each in refused.resources)


def test_a_diagnostic_that_names_a_resource_gets_its_document() -> None:
    planned = plan(read(f"{NAMESPACE}---{SERVICE}", "mesh.yaml").documents)
    told = Diagnostic(code="x", severity="info", message="m", where=Where(resource="Service shop/web"))
    (placed,) = planned.placed([told])
    assert placed.where.origin == Origin(file="mesh.yaml", document=1)
    assert planned.placed([Diagnostic(code="x", severity="info", message="m")])[0].where.origin is None
