"""The quick look agrees with the decoder that says what is wrong."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pillion.inject.schema.check import Checker
from pillion.inject.schema.decode import Decoder
from pillion.inject.schema.types import table

KUBERNETES = table("kubernetes")
CHECKER = Checker(KUBERNETES, "Pod")

NAMES = sorted(field.json for struct in KUBERNETES.structs.values() for field in struct.fields if field.json)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.sampled_from(["", "1", "100m", "1Gi", "x"])
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


def problems(pod: dict[str, Any]) -> list[Any]:
    decoder = Decoder(KUBERNETES)
    decoder.struct(pod, KUBERNETES.structs["Pod"])
    return decoder.problems


def steps(document: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    pairs = document.items() if isinstance(document, dict) else enumerate(document)
    found: list[tuple[Any, ...]] = []
    for key, value in pairs:
        found.append((*path, key))
        if isinstance(value, dict | list):
            found += steps(value, (*path, key))
    return found


def pod() -> dict[str, Any]:
    container: dict[str, Any] = {
        "name": "a",
        "env": [{"name": "A", "value": "b"}, {"name": "B", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}],
        "ports": [{"containerPort": 80, "name": "http"}],
        "resources": {"limits": {"cpu": "1", "memory": 1.5}, "requests": {"cpu": 2}},
        "livenessProbe": {"httpGet": {"port": "http", "path": "/"}, "periodSeconds": 3},
        "securityContext": {"runAsUser": 1337, "privileged": False},
    }
    return {
        "metadata": {"name": "p", "labels": {"a": "b"}, "creationTimestamp": None},
        "spec": {"containers": [container], "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}]},
    }


def test_a_pod_that_is_right_fits() -> None:
    assert problems(pod()) == []
    assert CHECKER.fits(pod())


@pytest.mark.parametrize("path", steps(pod()), ids=lambda path: ".".join(map(str, path)))
@given(value=VALUES)
def test_both_say_the_same_of_any_value_anywhere(path: tuple[Any, ...], value: Any) -> None:
    document: Any = pod()
    inner = document
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    assert CHECKER.fits(document) == (problems(document) == [])


@given(spec=st.dictionaries(st.sampled_from(NAMES), VALUES))
def test_both_say_the_same_of_any_spec(spec: dict[str, Any]) -> None:
    assert CHECKER.fits({"spec": spec}) == (problems({"spec": spec}) == [])
