"""The webhook makes native sidecars when every node of a real API server can run them."""

import asyncio
from pathlib import Path

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.sources.kubernetes.access import from_kubeconfig
from support.webhook import Client, patched, plan, pod, serving

pytestmark = pytest.mark.root
NODES = "/api/v1/nodes"


def node(control: Control, name: str, version: str) -> None:
    names = ("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "containerRuntimeVersion")
    rest = dict.fromkeys((*names, "kubeProxyVersion", "operatingSystem", "architecture"), "x")
    status = {"nodeInfo": {**rest, "kubeletVersion": version}}
    objects.create(control, NODES, {"metadata": {"name": name}, "status": status})


async def is_native(client: Client) -> bool:
    spec = patched(pod(), await client.ask(pod()))["spec"]
    return any(each["name"] == "istio-proxy" for each in spec["initContainers"])


async def until_native_is(client: Client, wanted: bool) -> None:
    async with asyncio.timeout(30):
        while await is_native(client) is not wanted:
            pass


def test_one_old_node_is_enough_for_none(own: Control, tmp_path: Path) -> None:
    node(own, "new", "v1.33.1+k3s1")
    node(own, "old", "v1.32.9")

    async def talk(client: Client) -> None:
        await client.until(lambda detail: detail["ready"])
        assert not await is_native(client)
        await asyncio.to_thread(objects.delete, own, f"{NODES}/old")
        await until_native_is(client, wanted=True)
        await asyncio.to_thread(node, own, "odd", "unknown")
        await until_native_is(client, wanted=False)

    access = from_kubeconfig([own.kubeconfig])
    serving(plan(tmp_path, workers=1, access=access, native_by_nodes=True), talk)


def test_who_watches_no_nodes_says_so(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        assert not await is_native(client)

    said = serving(plan(tmp_path, native_by_nodes=True), talk)
    assert any("nobody watches the nodes" in line for line in said)
