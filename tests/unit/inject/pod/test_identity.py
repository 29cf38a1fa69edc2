"""Who a pod is."""

from typing import Any

import pytest

from pillion.inject.pod.identity import proxy_ids, with_variables, without_borrowed_user, workload_of
from pillion.value import Labels


def owned(kind: str, name: str, version: str = "apps/v1", **labels: str) -> dict[str, Any]:
    owner = {"apiVersion": version, "kind": kind, "name": name, "controller": True}
    own = {key.replace("_", "-"): value for key, value in labels.items()}
    metadata = {"namespace": "shop", "generateName": "x-", "ownerReferences": [owner], "labels": own}
    return {"metadata": metadata}


@pytest.mark.parametrize(
    ("pod", "kind", "name", "version"),
    [
        ({"metadata": {"name": "p", "namespace": "shop"}}, "Pod", "p", "v1"),
        (owned("ReplicaSet", "web-5f", pod_template_hash="5f"), "Deployment", "web", "apps/v1"),
        (owned("ReplicaSet", "web-5f"), "ReplicaSet", "web-5f", "apps/v1"),
        (owned("ReplicaSet", "web-5f", rollouts_pod_template_hash="5f"), "Rollout", "web", "v1alpha1"),
        (owned("ReplicationController", "web-1", "v1", deploymentconfig="web"), "DeploymentConfig", "web", "v1"),
        (owned("Job", "sweep-28390001", "batch/v1"), "CronJob", "sweep", "batch/v1"),
        (owned("Job", "sweep-1", "batch/v1"), "Job", "sweep-1", "batch/v1"),
        (owned("StatefulSet", "db"), "StatefulSet", "db", "apps/v1"),
    ],
)
def test_the_workload_of_a_pod(pod: dict[str, Any], kind: str, name: str, version: str) -> None:
    found = workload_of(pod)
    assert (found.kind, found.name, found.api_version, found.namespace) == (kind, name, version, "shop")


def test_an_owner_that_does_not_control_is_none() -> None:
    pod = owned("ReplicaSet", "web")
    pod["metadata"]["ownerReferences"][0]["controller"] = False
    assert workload_of(pod).kind == "Pod"


@pytest.mark.parametrize(
    ("annotations", "wanted"),
    [
        ({}, (1337, 1337)),
        ({"uid-range": "1000/10"}, (1009, 1009)),
        ({"uid-range": "1000-1004", "supplemental-groups": "2000/5,3000/5"}, (1004, 2004)),
        ({"uid-range": "nonsense", "supplemental-groups": "1/1,x"}, (1337, 1337)),
    ],
)
def test_openshift_says_which_user(annotations: dict[str, str], wanted: tuple[int, int]) -> None:
    assert proxy_ids(Labels({f"openshift.io/sa.scc.{key}": value for key, value in annotations.items()})) == wanted


def test_a_user_that_is_the_applications_too_is_not_the_proxys() -> None:
    def pod(ours: int) -> dict[str, Any]:
        app = {"name": "app", "securityContext": {"runAsUser": 5}}
        return {"spec": {"containers": [app, {"name": "istio-proxy", "securityContext": {"runAsUser": ours, "x": 1}}]}}

    assert without_borrowed_user(pod(5))["spec"]["containers"][1]["securityContext"] == {"x": 1}
    assert without_borrowed_user(pod(6)) == pod(6)


def test_variables_of_the_url_replace_the_templates_and_come_last() -> None:
    pod = {"spec": {"containers": [{"name": "istio-proxy", "env": [{"name": "B", "value": "0"}, {"name": "X"}]}]}}
    changed = with_variables(pod, {"B": "2", "A": "1"})
    wanted = [{"name": "X"}, {"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    assert changed["spec"]["containers"][0]["env"] == wanted
    assert with_variables({"spec": {}}, {"A": "1"}) == {"spec": {}}
