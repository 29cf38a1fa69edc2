"""The webhook of an installation, with exactly its rights, lets the ProxyConfigs of a real API server count."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.test_install_rights import access, installed
from pillion.sources.kubernetes.client import KubernetesClient
from support.webhook import Client, patched, plan, pod, serving

pytestmark = pytest.mark.root
ACCOUNT = "istio-sidecar-injector-service-account"
CONFIGS = "/apis/networking.istio.io/v1beta1/namespaces/{}/proxyconfigs"


def config(name: str, **spec: Any) -> dict[str, Any]:
    head = {"apiVersion": "networking.istio.io/v1beta1", "kind": "ProxyConfig", "metadata": {"name": name}}
    return {**head, "spec": spec}


async def environment(client: Client, name: str) -> dict[str, str]:
    """Have a pod injected; give the environment of its proxy."""
    injected = patched(pod(name), await client.ask(pod(name)))
    proxy = next(each for each in injected["spec"]["containers"] if each["name"] == "istio-proxy")
    return {each["name"]: each.get("value", "") for each in proxy["env"]}


async def until(client: Client, name: str, variable: str, wanted: str) -> None:
    """Have pods injected until one has that variable, or has it not when nothing is wanted."""
    async with asyncio.timeout(30):
        while (await environment(client, name)).get(variable, "") != wanted:
            pass


def test_what_is_created_changed_and_deleted_counts_for_the_pods_after_it(own: Control, tmp_path: Path) -> None:
    installed(own)
    objects.namespace(own, "shop")
    everybody = {"COLOUR": "red", "SHAPE": "round"}
    objects.create(own, CONFIGS.format("istio-system"), config("all", concurrency=1, environmentVariables=everybody))

    async def talk(client: Client) -> None:
        await client.until(lambda detail: detail["ready"])
        found = await environment(client, "web")
        assert (found["COLOUR"], found["SHAPE"]) == ("red", "round")
        assert json.loads(found["PROXY_CONFIG"])["concurrency"] == 1
        chosen = config(
            "web", selector={"matchLabels": {"app": "web"}}, concurrency=3, environmentVariables={"COLOUR": "blue"}
        )
        await asyncio.to_thread(objects.create, own, CONFIGS.format("shop"), chosen)
        await until(client, "web", "COLOUR", "blue")
        found = await environment(client, "web")
        assert found["SHAPE"] == "round"
        assert json.loads(found["PROXY_CONFIG"])["concurrency"] == 3
        assert (await environment(client, "api"))["COLOUR"] == "red"
        await asyncio.to_thread(objects.delete, own, CONFIGS.format("shop") + "/web")
        await asyncio.to_thread(objects.delete, own, CONFIGS.format("istio-system") + "/all")
        await until(client, "web", "COLOUR", "")
        assert (await client.ready())["proxyConfigs"]["problems"] == []

    said = serving(plan(tmp_path, workers=2, access=access(own, ACCOUNT)), talk)
    assert "proxy configs: 2 of the cluster are in use" in said


def test_without_the_right_it_is_not_ready_and_says_why(own: Control, tmp_path: Path) -> None:
    objects.create(own, objects.DEFINITIONS, objects.definition("proxyconfigs", "ProxyConfig"))
    objects.namespace(own, "istio-system")
    objects.create(own, "/api/v1/namespaces/istio-system/serviceaccounts", {"metadata": {"name": "nobody"}})

    async def talk(client: Client) -> None:
        detail = await client.until(lambda found: found["proxyConfigs"]["problems"])
        assert detail["ready"] is False
        assert "ProxyConfig: " in detail["proxyConfigs"]["problems"][0]
        assert "403" in detail["proxyConfigs"]["problems"][0]

    serving(plan(tmp_path, access=access(own, "nobody")), talk)


def test_a_cluster_that_does_not_have_the_kind_is_served_without(own: Control, tmp_path: Path) -> None:
    objects.namespace(own, "istio-system")
    right = objects.reader(own, "istio-system", "reader")
    assert right

    async def talk(client: Client) -> None:
        await client.until(lambda detail: detail["ready"])
        assert "COLOUR" not in await environment(client, "web")

    serving(plan(tmp_path, access=access(own, "reader")), talk)


def test_the_watches_are_over_before_their_connections_are_closed(
    own: Control, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    objects.namespace(own, "istio-system")
    assert objects.reader(own, "istio-system", "reader")
    left: list[list[str]] = []
    leave = KubernetesClient.__aexit__

    async def leaving(client: KubernetesClient, *how: Any) -> None:
        tasks = (getattr(task.get_coro(), "__qualname__", "") for task in asyncio.all_tasks())
        left.append([name for name in tasks if name.startswith("Watcher.")])
        await leave(client, *how)

    async def talk(client: Client) -> None:
        await client.until(lambda detail: detail["ready"])

    monkeypatch.setattr(KubernetesClient, "__aexit__", leaving)
    serving(plan(tmp_path, access=access(own, "reader")), talk)
    assert left == [[]]
