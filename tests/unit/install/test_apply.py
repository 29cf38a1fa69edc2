"""When a Deployment works."""

from typing import Any

import pytest

from pillion.install.apply import rollout_problem

GOOD = {"observedGeneration": 2, "replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (GOOD, ""),
        ({}, "is not looked at yet by the cluster's controllers"),
        (GOOD | {"availableReplicas": 1}, "1 of 2 replicas are available, 2 up to date"),
        (GOOD | {"updatedReplicas": 1}, "2 of 2 replicas are available, 1 up to date"),
        (GOOD | {"replicas": 3}, "2 of 2 replicas are available, 2 up to date"),
    ],
)
def test_what_a_deployment_lacks(status: dict[str, Any], problem: str) -> None:
    assert rollout_problem({"metadata": {"generation": 2}, "spec": {"replicas": 2}, "status": status}) == problem


def test_a_deployment_that_is_gone() -> None:
    assert rollout_problem(None) == "is gone"
