"""Whose an object is."""

from typing import Any

import pytest

from pillion.controlplane.serve import roots
from pillion.install.ownership import ownership

OURS = {"app.kubernetes.io/managed-by": "pillion"}


@pytest.mark.parametrize(
    ("labels", "manager", "whose"),
    [
        (OURS, "pillion-install", "ours"),
        (OURS, "pillion", "ours"),
        (OURS, roots.manager("istio-system"), "ours"),
        (OURS, "pillions", "handed-on"),
        (OURS, "kubectl", "handed-on"),
        ({}, "pillion", "foreign"),
    ],
)
def test_label_and_manager_tell_whose_it_is(labels: dict[str, Any], manager: str, whose: str) -> None:
    assert ownership({"metadata": {"labels": labels, "managedFields": [{"manager": manager}]}}) == whose
