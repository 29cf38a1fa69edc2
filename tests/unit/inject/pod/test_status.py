"""The record of an injection."""

from typing import Any

import pytest

from pillion.inject.pod.status import ANNOTATION, names, read, record, stripped

RECORD = (
    '{"initContainers":["istio-init"],"containers":["istio-proxy"],"volumes":null,"imagePullSecrets":null,'
    '"revision":"default"}'
)


def test_a_record_names_what_a_template_brings() -> None:
    template = {"spec": {"initContainers": [{"name": "istio-init"}], "containers": [{"name": "istio-proxy"}]}}
    assert record(template, "") == RECORD
    assert record({}, "blue").endswith('"revision":"blue"}')


def pod(status: str | None, **found: str) -> dict[str, Any]:
    annotations = found | ({} if status is None else {ANNOTATION: status})
    spec = {"containers": [{"name": "app"}, {"name": "istio-proxy"}], "initContainers": [{"name": "istio-init"}]}
    return {"metadata": {"annotations": annotations}, "spec": spec}


def test_an_earlier_injection_is_taken_off() -> None:
    found = {"prometheus.io/port": "15020", "prometheus.io/path": "/stats/prometheus", "x": "1"}
    result = stripped(pod(RECORD, **found), 15020)
    assert result == {
        "metadata": {"annotations": {"x": "1"}},
        "spec": {"containers": [{"name": "app"}], "initContainers": []},
    }


def test_annotations_that_point_elsewhere_are_the_users() -> None:
    result = stripped(pod(RECORD, **{"prometheus.io/port": "80"}), 15020)
    assert result["metadata"]["annotations"] == {"prometheus.io/port": "80"}


@pytest.mark.parametrize("status", [None, "nonsense", "[]"])
def test_without_a_record_nothing_is_taken_off(status: str | None) -> None:
    document = pod(status)
    assert read(document) is None
    assert stripped(document, 15020) is document


def test_names_of_a_record() -> None:
    assert names({"containers": ["a", 1]}, "containers") == ["a"]
    assert names({"containers": None}, "containers") == []
    assert names(None, "containers") == []
