"""The data of a template: Istio's names, Go's zero values."""

from pillion.inject.gotemplate.template import parse
from pillion.inject.mesh import default_mesh_config
from pillion.inject.pod.identity import Workload
from pillion.inject.rendering.data import Circumstances, MeshAndValues, SidecarTemplateData

MESH = default_mesh_config()
WORKLOAD = Workload(name="web", namespace="shop", kind="Deployment", api_version="apps/v1")


def data(**circumstances: object) -> SidecarTemplateData:
    values = {"global": {"hub": "h", "tag": "1"}}
    scene = MeshAndValues(MESH | {"inboundTrafficPolicy": {"mode": "LOCALHOST"}}, values, MESH["defaultConfig"])
    pod = {"metadata": {"name": "web-1"}, "spec": {"containers": [{"name": "app"}]}}
    return SidecarTemplateData(pod, WORKLOAD, scene, Circumstances(**circumstances))  # pyright: ignore[reportArgumentType]


def test_every_name_of_istios_template_data_is_there() -> None:
    text = (
        "{{ .TypeMeta.APIVersion }} {{ .TypeMeta.Kind }} {{ .DeploymentMeta.Namespace }}/{{ .DeploymentMeta.Name }} "
        "{{ (index .Spec.Containers 0).Name }} {{ .ProxyConfig.StatusPort }} {{ .MeshConfig.RootNamespace }} "
        "{{ .Values.global.tag }} [{{ .Revision }}] {{ .NativeSidecars }} {{ .ProxyImage }} {{ .ProxyInitImage }} "
        "{{ .ProxyUID }}:{{ .ProxyGID }} "
        "{{ .InboundTrafficPolicyMode }} [{{ .CompliancePolicy }}]"
    )
    wanted = (
        "apps/v1 Deployment shop/web app 15020 istio-system 1 [blue] true h/proxyv2:1 h/proxyv2:1 1337:1338 "
        "localhost [fips]"
    )
    given = data(revision="blue", native_sidecars=True, proxy_ids=(1337, 1338), compliance_policy="fips")
    assert parse("t", text).render(given) == wanted


def test_reading_the_pods_name_is_noticed() -> None:
    given = data()
    parse("t", "{{ .ObjectMeta.Labels }} {{ .DeploymentMeta.Name }}").render(given)
    assert not given.reads_name
    parse("t", "{{ .ObjectMeta.Name }}").render(given)
    assert given.reads_name
