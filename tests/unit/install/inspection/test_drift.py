import json
from typing import Any

import pytest

from pillion.install.inspection.drift import drift

RECORD = {"sidecar.istio.io/status": json.dumps({"containers": ["istio-proxy"], "volumes": ["workload-socket"]})}


def pod(**fields: Any) -> dict[str, Any]:
    """A pod whose proxy has these fields."""
    proxy: dict[str, Any] = {"name": "istio-proxy", "image": "pillion/pillion:1", "env": [{"name": "A", "value": "1"}]}
    spec = {"containers": [{"name": "app"}, {**proxy, **fields}], "volumes": [{"name": "workload-socket"}]}
    return {"metadata": {"annotations": RECORD}, "spec": spec}


def test_what_an_api_server_fills_in_is_no_drift() -> None:
    live = pod(
        imagePullPolicy="Always",
        terminationMessagePath="/dev/termination-log",
        env=[{"name": "A", "value": "1"}],
        ports=[{"containerPort": 15090, "protocol": "TCP"}],
        resources={"limits": {"cpu": "2"}},
        volumeMounts=[{"name": "kube-api-access-x", "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount"}],
    )
    live["spec"]["volumes"] = [{"name": "workload-socket", "emptyDir": {}}]
    wanted = pod(ports=[{"containerPort": 15090}], resources={"limits": {"cpu": "2000m"}}, volumeMounts=[])
    assert drift(live, wanted) == ()


@pytest.mark.parametrize(
    ("live", "told"),
    [
        (
            pod(image="pillion/pillion:0"),
            "containers.istio-proxy.image is 'pillion/pillion:0', would be 'pillion/pillion:1'",
        ),
        (pod(env=[]), "containers.istio-proxy.env.A is missing"),
        (pod(env=[{"name": "A", "value": "1"}, {"name": "B"}]), "containers.istio-proxy.env.B is not set any more"),
        (pod(lifecycle={"preStop": {}}), "containers.istio-proxy.lifecycle is not set any more"),
        (pod(name="other"), "containers.istio-proxy is missing"),
    ],
)
def test_a_field_that_injection_would_write_otherwise_is_named(live: dict[str, Any], told: str) -> None:
    assert drift(live, pod()) == (told,)


def test_a_container_that_is_not_made_any_more_is_named() -> None:
    fresh = pod()
    fresh["spec"]["containers"] = [{"name": "app"}]
    assert drift(pod(), fresh) == ("containers.istio-proxy is not made any more",)
