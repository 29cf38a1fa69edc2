"""Where documents hold pods."""

import pytest

from pillion.inject.documents import (
    go_type_of,
    is_list,
    place_of,
    pod_as_written,
    pod_in,
    with_pod,
    with_pod_as_written,
)


@pytest.mark.parametrize(
    ("version", "kind", "spec"),
    [
        ("v1", "Pod", ("spec",)),
        ("v1", "ReplicationController", ("spec", "template", "spec")),
        ("apps/v1", "Deployment", ("spec", "template", "spec")),
        ("apps/v1", "StatefulSet", ("spec", "template", "spec")),
        ("batch/v1", "Job", ("spec", "template", "spec")),
        ("batch/v1", "CronJob", ("spec", "jobTemplate", "spec", "template", "spec")),
        ("apps.openshift.io/v1", "DeploymentConfig", ("spec", "template", "spec")),
    ],
)
def test_every_workload_kind_has_its_place(version: str, kind: str, spec: tuple[str, ...]) -> None:
    place = place_of({"apiVersion": version, "kind": kind})
    assert place is not None
    assert place.spec == spec


@pytest.mark.parametrize(
    ("version", "kind"), [("v1", "Service"), ("apps/v1beta1", "Deployment"), ("", ""), ("v1", "List")]
)
def test_other_documents_hold_none(version: str, kind: str) -> None:
    assert place_of({"apiVersion": version, "kind": kind}) is None


def test_a_list_has_items() -> None:
    assert is_list({"apiVersion": "v1", "kind": "List", "items": []})
    assert not is_list({"apiVersion": "v1", "kind": "List"})
    assert go_type_of({"apiVersion": "v1", "kind": "List"}) == "List"
    assert go_type_of({"apiVersion": "v1", "kind": "Service"}) is None


def test_a_pod_is_put_where_it_was_and_the_rest_is_shared() -> None:
    selector = {"matchLabels": {}}
    document = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "spec": {"selector": selector, "template": {"spec": {"a": 1}}},
    }
    place = place_of(document)
    assert place is not None
    assert pod_in(document, place) == {"metadata": {}, "spec": {"a": 1}}
    changed = with_pod(document, place, {"metadata": {"x": 1}, "spec": {"a": 2}})
    assert changed["spec"]["template"] == {"metadata": {"x": 1}, "spec": {"a": 2}}
    assert changed["spec"]["selector"] is selector


def test_metadata_that_is_not_there_stays_away() -> None:
    document = {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": {"spec": {}}}}
    place = place_of(document)
    assert place is not None
    assert pod_as_written(document, place) == {"spec": {}}
    injected = with_pod(document, place, {"metadata": {"x": 1}, "spec": {}})
    assert with_pod_as_written(injected, place, {"spec": {}}) == document
