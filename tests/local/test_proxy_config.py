"""A ProxyConfig counts for the pods that are made after it: what it says is in the proxies that then run."""

import json
from collections.abc import Iterator

import pytest

from local.load import deployment, joined, namespace
from local.meshes import RunningMesh, running_mesh

pytestmark = [pytest.mark.root, pytest.mark.envoy]

CONFIGS = """
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: everybody, namespace: istio-system}
spec: {concurrency: 1, environmentVariables: {ISTIO_META_COLOUR: red, ISTIO_META_SHAPE: round}}
---
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  concurrency: 3
  environmentVariables: {ISTIO_META_COLOUR: blue}
"""
LATER = """
apiVersion: networking.istio.io/v1beta1
kind: ProxyConfig
metadata: {name: api, namespace: shop}
spec:
  selector: {matchLabels: {app: api}}
  concurrency: 2
"""


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    folder = tmp_path_factory.mktemp("proxy-configs")
    pods = (deployment("shop", name) for name in ("web", "api", "other"))
    (folder / "world.yaml").write_text(joined(namespace("shop"), *pods, CONFIGS))
    with running_mesh("test-proxy-configs", folder) as running:
        yield running


def shown(mesh: RunningMesh, name: str) -> tuple[int, str, str]:
    """Ask a pod's Envoy how many threads it runs with, and what it says of itself."""
    key = mesh.mesh.pods.find(f"shop/{name}")
    assert key is not None
    asked = ["curl", "-s", "http://127.0.0.1:15000/server_info"]
    info = json.loads(mesh.do(mesh.mesh.kubelet.exec_captured(key, "istio-proxy", asked, b"")).stdout)
    metadata = info["node"]["metadata"]
    return info["command_line_options"]["concurrency"], metadata["COLOUR"], metadata["SHAPE"]


def test_the_resource_that_selects_the_workload_counts_over_the_mesh_wide_one(mesh: RunningMesh) -> None:
    assert shown(mesh, "web") == (3, "blue", "round")
    assert shown(mesh, "other") == (1, "red", "round")


def test_a_later_resource_counts_for_the_pods_that_come_after_it(mesh: RunningMesh) -> None:
    key = mesh.mesh.pods.find("shop/api")
    assert key is not None
    mesh.apply(LATER)
    assert shown(mesh, "api")[0] == 1
    mesh.loop.call_soon_threadsafe(mesh.mesh.pods.restart, [key])
    mesh.until(lambda all_of_it: key not in all_of_it.pods.running())
    mesh.ready()
    assert shown(mesh, "api") == (2, "red", "round")
