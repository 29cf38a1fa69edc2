"""On OpenShift the webhook gives a proxy the last id of its namespace, read from a real API server."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kubernetes import objects
from kubernetes.kit.control import Control
from pillion.sources.kubernetes.access import from_kubeconfig
from support.webhook import Client, patched, plan, pod, serving

pytestmark = pytest.mark.root
USERS, GROUPS = "openshift.io/sa.scc.uid-range", "openshift.io/sa.scc.supplemental-groups"


async def ids(client: Client, document: dict[str, Any]) -> tuple[int, int]:
    """Have a pod injected; give user and group of its proxy."""
    injected = patched(document, await client.ask(document))
    proxy = next(each for each in injected["spec"]["containers"] if each["name"] == "istio-proxy")
    context = proxy["securityContext"]
    return context["runAsUser"], context["runAsGroup"]


@pytest.mark.parametrize("workers", [0, 1])
def test_the_ids_are_those_of_the_namespace(own: Control, tmp_path: Path, workers: int) -> None:
    given = {USERS: "1000650000/10000", GROUPS: "1000700000/10000"}
    objects.create(own, "/api/v1/namespaces", {"metadata": {"name": "shop", "annotations": given}})

    async def talk(client: Client) -> None:
        await client.until(lambda detail: detail["ready"])
        assert await ids(client, pod()) == (1000659999, 1000709999)
        assert await ids(client, pod(namespace="default")) == (1337, 1337)
        assert await ids(client, pod(namespace="")) == (1000659999, 1000709999)
        other = {"metadata": {"annotations": {USERS: "2000/10", GROUPS: None}}}
        await asyncio.to_thread(objects.patch, own, "/api/v1/namespaces/shop", other)
        async with asyncio.timeout(30):
            while await ids(client, pod()) != (2009, 2009):
                pass

    access = from_kubeconfig([own.kubeconfig])
    serving(plan(tmp_path, workers=workers, access=access, openshift=True), talk)


def test_a_user_that_openshift_gave_every_container_is_not_the_proxys(own: Control, tmp_path: Path) -> None:
    objects.create(own, "/api/v1/namespaces", {"metadata": {"name": "shop", "annotations": {USERS: "5000/10"}}})
    document = pod()
    borrowed = {"runAsUser": 5000}
    document["spec"]["containers"] = [
        {"name": "app", "image": "a", "securityContext": borrowed},
        {"name": "istio-proxy", "image": "auto", "securityContext": borrowed},
    ]

    async def talk(client: Client) -> None:
        await client.until(lambda detail: detail["ready"])
        assert await ids(client, document) == (5009, 5009)

    serving(plan(tmp_path, access=from_kubeconfig([own.kubeconfig]), openshift=True), talk)


def test_who_watches_no_namespaces_says_so(tmp_path: Path) -> None:
    async def talk(client: Client) -> None:
        assert await ids(client, pod()) == (1337, 1337)

    said = serving(plan(tmp_path, openshift=True), talk)
    assert any("nobody watches the namespaces" in line for line in said)
