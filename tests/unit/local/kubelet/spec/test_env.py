"""A container's environment, as Kubernetes computes it."""

from collections.abc import Mapping
from typing import Any

import pytest

from pillion.local.kubelet.spec import env
from pillion.local.kubelet.spec.pod import Container, Pod, decode

FACTS = env.PodFacts(node_name="here", host_ip="10.0.0.1", pod_ips=("10.244.0.5", "fd00::5"), cpus=2.0, memory=2.0**30)
OBJECTS = {("ConfigMap", "c"): {"A": "1", "B": "2"}, ("Secret", "s"): {"password": "$(A)"}}


def lookup(kind: str, name: str) -> Mapping[str, str] | None:
    return OBJECTS.get((kind, name))


def pod_with(container: dict[str, Any], **spec: Any) -> tuple[Pod, Container]:
    document = {
        "metadata": {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}, "annotations": {"a/b": 'x"y'}},
        "spec": {"serviceAccountName": "seller", "containers": [{"name": "c", **container}], **spec},
    }
    pod, diagnostics = decode(document)
    assert pod
    assert diagnostics == ()
    return pod, pod.spec.containers[0]


def computed(container: dict[str, Any], base: Mapping[str, str] | None = None) -> dict[str, str]:
    pod, spec = pod_with(container)
    return dict(env.environment(spec, pod, FACTS, lookup, base or {}))


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$(A)-$(B)", "1-2"),
        ("$(UNKNOWN)", "$(UNKNOWN)"),
        ("$$(A)", "$(A)"),
        ("$$$(A)", "$1"),
        ("$A $() $", "$A $() $"),
    ],
)
def test_references_are_expanded(text: str, expanded: str) -> None:
    assert env.expand(text, {"A": "1", "B": "2"}) == expanded


def test_a_variable_sees_those_before_it() -> None:
    variables = [{"name": "X", "value": "1"}, {"name": "Y", "value": "$(X)$(Z)"}, {"name": "Z", "value": "$(Y)"}]
    assert computed({"env": variables}) == {"X": "1", "Y": "1$(Z)", "Z": "1$(Z)"}


def test_whole_objects_come_first_and_single_variables_win() -> None:
    found = computed(
        {
            "envFrom": [{"prefix": "P_", "configMapRef": {"name": "c"}}, {"secretRef": {"name": "s"}}],
            "env": [{"name": "P_B", "value": "mine"}],
        },
        base={"PATH": "/bin"},
    )
    assert found == {"PATH": "/bin", "P_A": "1", "P_B": "mine", "password": "$(A)"}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("metadata.name", "web-0"),
        ("metadata.namespace", "shop"),
        ("metadata.labels['app']", "web"),
        ("metadata.labels['none']", ""),
        ("metadata.labels", 'app="web"'),
        ("metadata.annotations", 'a/b="x\\"y"'),
        ("spec.serviceAccountName", "seller"),
        ("spec.nodeName", "here"),
        ("status.podIP", "10.244.0.5"),
        ("status.podIPs", "10.244.0.5,fd00::5"),
        ("status.hostIP", "10.0.0.1"),
    ],
)
def test_fields_of_the_pod(path: str, value: str) -> None:
    assert computed({"env": [{"name": "X", "valueFrom": {"fieldRef": {"fieldPath": path}}}]}) == {"X": value}


@pytest.mark.parametrize(
    ("limits", "resource", "divisor", "value"),
    [
        ({"cpu": "1500m"}, "limits.cpu", "1", "2"),
        ({"cpu": "100m"}, "limits.cpu", "1m", "100"),
        ({"cpu": 2}, "limits.cpu", "0", "2"),
        ({"memory": "128Mi"}, "limits.memory", "1Mi", "128"),
        ({}, "limits.cpu", "1", "2"),
        ({}, "limits.memory", "1Gi", "1"),
        ({}, "requests.cpu", "1", "0"),
    ],
)
def test_resources(limits: dict[str, Any], resource: str, divisor: str, value: str) -> None:
    reference = {"resource": resource, "divisor": divisor}
    container = {
        "resources": {"limits": limits},
        "env": [{"name": "X", "valueFrom": {"resourceFieldRef": reference}}],
    }
    assert computed(container) == {"X": value}


def test_keys_of_objects() -> None:
    key = {"configMapKeyRef": {"name": "c", "key": "B"}}
    optional = {"secretKeyRef": {"name": "none", "key": "k", "optional": True}}
    variables = [{"name": "X", "valueFrom": key}, {"name": "Y", "valueFrom": optional}]
    assert computed({"env": variables}) == {"X": "2"}


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"configMapKeyRef": {"name": "none", "key": "k"}}, "ConfigMap none not found"),
        ({"secretKeyRef": {"name": "s", "key": "k"}}, "Secret s has no key k"),
        ({"fieldRef": {"fieldPath": "spec.nothing"}}, "field spec.nothing"),
    ],
)
def test_what_is_missing_is_named(source: dict[str, Any], message: str) -> None:
    with pytest.raises(env.MissingReferenceError, match=message):
        computed({"env": [{"name": "X", "valueFrom": source}]})


@pytest.mark.parametrize(
    ("text", "amount"), [("100m", 0.1), ("1.5", 1.5), ("2Ki", 2048), ("1e3", 1000), ("3G", 3e9), ("x", 0), ("1.1.1", 0)]
)
def test_quantities(text: str, amount: float) -> None:
    assert env.quantity(text) == pytest.approx(amount)
