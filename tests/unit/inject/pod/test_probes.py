"""Probes are sent to the agent, which remembers what they were."""

import json
from typing import Any

import pytest

from pillion.inject.pod.probes import dump, merge_or_append, redirect, rewritten, wanted


def app(**fields: Any) -> dict[str, Any]:
    return {"name": "app", "ports": [{"name": "web", "containerPort": 8080}]} | fields


def pod(container: dict[str, Any], **found: str) -> dict[str, Any]:
    return {"metadata": {"annotations": found}, "spec": {"containers": [container, {"name": "istio-proxy"}]}}


@pytest.mark.parametrize(
    ("field", "probe", "path", "prober"),
    [
        (
            "readinessProbe",
            {"httpGet": {"path": "/r", "port": "web"}},
            "/app-health/app/readyz",
            {"httpGet": {"path": "/r", "port": 8080}},
        ),
        ("livenessProbe", {"tcpSocket": {"port": 90}}, "/app-health/app/livez", {"tcpSocket": {"port": 90}}),
        (
            "startupProbe",
            {"grpc": {"port": 9}, "timeoutSeconds": 4},
            "/app-health/app/startupz",
            {"grpc": {"port": 9, "service": None}, "timeoutSeconds": 4},
        ),
    ],
)
def test_probes_of_all_kinds(field: str, probe: dict[str, Any], path: str, prober: dict[str, Any]) -> None:
    assert json.loads(dump(pod(app(**{field: probe})), 15020)) == {path: prober}
    changed = redirect(app(**{field: probe}), 15020)[field]
    assert changed["httpGet"]["path"] == path
    assert changed["httpGet"]["port"] == 15020
    assert changed.get("timeoutSeconds") == probe.get("timeoutSeconds")
    assert not {"grpc", "tcpSocket"} & changed.keys()


def test_hooks_have_paths_of_their_own() -> None:
    hooks = {"preStop": {"httpGet": {"port": 1, "scheme": "HTTPS"}}, "postStart": {"exec": {"command": ["x"]}}}
    found = json.loads(dump(pod(app(lifecycle=hooks)), 15020))
    assert found == {"/app-lifecycle/app/prestopz": {"httpGet": {"port": 1, "scheme": "HTTPS"}}}
    changed = redirect(app(lifecycle=hooks), 15020)["lifecycle"]
    assert changed["preStop"]["httpGet"] == {"port": 15020, "scheme": "HTTP", "path": "/app-lifecycle/app/prestopz"}
    assert changed["postStart"] is hooks["postStart"]


@pytest.mark.parametrize("probe", [{"httpGet": {"port": "nosuch"}}, {"httpGet": {"port": 15020}}, {"exec": {}}, None])
def test_what_the_agent_cannot_ask_is_not_remembered(probe: Any) -> None:
    assert dump(pod(app(livenessProbe=probe)), 15020) == ""


def test_a_container_without_probes_is_the_same_object() -> None:
    container = app()
    assert redirect(container, 1) is container


@pytest.mark.parametrize(
    ("value", "by_default", "result"),
    [(None, True, True), (None, False, False), ("true", False, True), ("0", True, False), ("?", True, True)],
)
def test_the_annotation_wins_over_the_settings(value: str | None, by_default: bool, result: bool) -> None:
    found = {} if value is None else {"sidecar.istio.io/rewriteAppHTTPProbers": value}
    assert wanted(found, by_default=by_default) is result


def test_the_status_port_of_the_pod_is_asked() -> None:
    document = pod(app(readinessProbe={"httpGet": {"port": 1}}), **{"status.sidecar.istio.io/port": "99"})
    result = rewritten(document, 15020, by_default=True)
    assert result["spec"]["containers"][0]["readinessProbe"]["httpGet"]["port"] == 99


def test_without_a_proxy_probes_stay() -> None:
    document = {"metadata": {}, "spec": {"containers": [app(readinessProbe={"httpGet": {"port": 1}})]}}
    assert rewritten(document, 15020, by_default=True) is document


def test_a_second_injection_keeps_what_the_first_remembered() -> None:
    old = [{"name": "X"}, {"name": "ISTIO_KUBE_APP_PROBERS", "value": '{"b":{"x":1}}'}]
    (_, merged) = merge_or_append(old, '{"a":{}}', merge=True)
    assert json.loads(merged["value"]) == {"a": {}, "b": {"x": 1}}
    assert len(merge_or_append(old, "{}", merge=False)) == 3
    assert len(merge_or_append([], "{}", merge=True)) == 1
    broken = [{"name": "ISTIO_KUBE_APP_PROBERS", "value": "nonsense"}]
    assert merge_or_append(broken, "{}", merge=True) == broken
