"""Which ProxyConfig resources count for a pod, and which of two says the last word."""

from collections.abc import Mapping
from typing import Any

import pytest

from pillion.inject.rendering.proxy_configs import Shelves, of_namespaces, of_workload
from pillion.resources.istio.proxy_config import ProxyConfig, ProxyConfigSpec, ProxyImage
from pillion.resources.istio.workload import WorkloadSelector
from pillion.resources.meta import Metadata
from pillion.value import FrozenMap, Labels

ROOT = "istio-system"
MESH: dict[str, Any] = {"concurrency": 1, "proxyMetadata": {"A": "mesh", "B": "mesh"}, "statusPort": 15020}


def config(namespace: str, selected: Mapping[str, str] | None = None, **fields: Any) -> ProxyConfig:
    """Make a resource; with `selected`, even if empty, it has a selector."""
    selector = None if selected is None else WorkloadSelector(match_labels=Labels(selected))
    spec = ProxyConfigSpec(selector=selector, **fields)
    return ProxyConfig(metadata=Metadata(name="it", namespace=namespace), spec=spec)


def shelves(*configs: ProxyConfig) -> Shelves:
    names = {each.metadata.namespace for each in configs}
    return FrozenMap({name: tuple(each for each in configs if each.metadata.namespace == name) for name in names})


def chosen(configs: Shelves, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    return of_workload(configs, namespace, Labels(labels), of_namespaces(configs, ROOT, namespace, MESH))


def test_with_no_resource_the_mesh_counts() -> None:
    assert chosen(shelves()) is MESH


def test_root_then_namespace_then_workload_and_variables_are_merged() -> None:
    everywhere = config(ROOT, concurrency=2, environment_variables=Labels({"B": "root", "C": "root"}))
    here = config("shop", concurrency=3, environment_variables=Labels({"C": "shop"}))
    web = config("shop", {"app": "web"}, concurrency=0, image=ProxyImage(image_type="debug"))
    configs = shelves(everywhere, here, web)
    assert chosen(configs, "other") == {
        **MESH,
        "concurrency": 2,
        "proxyMetadata": {"A": "mesh", "B": "root", "C": "root"},
    }
    variables = {"A": "mesh", "B": "root", "C": "shop"}
    assert chosen(configs, app="api") == {**MESH, "concurrency": 3, "proxyMetadata": variables}
    whole = {**MESH, "concurrency": 0, "proxyMetadata": variables, "image": {"imageType": "debug"}}
    assert chosen(configs, app="web", tier="front") == whole


def test_the_oldest_of_a_kind_counts_alone() -> None:
    assert chosen(shelves(config("shop", concurrency=2), config("shop", concurrency=3)))["concurrency"] == 2
    two = shelves(config("shop", {"app": "web"}, concurrency=2), config("shop", {"tier": "a"}, concurrency=3))
    assert chosen(two, app="web", tier="a")["concurrency"] == 2


@pytest.mark.parametrize(
    "resource",
    [
        config("shop", {}, concurrency=7),
        config("shop", {"app": "api"}, concurrency=7),
        config("other", concurrency=7),
        config("other", {"app": "web"}, concurrency=7),
        config(ROOT, {"app": "web"}, concurrency=7),
        config("shop"),
        config("shop", image=ProxyImage()),
    ],
    ids=[
        "empty selector",
        "other labels",
        "other namespace",
        "labels elsewhere",
        "labels in the root",
        "empty",
        "image",
    ],
)
def test_what_does_not_count(resource: ProxyConfig) -> None:
    assert chosen(shelves(resource), app="web") == MESH


def test_in_the_root_namespace_a_selector_is_for_its_own_pods() -> None:
    assert chosen(shelves(config(ROOT, {"app": "web"}, concurrency=7)), ROOT, app="web")["concurrency"] == 7
