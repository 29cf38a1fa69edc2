"""What the sidecar asks for."""

from decimal import Decimal
from typing import Any

import pytest

from pillion.analysis.injection.resources import added, amount_of, written


def container(name: str, **resources: Any) -> dict[str, Any]:
    return {"name": name, "resources": resources}


@pytest.mark.parametrize(
    ("text", "amount"), [("100m", "0.1"), ("1Gi", "1073741824"), ("2", "2"), ("1.5k", "1500"), ("much", "0")]
)
def test_amounts(text: str, amount: str) -> None:
    assert amount_of(text) == Decimal(amount)


@pytest.mark.parametrize(("amount", "name", "text"), [("0.35", "cpu", "350m"), ("134217728", "memory", "128Mi")])
def test_written(amount: str, name: str, text: str) -> None:
    assert written(Decimal(amount), name) == text


def test_containers_that_keep_running_count() -> None:
    before = {"spec": {"containers": [container("app", requests={"cpu": "1"})]}}
    proxy = container("istio-proxy", requests={"cpu": "100m", "memory": "128Mi"}, limits={"cpu": "2"})
    native = {"spec": before["spec"] | {"initContainers": [proxy | {"restartPolicy": "Always"}, container("init")]}}
    beside = {"spec": {"containers": [*before["spec"]["containers"], proxy]}}
    for after in (native, beside):
        totals = added(before, after)
        assert dict(totals.requests) == {"cpu": "100m", "memory": "128Mi"}
        assert dict(totals.limits) == {"cpu": "2"}
