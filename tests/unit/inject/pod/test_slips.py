"""What Kubernetes will not understand of a document."""

from typing import Any

import pytest

from pillion.inject.pod.slips import hint_of_containers, slips


def deployment(spec: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    template = {"metadata": metadata, "spec": spec}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}, "spec": {"template": template}}


def told(document: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    return [(each.severity, each.code, each.where.field, each.hint) for each in slips(document)]


def test_a_misspelt_field_is_a_warning_and_missing_containers_are_an_error() -> None:
    assert told(deployment({"contaners": [{"name": "a"}]})) == [
        ("warning", "unknown-field", "spec.template.spec.contaners", "did you mean containers?"),
        (
            "error",
            "no-containers",
            "spec.template.spec.containers",
            "did you mean containers, where it says contaners?",
        ),
    ]


def test_the_fields_around_the_template_are_looked_at_too() -> None:
    document = deployment({"containers": [{"name": "a"}]})
    document["spec"]["replica"] = 2
    document["status"] = {"whatever": 1}
    assert told(document) == [("warning", "unknown-field", "spec.replica", "did you mean replicas?")]


def test_items_of_a_list_are_told_where_they_stand() -> None:
    whole = {"apiVersion": "v1", "kind": "List", "items": [None, deployment({"containers": []})]}
    assert told(whole) == [("error", "no-containers", "items[1].spec.template.spec.containers", "")]


def test_a_template_that_is_asked_for_may_bring_the_containers() -> None:
    assert told(deployment({}, annotations={"inject.istio.io/templates": "gateway"})) == []


@pytest.mark.parametrize(
    ("version", "kind", "meant"),
    [
        ("apps/v1", "Deploymnt", "Deployment"),
        ("apps/v1", "daemonset", "DaemonSet"),
        ("batch/v1", "Cronjob", "CronJob"),
        ("v1", "Pods", "Pod"),
    ],
)
def test_a_slip_in_the_kind_of_a_workload_is_a_warning(version: str, kind: str, meant: str) -> None:
    found = {"apiVersion": version, "kind": kind, "metadata": {"name": "x"}}
    assert told(found) == [("warning", "unknown-kind", "kind", f"did you mean {meant}?")]


CORE = (
    "Binding ComponentStatus ConfigMap Endpoints Event LimitRange Namespace Node PersistentVolume "
    "PersistentVolumeClaim PodList PodTemplate ResourceQuota Secret Service ServiceAccount ServiceList"
)


@pytest.mark.parametrize(
    ("version", "kind"),
    [
        *(("v1", kind) for kind in CORE.split()),
        ("apps/v1", "ControllerRevision"),
        ("apps/v1", "DeploymentList"),
        ("batch/v1", "JobList"),
        ("example.com/v1", "Deploymnt"),
        ("apps/v1", None),
        (None, "Deployment"),
    ],
)
def test_other_kinds_are_nobodys_business(version: str | None, kind: str | None) -> None:
    assert slips({"apiVersion": version, "kind": kind}) == ()


def test_init_containers_are_no_slip_of_containers() -> None:
    assert hint_of_containers({"initContainers": []}) == ""
    assert hint_of_containers({"container": []}) == "did you mean containers, where it says container?"
