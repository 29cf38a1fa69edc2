"""The user's own settings for injected containers."""

import json
from typing import Any

import pytest

from pillion.inject.pod.containers import annotations
from pillion.inject.pod.overrides import ANNOTATION, OverrideError, reapplied, reinserted, remembered, with_user

TEMPLATE = {"spec": {"containers": [{"name": "istio-proxy", "image": "t", "args": ["t"]}]}}


def pod(*containers: dict[str, Any], **found: str) -> dict[str, Any]:
    return {"metadata": {"annotations": found}, "spec": {"containers": list(containers)}}


def test_the_users_fields_win_and_are_remembered() -> None:
    own = {"name": "istio-proxy", "image": "auto", "args": ["own"], "workingDir": ""}
    result = reapplied(pod({"name": "istio-proxy", "image": "t", "args": ["t"]}), pod(own), TEMPLATE)
    assert result["spec"]["containers"] == [{"name": "istio-proxy", "image": "t", "args": ["own"]}]
    text = '{"containers":[{"name":"istio-proxy","args":["own"],"resources":{}}]}'
    assert annotations(result)[ANNOTATION] == text


def test_without_own_settings_nothing_is_remembered() -> None:
    final = pod({"name": "istio-proxy"})
    assert reapplied(final, pod({"name": "app"}), TEMPLATE) is final


def test_what_an_earlier_injection_brought_is_not_the_users() -> None:
    status = json.dumps({"containers": ["istio-proxy"]})
    original = pod({"name": "istio-proxy", "args": ["old"]}, **{"sidecar.istio.io/status": status})
    final = pod({"name": "istio-proxy", "args": ["t"]})
    assert reapplied(final, original, TEMPLATE) is final


def test_remembered_settings_are_put_back_for_the_template_to_see() -> None:
    text = json.dumps({"containers": [{"name": "app", "image": "a"}], "initContainers": [{"name": "i"}]})
    found = reinserted(pod({"name": "x"}, **{ANNOTATION: text}))
    assert [each["name"] for each in found["spec"]["containers"]] == ["x", "app"]
    assert found["spec"]["initContainers"] == [{"name": "i"}]
    same = pod({"name": "app"}, **{ANNOTATION: '{"containers":[{"name":"app"}]}'})
    assert reinserted(same) is same


def test_a_memory_that_cannot_be_read_is_an_error() -> None:
    with pytest.raises(OverrideError, match=ANNOTATION):
        remembered(pod(**{ANNOTATION: "nonsense"}))


def meshed(init: str, args: list[str]) -> dict[str, Any]:
    final = pod({"name": "istio-proxy", "securityContext": {"runAsUser": 5}})
    final["spec"]["initContainers"] = [{"name": init, "args": args}]
    return final


def user(**context: int) -> dict[str, Any]:
    return pod({"name": "istio-proxy", "securityContext": context})


def test_the_rules_name_the_users_own_user() -> None:
    result = with_user(meshed("istio-init", ["-u", "1337", "-m"]), user(runAsUser=5), {})
    assert result["spec"]["initContainers"] == [{"name": "istio-init", "args": ["-u", "5", "-m"]}]


def test_a_validation_runs_as_the_proxy_does() -> None:
    result = with_user(meshed("istio-validation", []), user(runAsUser=5, runAsGroup=6), {})
    context = {"runAsUser": 5, "runAsGroup": 6}
    assert result["spec"]["initContainers"] == [{"name": "istio-validation", "args": [], "securityContext": context}]


def test_a_transparent_proxy_stays_root() -> None:
    result = with_user(meshed("istio-init", ["-u", "1337"]), user(runAsUser=5), {"interceptionMode": "TPROXY"})
    assert result["spec"]["containers"][0]["securityContext"] == {"runAsUser": 0}


def test_without_a_user_of_ones_own_nothing_changes() -> None:
    final = meshed("istio-init", ["-u", "1337"])
    assert with_user(final, pod({"name": "app"}), {}) is final
    assert with_user(final, user(runAsUser=0), {}) is final
