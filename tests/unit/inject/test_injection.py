"""The injected document as a whole, with our own settings."""

import json
from typing import Any

import pytest

from pillion.inject.injection import Injection, Injector, Options, inject
from pillion.inject.policy import Namespace
from pillion.inject.settings import Settings, default_settings
from pillion.resources.istio.proxy_config import ProxyConfig, ProxyConfigSpec, ProxyImage
from pillion.resources.istio.workload import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Labels, has_errors

OURS = default_settings()
IN_CLUSTER = Options(by_hand=False)
ENABLED = Namespace(name="shop", labels=Labels({"istio-injection": "enabled"}))


def deployment(**spec: Any) -> dict[str, Any]:
    containers = [{"name": "app", "image": "example/app:1", "ports": [{"containerPort": 8080}]}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers} | spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"replicas": 2, "template": template},
    }


def pod(annotations: dict[str, str] | None = None, **spec: Any) -> dict[str, Any]:
    metadata: dict[str, Any] = {"name": "web-1", "namespace": "shop", "labels": {"app": "web"}}
    if annotations:
        metadata["annotations"] = annotations
    containers = [{"name": "app", "image": "example/app:1", "ports": [{"containerPort": 8080}]}]
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": {"containers": containers} | spec}


def spec_of(injection: Injection) -> dict[str, Any]:
    assert not has_errors(injection.diagnostics), injection.diagnostics
    document = injection.document
    return document["spec"] if document["kind"] == "Pod" else document["spec"]["template"]["spec"]


def names(containers: list[dict[str, Any]]) -> list[str]:
    return [container["name"] for container in containers]


def environment(injection: Injection) -> dict[str, str]:
    proxy = next(item for item in spec_of(injection)["containers"] if item["name"] == "istio-proxy")
    return {item["name"]: item.get("value", "") for item in proxy["env"]}


def test_a_deployment_gets_rules_and_a_proxy() -> None:
    result = inject(deployment(), OURS)
    spec = spec_of(result)
    assert names(spec["containers"]) == ["app", "istio-proxy"]
    assert names(spec["initContainers"]) == ["istio-init"]
    assert spec["initContainers"][0]["args"] == [
        *("capture", "apply", "-p", "15001", "-z", "15006", "-u", "1337", "-m", "REDIRECT", "-i", "*", "-x", ""),
        *("-b", "*", "-d", "15090,15021,15020", "--log_output_level=default:info"),
    ]
    assert result.document["spec"]["replicas"] == 2
    assert result.is_injected


def test_the_proxy_knows_its_workload() -> None:
    found = environment(inject(deployment(), OURS))
    assert found["ISTIO_META_WORKLOAD_NAME"] == "web"
    assert found["ISTIO_META_OWNER"] == "kubernetes://apis/apps/v1/namespaces/shop/deployments/web"
    assert found["ISTIO_META_APP_CONTAINERS"] == "app"
    assert json.loads(found["ISTIO_META_POD_PORTS"]) == [{"containerPort": 8080}]


def test_a_pod_knows_the_deployment_behind_its_replica_set() -> None:
    owner = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": "web-5f9c", "controller": True}
    document = pod()
    document["metadata"] |= {"generateName": "web-5f9c-", "ownerReferences": [owner]}
    document["metadata"]["labels"]["pod-template-hash"] = "5f9c"
    found = environment(inject(document, OURS, ENABLED, IN_CLUSTER))
    assert found["ISTIO_META_OWNER"] == "kubernetes://apis/apps/v1/namespaces/shop/deployments/web"


def test_injecting_twice_is_injecting_once() -> None:
    once = inject(deployment(), OURS).document
    assert inject(once, OURS).document == once


def test_the_input_stays_as_it_was() -> None:
    document = deployment()
    before = json.dumps(document)
    inject(document, OURS)
    assert json.dumps(document) == before


def test_what_we_do_not_know_survives() -> None:
    document = deployment(futureField={"deep": [1, None]})
    document["x"] = 1
    result = inject(document, OURS)
    assert spec_of(result)["futureField"] == {"deep": [1, None]}
    assert result.document["x"] == 1


def test_a_document_without_a_pod_comes_back_itself() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    result = inject(service, OURS)
    assert result.document is service
    assert result.decisions == ()


def test_host_network_is_left_alone_and_says_so() -> None:
    document = deployment(hostNetwork=True)
    result = inject(document, OURS)
    assert result.document is document
    assert [item.code for item in result.diagnostics] == ["injection-skipped"]
    assert result.decisions[0].deciding.name == "host-network"


def test_a_list_is_injected_item_by_item() -> None:
    service = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    result = inject({"apiVersion": "v1", "kind": "List", "items": [service, deployment()]}, OURS)
    first, second = result.document["items"]
    assert first is service
    assert names(second["spec"]["template"]["spec"]["containers"]) == ["app", "istio-proxy"]


@pytest.mark.parametrize(
    ("annotation", "value", "arguments"),
    [
        ("traffic.sidecar.istio.io/includeOutboundIPRanges", "10.0.0.0/8", ("-i", "10.0.0.0/8")),
        ("traffic.sidecar.istio.io/excludeOutboundIPRanges", "10.1.0.0/16", ("-x", "10.1.0.0/16")),
        ("traffic.sidecar.istio.io/includeInboundPorts", "80,81", ("-b", "80,81")),
        ("traffic.sidecar.istio.io/excludeInboundPorts", "90", ("-d", "15090,15021,90,15020")),
        ("traffic.sidecar.istio.io/includeOutboundPorts", "443", ("-q", "443")),
        ("traffic.sidecar.istio.io/excludeOutboundPorts", "444", ("-o", "444")),
        ("traffic.sidecar.istio.io/kubevirtInterfaces", "net1", ("-k", "net1")),
        ("sidecar.istio.io/interceptionMode", "TPROXY", ("-m", "TPROXY")),
    ],
)
def test_annotations_become_flags_of_the_rules(annotation: str, value: str, arguments: tuple[str, str]) -> None:
    found = spec_of(inject(pod({annotation: value}), OURS))["initContainers"][0]["args"]
    assert found[found.index(arguments[0]) + 1] == arguments[1]


def test_without_interception_there_are_no_rules() -> None:
    spec = spec_of(inject(pod({"sidecar.istio.io/interceptionMode": "NONE"}), OURS))
    assert "initContainers" not in spec


def test_a_native_sidecar_starts_after_the_rules_and_before_the_rest() -> None:
    document = pod(initContainers=[{"name": "migrate", "image": "example/migrate:1"}])
    spec = spec_of(inject(document, OURS, options=Options(native_sidecars=True)))
    assert names(spec["initContainers"]) == ["istio-init", "istio-proxy", "migrate"]
    assert spec["initContainers"][1]["restartPolicy"] == "Always"


def test_an_application_that_waits_comes_after_the_proxy() -> None:
    spec = spec_of(inject(pod({"proxy.istio.io/config": "holdApplicationUntilProxyStarts: true"}), OURS))
    assert names(spec["containers"]) == ["istio-proxy", "app"]
    assert "postStart" in spec["containers"][0]["lifecycle"]


def test_the_users_own_proxy_settings_win() -> None:
    own = {"name": "istio-proxy", "image": "auto", "resources": {"limits": {"cpu": "3"}}}
    document = pod()
    document["spec"]["containers"].append(own)
    result = inject(document, OURS)
    proxy = spec_of(result)["containers"][-1]
    assert proxy["resources"]["limits"]["cpu"] == "3"
    assert proxy["image"] == "pillion/pillion:latest"
    assert inject(result.document, OURS).document == result.document


def test_a_bad_annotation_is_an_error_and_changes_nothing() -> None:
    document = pod({"traffic.sidecar.istio.io/excludeInboundPorts": "http"})
    result = inject(document, OURS)
    assert result.document is document
    assert [item.code for item in result.diagnostics] == ["bad-annotation"]
    assert "excludeInboundPorts" in result.diagnostics[0].message


def test_an_unknown_template_is_an_error() -> None:
    result = inject(pod({"inject.istio.io/templates": "nosuch"}), OURS)
    assert [item.code for item in result.diagnostics] == ["unknown-template"]


@pytest.mark.parametrize("setting", ["config", "values", "mesh"])
def test_broken_settings_name_the_setting(setting: str) -> None:
    texts = {"config": OURS.config, "values": OURS.values, "mesh": OURS.mesh} | {setting: "{{ nope }"}
    result = inject(pod(), Settings(source="settings", **texts))
    assert [item.where.resource for item in result.diagnostics] == [f"settings {setting}"]
    assert result.diagnostics[0].severity == "error"


@pytest.mark.parametrize(
    ("template", "part"),
    [
        ("spec: [", "did not render YAML"),
        ("[]", "did not render a map"),
        ("spec: {containers: [{name: istio-proxy, ports: [{containerPort: many}]}]}", "containerPort"),
        ("spec: {containers: [{image: nameless}]}", "has no name"),
    ],
)
def test_a_template_that_renders_no_pod_is_an_error(template: str, part: str) -> None:
    result = inject(pod(), Settings(config=f"templates: {{sidecar: {json.dumps(template)}}}"))
    assert has_errors(result.diagnostics)
    assert part in result.diagnostics[0].message


@pytest.mark.parametrize(
    ("label", "given", "wanted"),
    [(None, "", "n1"), ("n2", "", "n2"), (None, "n3", "n3"), ("n2", "n3", "n2"), ("", "", None)],
)
def test_the_pods_label_names_its_network(label: str | None, given: str, wanted: str | None) -> None:
    document = pod()
    if label is not None:
        document["metadata"]["labels"]["topology.istio.io/network"] = label
    settings = Settings(
        config="templates: {sidecar: 'spec: {containers: [{name: istio-proxy}]}'}", values="global: {network: n1}"
    )
    options = Options(variables=Labels({"ISTIO_META_NETWORK": given}))
    result = inject(document, settings, options=options)
    proxy = spec_of(result)["containers"][-1]
    assert [item["value"] for item in proxy.get("env", []) if item["value"]] == ([wanted] if wanted else [])
    assert result.document["metadata"]["labels"].get("topology.istio.io/network") == (wanted or label)


def test_templates_see_the_environment_that_they_are_given() -> None:
    settings = Settings(config="metadata: {labels: {zone: '{{ env `ZONE` `none` }}'}}")
    for environment, wanted in (({"ZONE": "a"}, "a"), ({"ZONE": ""}, "none"), ({}, "none")):
        document = Injector(settings, Labels(environment)).inject(pod()).document
        assert document["metadata"]["labels"]["zone"] == wanted


def test_proxy_config_resources_reach_the_proxy() -> None:
    resource = ProxyConfig(
        metadata=Metadata(name="all", namespace="shop"),
        spec=ProxyConfigSpec(concurrency=3, environment_variables=Labels({"A": "resource", "B": "resource"})),
    )
    chosen = ProxyConfig(
        metadata=Metadata(name="web", namespace="shop"),
        spec=ProxyConfigSpec(
            selector=WorkloadSelector(match_labels=Labels({"app": "web"})), image=ProxyImage(image_type="distroless")
        ),
    )
    options = Options(proxy_configs=FrozenMap({"shop": (resource, chosen)}), by_hand=False)
    document = pod({"proxy.istio.io/config": "proxyMetadata: {B: pod}", "sidecar.istio.io/inject": "true"})
    found = environment(inject(document, OURS, options=options))
    assert json.loads(found["PROXY_CONFIG"]) == {
        "concurrency": 3,
        "proxyMetadata": {"A": "resource", "B": "pod"},
        "image": {"imageType": "distroless"},
    }
    assert (found["A"], found["B"]) == ("resource", "pod")


def test_in_a_cluster_the_labels_of_the_namespace_decide() -> None:
    assert inject(pod(), OURS, ENABLED, IN_CLUSTER).is_injected
    assert not inject(pod(), OURS, Namespace(name="shop"), IN_CLUSTER).is_injected


def test_a_named_port_of_a_probe_is_asked_by_the_agent() -> None:
    probe = {"httpGet": {"path": "/ready", "port": "web"}}
    container = {"name": "app", "ports": [{"name": "web", "containerPort": 8080}], "readinessProbe": probe}
    result = inject(pod(containers=[container]), OURS)
    app = spec_of(result)["containers"][0]
    assert app["readinessProbe"] == {"httpGet": {"path": "/app-health/app/readyz", "port": 15020}}
    probers = json.loads(environment(result)["ISTIO_KUBE_APP_PROBERS"])
    assert probers == {"/app-health/app/readyz": {"httpGet": {"path": "/ready", "port": 8080}}}
