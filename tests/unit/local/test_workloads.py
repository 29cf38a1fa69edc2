"""Workload documents to pods."""

from typing import Any

import pytest

from pillion.local.workloads import DesiredPod, Rollout, Workload, read

TEMPLATE = {
    "metadata": {"labels": {"app": "web"}, "annotations": {"a": "b"}},
    "spec": {"containers": [{"name": "app", "image": "web", "unknown": {"kept": True}}], "unknown": 1},
}


def document(kind: str, **spec: Any) -> dict[str, Any]:
    metadata = {"name": "web", "namespace": "ns"}
    return {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": {"template": TEMPLATE, **spec}}


def workload(kind: str, **spec: Any) -> Workload:
    made, problems = read(document(kind, **spec))
    assert problems == ()
    assert made is not None
    return made


def pods(kind: str, **spec: Any) -> tuple[DesiredPod, ...]:
    return workload(kind, **spec).pods


def test_a_deployments_pods_are_named_after_its_template() -> None:
    one, two = pods("Deployment", replicas=2)
    base, _, suffix = one.name.rpartition("-")
    assert base.startswith("web-")
    assert (len(base), len(suffix)) == (len("web-") + 10, 5)
    assert one.name != two.name
    metadata = one.document["metadata"]
    assert metadata["generateName"] == f"{base}-"
    assert metadata["labels"] == {"app": "web", "pod-template-hash": base.removeprefix("web-")}
    assert metadata["annotations"] == {"a": "b"}
    assert metadata["namespace"] == "ns"
    (owner,) = metadata["ownerReferences"]
    assert (owner["kind"], owner["name"], owner["controller"]) == ("ReplicaSet", base, True)


def test_what_is_not_understood_reaches_the_pod() -> None:
    assert pods("Deployment")[0].document["spec"] == TEMPLATE["spec"]


def test_names_are_the_same_at_every_start_and_when_scaled() -> None:
    few, many = pods("Deployment", replicas=2), pods("Deployment", replicas=30)
    assert [pod.name for pod in many[:2]] == [pod.name for pod in few]
    assert len({pod.name for pod in many}) == 30
    changed = pods("Deployment", replicas=2, template={**TEMPLATE, "spec": {"containers": [{"name": "new"}]}})
    assert {pod.name for pod in changed}.isdisjoint(pod.name for pod in few)
    assert changed[0].revision != few[0].revision


def test_replicas_and_strategy_are_no_part_of_the_template() -> None:
    assert pods("Deployment", strategy={"type": "Recreate"})[0] == pods("Deployment")[0]


def test_a_stateful_sets_pods_have_an_identity() -> None:
    _, second = pods("StatefulSet", replicas=2, serviceName="db")
    assert second.name == "web-1"
    assert (second.document["spec"]["hostname"], second.document["spec"]["subdomain"]) == ("web-1", "db")
    assert second.document["metadata"]["labels"]["apps.kubernetes.io/pod-index"] == "1"
    assert [pod.name for pod in pods("StatefulSet", ordinals={"start": 5})] == ["web-5"]


@pytest.mark.parametrize(
    ("kind", "spec", "count"),
    [
        ("ReplicaSet", {"replicas": 3}, 3),
        ("Deployment", {"replicas": 0}, 0),
        ("Deployment", {}, 1),
        ("DaemonSet", {}, 1),
        ("Job", {}, 1),
        ("Job", {"parallelism": 3, "completions": 2}, 2),
        ("Job", {"parallelism": 3}, 3),
    ],
)
def test_a_workload_has_its_number_of_pods(kind: str, spec: dict[str, Any], count: int) -> None:
    made = pods(kind, **spec)
    assert len(made) == count
    assert all(pod.document["metadata"]["ownerReferences"][0]["kind"] in {kind, "ReplicaSet"} for pod in made)


def test_a_pod_is_taken_as_it_is_but_for_its_status() -> None:
    bare = {"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "a"}]}, "status": {"phase": "x"}}
    made, _ = read(bare)
    assert made is not None
    (pod,) = made.pods
    assert (pod.name, str(made.ref)) == ("p", "Pod default/p")
    assert pod.document == {**{k: bare[k] for k in ("kind", "spec")}, "metadata": {"name": "p", "namespace": "default"}}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        ({}, Rollout(surge=1, unavailable=1)),
        ({"rollingUpdate": {"maxSurge": "50%", "maxUnavailable": 0}}, Rollout(surge=2)),
        ({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}}, Rollout(unavailable=1)),
        ({"type": "Recreate"}, Rollout(strategy="Recreate")),
    ],
)
def test_a_deployments_strategy_is_read(strategy: dict[str, Any], expected: Rollout) -> None:
    assert workload("Deployment", replicas=4, strategy=strategy).rollout == expected


def test_the_other_strategies_are_read() -> None:
    assert workload("StatefulSet").rollout == Rollout(strategy="Ordered", unavailable=1, ordered=True)
    assert not workload("StatefulSet", podManagementPolicy="Parallel").rollout.ordered
    assert workload("StatefulSet", updateStrategy={"type": "OnDelete"}).rollout.strategy == "OnDelete"
    assert workload("DaemonSet").rollout == Rollout(unavailable=1)
    assert workload("DaemonSet", updateStrategy={"type": "OnDelete"}).rollout.strategy == "OnDelete"


@pytest.mark.parametrize(
    ("broken", "code", "field"),
    [
        (document("Deployment", template={}), "no-containers", "spec.template.spec.containers"),
        (
            document("Deployment", template={"spec": {"containers": []}}),
            "no-containers",
            "spec.template.spec.containers",
        ),
        ({"kind": "Pod", "metadata": {"name": "web"}, "spec": "nonsense"}, "no-containers", "spec.containers"),
        (document("CronJob"), "unknown-workload", "kind"),
        ({"kind": "Deployment"}, "no-containers", "spec.template.spec.containers"),
    ],
)
def test_a_mistake_is_told_by_its_field(broken: dict[str, Any], code: str, field: str) -> None:
    made, (problem,) = read(broken)
    assert made is None
    assert (problem.code, problem.where.field) == (code, field)


def test_a_slip_in_the_name_of_containers_is_told() -> None:
    _, (problem,) = read(document("Deployment", template={"spec": {"contaners": []}}))
    assert problem.hint == "did you mean containers, where it says contaners?"


@pytest.mark.parametrize("count", [-1, "3", True, 1.5])
def test_a_count_that_is_none_is_told_and_taken_as_one(count: object) -> None:
    made, problems = read(document("ReplicaSet", replicas=count))
    assert made is not None
    assert len(made.pods) == 1
    assert {problem.code for problem in problems} == {"bad-count"}
