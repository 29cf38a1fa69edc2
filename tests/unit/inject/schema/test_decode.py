"""Documents as Go's decoder sees them."""

from typing import Any

import pytest

from pillion.inject.schema.decode import Decoder
from pillion.inject.schema.types import table

KUBERNETES = table("kubernetes")


def decode(spec: dict[str, Any]) -> tuple[dict[str, Any], list[tuple[Any, str]]]:
    decoder = Decoder(KUBERNETES)
    return decoder.struct(spec, KUBERNETES.structs["PodSpec"]), decoder.problems


def test_what_says_nothing_becomes_null() -> None:
    decoded, problems = decode({"hostNetwork": False, "nodeName": "", "priority": 0, "dnsPolicy": None})
    assert decoded == {"hostNetwork": None, "nodeName": None, "priority": 0, "dnsPolicy": None}
    assert problems == []


def test_quantities_become_canonical_and_the_unknown_stays() -> None:
    container = {"name": "a", "resources": {"limits": {"cpu": 2, "memory": "1024Mi"}}, "future": {"x": False}}
    decoded, problems = decode({"containers": [container]})
    assert decoded["containers"][0]["resources"] == {"limits": {"cpu": "2", "memory": "1Gi"}}
    assert decoded["containers"][0]["future"] == {"x": False}
    assert problems == []


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"hostNetwork": "yes"}, ("hostNetwork",)),
        ({"nodeName": 5}, ("nodeName",)),
        ({"priority": True}, ("priority",)),
        ({"containers": {}}, ("containers",)),
        ({"containers": [None]}, ("containers", 0)),
        ({"containers": ["a"]}, ("containers", 0)),
        ({"nodeSelector": {"a": 1}}, ("nodeSelector", "a")),
        ({"nodeSelector": []}, ("nodeSelector",)),
        ({"overhead": {"cpu": "lots"}}, ("overhead", "cpu")),
        (
            {"containers": [{"livenessProbe": {"httpGet": {"port": 1.5}}}]},
            ("containers", 0, "livenessProbe", "httpGet", "port"),
        ),
    ],
)
def test_a_wrong_type_is_named(spec: dict[str, Any], path: tuple[Any, ...]) -> None:
    _, problems = decode(spec)
    assert [where for where, _ in problems] == [path]
