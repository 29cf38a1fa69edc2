"""Containers of a pod: found, moved, put in order."""

from typing import Any

import pytest

from pillion.inject.pod.containers import (
    everything,
    find,
    listed,
    move,
    ordered,
    replace,
    with_annotations,
    with_environment,
)


def pod(containers: str = "", init: str = "") -> dict[str, Any]:
    spec = {
        "containers": [{"name": name} for name in containers.split()],
        "initContainers": [{"name": name} for name in init.split()],
    }
    return {"metadata": {}, "spec": spec}


def names(document: dict[str, Any], group: str) -> list[str]:
    return [each["name"] for each in listed(document, group)]


def test_a_container_is_found_among_both() -> None:
    assert find("a", pod("a b")) == {"name": "a"}
    assert find("i", pod("a", "i")) == {"name": "i"}
    assert find("x", pod("a", "i")) is None
    assert [each["name"] for each in everything(pod("a", "i"))] == ["i", "a"]


@pytest.mark.parametrize("spec", [None, {}, {"containers": None}, {"containers": "x"}, {"containers": [1]}])
def test_what_is_no_list_of_maps_is_empty(spec: Any) -> None:
    assert listed({"spec": spec}, "containers") == []


def test_only_the_container_meant_is_replaced() -> None:
    document = pod("a b")
    other, meant = document["spec"]["containers"]
    changed = with_environment(document, meant, [{"name": "X"}])
    assert changed["spec"]["containers"] == [{"name": "a"}, {"name": "b", "env": [{"name": "X"}]}]
    assert changed["spec"]["containers"][0] is other
    assert replace(document, {"name": "a"}, {}) is document


@pytest.mark.parametrize(("place", "wanted"), [("first", "b a c"), ("last", "a c b"), ("away", "a c")])
def test_a_container_is_moved(place: Any, wanted: str) -> None:
    moved = move([{"name": name} for name in "abc"], "b", place)
    assert [each["name"] for each in moved] == wanted.split()


@pytest.mark.parametrize(
    ("containers", "init", "hold", "wanted", "wanted_init"),
    [
        ("istio-proxy app", "istio-init own", False, "app istio-proxy", "own istio-init"),
        ("app istio-proxy", "own istio-validation", True, "istio-proxy app", "istio-validation own"),
        (
            "app",
            "own enable-core-dump istio-proxy istio-init",
            False,
            "app",
            "istio-init istio-proxy enable-core-dump own",
        ),
        (
            "app istio-proxy",
            "enable-core-dump istio-init own",
            False,
            "app istio-proxy",
            "own istio-init enable-core-dump",
        ),
    ],
)
def test_the_order_of_a_meshed_pod(containers: str, init: str, hold: bool, wanted: str, wanted_init: str) -> None:
    document = ordered(pod(containers, init), hold=hold)
    assert names(document, "containers") == wanted.split()
    assert names(document, "initContainers") == wanted_init.split()


def test_annotations_are_added() -> None:
    assert with_annotations(pod(), {"a": "1"})["metadata"] == {"annotations": {"a": "1"}}
