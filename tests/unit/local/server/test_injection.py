"""Which settings are in force for injection and mesh, and when a template that was edited counts."""

import json
from typing import Any

import pytest

from pillion.inject.settings import default_settings
from pillion.local.server.injection import Prepared, injected, prepare
from pillion.local.server.intake import NOTHING, Intake, take_in
from pillion.local.server.overlay import Overlay
from pillion.resources.documents import read
from pillion.value import FrozenMap

POD: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "shop"},
    "spec": {"containers": [{"name": "web", "image": "echo"}]},
}
NAMESPACE = {"metadata": {"name": "shop", "labels": {"istio-injection": "enabled"}}}


def taken(config: str) -> Intake:
    """Take in ConfigMap `istio-sidecar-injector` with a config, as a file would say it."""
    settings = default_settings()
    document = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "istio-sidecar-injector", "namespace": "istio-system"},
        "data": {"config": config, "values": settings.values},
    }
    overlay = Overlay().with_files(read(json.dumps(document), "map.json").documents)
    return take_in(overlay.held(), NOTHING, FrozenMap())


def containers(prepared: Prepared) -> list[str]:
    document = injected(POD, prepared, NAMESPACE).document
    spec = document["spec"]
    return [each["name"] for each in (*spec.get("initContainers", ()), *spec["containers"])]


CONFIGS = """
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: young, namespace: shop, creationTimestamp: "2026-01-02T00:00:00Z"}
spec: {concurrency: 2}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: old, namespace: shop, creationTimestamp: "2026-01-01T00:00:00Z"}
spec: {concurrency: 3, environmentVariables: {ZONE: a}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: wrong, namespace: shop, creationTimestamp: "2025-01-01T00:00:00Z"}
spec: {concurrency: -3}
"""


def test_proxy_configs_count_as_an_api_server_would_hold_them_the_oldest_of_those_in_force() -> None:
    overlay = Overlay().with_files(read(CONFIGS, "configs.yaml").documents)
    prepared = prepare(take_in(overlay.held(), NOTHING, FrozenMap()), None)
    spec = injected(POD, prepared, NAMESPACE).document["spec"]
    proxy = next(each for each in spec["containers"] if each["name"] == "istio-proxy")
    environment = {each["name"]: each.get("value") for each in proxy["env"]}
    assert environment["ZONE"] == "a"
    assert json.loads(environment["PROXY_CONFIG"])["concurrency"] == 3
    assert "concurrency" not in json.loads(prepared.settings.mesh).get("defaultConfig", {})


def test_an_edited_template_counts_for_the_next_pod_and_an_injector_is_made_once_per_settings() -> None:
    config = default_settings().config
    first = prepare(taken(config), None)
    assert first.diagnostics == ()
    assert "istio-proxy" in containers(first)
    same = prepare(taken(config), "", before=first)
    assert same.injector is first.injector
    edited = prepare(taken(config.replace("name: istio-init", "name: other-init")), None, before=first)
    assert edited.injector is not first.injector
    assert "istio-init" in containers(first)
    assert "other-init" in containers(edited)
    assert "istio-init" not in containers(edited)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 1}\n", "is a Deployment"),
        ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {mesh: ''}\n", "is a ConfigMap"),
        ("- a list\n", "is a list"),
    ],
)
def test_what_is_no_mesh_config_is_told_once(text: str, said: str) -> None:
    (told,) = prepare(NOTHING, text, "config.yaml").diagnostics
    assert (told.code, told.severity) == ("not-a-mesh-config", "error")
    assert told.message.startswith(said)


def test_the_config_map_of_the_mesh_is_a_mesh_config() -> None:
    text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata: {mesh: 'accessLogFile: /dev/stdout'}\n"
    prepared = prepare(NOTHING, text, "config.yaml")
    assert prepared.diagnostics == ()
    assert json.loads(prepared.settings.mesh)["accessLogFile"] == "/dev/stdout"
