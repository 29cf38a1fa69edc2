"""The way back, told by names."""

from typing import Any

import pytest

from pillion.inject.pod.containers import annotations
from pillion.inject.reversal import ANNOTATION, applied, restored, reversal, reversible


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"a": 1, "b": {"c": 2}}, {"a": 2, "b": {"c": 2, "d": 3}, "e": 4}),
        (
            {"items": [{"name": "a"}, {"name": "b", "x": 1}]},
            {"items": [{"name": "b", "x": 2}, {"name": "c"}, {"name": "a"}]},
        ),
        ({"items": []}, {"items": [{"name": "a"}]}),
        ({"items": [{"name": "a"}]}, {}),
        ({"args": ["1", "2"]}, {"args": ["1", "2", "3"]}),
        ({"a": None, "t": 1}, {"a": {}, "t": True}),
    ],
)
def test_a_reversal_leads_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert applied(after, reversal(after, before)) == before


def test_later_edits_survive() -> None:
    before = {"spec": {"containers": [{"name": "app"}]}}
    after = {"spec": {"containers": [{"name": "app"}, {"name": "istio-proxy"}], "volumes": [{"name": "v"}]}}
    way_back = reversal(after, before)
    after["spec"]["containers"].insert(0, {"name": "late"})
    assert applied(after, way_back) == {"spec": {"containers": [{"name": "late"}, {"name": "app"}]}}


def test_an_injected_pod_remembers_the_original() -> None:
    original = {"spec": {"containers": []}}
    injected = reversible(original, {"metadata": {"annotations": {"x": "1"}}, "spec": {"containers": [{"name": "p"}]}})
    assert ANNOTATION in annotations(injected)
    assert restored(injected) == original


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        "[" * 100_000,
        '{"-": 5}',
        '{"#": [5]}',
        '{"=": 5}',
        '{"~": {"spec": 5}}',
        '{"~": {"spec": {"-": "x"}}}',
        '{"~": {"a": ' * 60 + "{}" + "}}" * 60,
    ],
)
def test_a_pod_that_remembers_nothing_is_not_restored(text: str) -> None:
    assert restored({"metadata": {"annotations": {ANNOTATION: text}}, "spec": {}}) is None


def test_what_is_set_again_may_be_anything() -> None:
    pod = {"metadata": {}, "spec": {"containers": [{"name": "a"}, {"name": "b"}]}}
    change = {"~": {"spec": {"~": {"containers": {"=": {"a": 7}, "#": ["b"]}}}}}
    assert applied(pod, change)["spec"]["containers"] == [{"name": "b"}, 7]
