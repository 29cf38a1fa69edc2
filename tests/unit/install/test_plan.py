"""What becomes of an object that is wanted."""

from typing import Any

import pytest

from pillion.install.manifest import manifest
from pillion.install.plan import changed_fields, compared, step_away, step_for


def document(kind: str = "Service", label: str = "pillion", manager: str = "pillion-install") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": kind,
        "metadata": {
            "name": "one",
            "labels": {"app.kubernetes.io/managed-by": label},
            "managedFields": [
                {"manager": manager, "operation": "Apply"},
                {"manager": "kubelet", "subresource": "status"},
            ],
        },
        "spec": {"a": 1},
    }


WANTED = manifest({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "one"}})


@pytest.mark.parametrize(
    ("label", "manager", "adopt", "action"),
    [
        ("pillion", "pillion-install", False, "change"),
        ("pillion", "pillion", False, "change"),
        ("pillion", "kubectl", False, "refuse"),
        ("pillion", "kubectl", True, "change"),
        ("Helm", "helm", False, "refuse"),
        ("Helm", "helm", True, "refuse"),
        ("", "pillion-install", False, "refuse"),
    ],
)
def test_only_what_is_ours_is_changed(label: str, manager: str, adopt: bool, action: str) -> None:
    step = step_for(WANTED, document(label=label, manager=manager), adopt=adopt)
    assert step.action == action
    assert (manager in step.reason) == (action == "refuse")


def test_what_is_not_wanted_any_more_goes_if_it_is_ours() -> None:
    step = step_away(WANTED, document())
    assert step is not None
    assert step.action == "remove"
    assert step_away(WANTED, document(manager="gitops")) is None
    assert step_away(WANTED, None) is None


def test_what_is_not_there_is_made() -> None:
    assert step_for(WANTED, None).action == "create"


@pytest.mark.parametrize("kind", ["Namespace", "CustomResourceDefinition"])
def test_what_serves_us_as_it_is_stays_as_it_is(kind: str) -> None:
    wanted = manifest({"apiVersion": "v1", "kind": kind, "metadata": {"name": "one"}})
    step = step_for(wanted, document(kind, label="Helm", manager="helm"))
    assert (step.action, step.reason) == ("leave", "is there already, made by helm")


def test_what_the_server_counts_itself_is_no_change() -> None:
    after = document()
    after["metadata"] |= {"resourceVersion": "2", "generation": 2}
    after["status"] = {"ready": True}
    step = compared(step_for(WANTED, document()), document(), after)
    assert (step.action, step.reason) == ("unchanged", "")


def test_a_change_is_told_by_its_fields() -> None:
    after = document() | {"spec": {"a": 2, "b": {"c": [1]}}}
    assert compared(step_for(WANTED, document()), document(), after).reason == "spec.a, spec.b"


def test_changed_fields_go_down_to_what_differs() -> None:
    assert changed_fields({"a": {"b": 1, "c": 2}, "l": [1]}, {"a": {"b": 1, "c": 3}, "l": [2]}) == ["a.c", "l"]
    assert changed_fields({}, {}) == []
