"""HTTP to a pod's port through a real API server."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web

from kubernetes import objects
from kubernetes.kit.control import Control
from kubernetes.kit.kubelet import kubelet
from pillion.sources.kubernetes.access import Access, from_kubeconfig
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.sources.kubernetes.forward import Place, fetch

pytestmark = pytest.mark.root
PODS = "/api/v1/namespaces/forwarding/pods"


async def answer(request: web.Request) -> web.StreamResponse:
    if request.path != "/chunks":
        return web.json_response({"path": request.path_qs}, status=404 if request.path == "/none" else 200)
    response = web.StreamResponse()
    response.enable_chunked_encoding()
    await response.prepare(request)
    for number in range(3):
        await response.write(b"%d" % number * 100_000)
    return response


def test_fetches_pages_of_a_pod_and_says_why_it_cannot(shared: Control) -> None:
    objects.namespace(shared, "forwarding")
    web_pod = objects.pod("web")
    web_pod["spec"]["nodeName"] = "forwarding-node"
    objects.create(shared, PODS, web_pod)
    objects.create(shared, "/api/v1/namespaces/forwarding/serviceaccounts", {"metadata": {"name": "nobody"}})
    token = objects.token(shared, "forwarding", "nobody")
    place = Place(namespace="forwarding", pod="web", port=8080)

    async def refused(client: KubernetesClient, where: Place) -> ApiError:
        with pytest.raises(ApiError) as problem:
            await fetch(client, where, "/")
        return problem.value

    async def play() -> None:
        application = web.Application()
        application.router.add_get("/{rest:.*}", answer)
        runner = web.AppRunner(application, access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with (
            asyncio.timeout(60),
            kubelet(shared, "forwarding-node") as door,
            KubernetesClient(from_kubeconfig([shared.kubeconfig])) as client,
        ):
            door.ways["forwarding/web", 8080] = runner.addresses[0][1]
            page = await fetch(client, place, "/a?b=c")
            assert (page.status, json.loads(page.body)) == (200, {"path": "/a?b=c"})
            assert (await fetch(client, place, "/none")).status == 404
            chunks = (await fetch(client, place, "/chunks")).body
            assert chunks == b"".join(b"%d" % number * 100_000 for number in range(3))
            closed = await refused(client, Place(namespace="forwarding", pod="web", port=81))
            assert (closed.code, "nothing listens on port 81 of forwarding/web" in closed.message) == (0, True)
            gone = await refused(client, Place(namespace="forwarding", pod="gone", port=8080))
            assert (gone.code, gone.message) == (404, 'pods "gone" not found')
            await stranger()
        await runner.cleanup()

    async def stranger() -> None:
        way = Access(server=shared.server, ca_file=str(shared.folder / "ca.crt"), token=token)
        async with KubernetesClient(way) as client:
            problem: Any = await refused(client, place)
            assert problem.code == 403
            assert "pods/portforward" in problem.message or 'resource "pods/portforward"' in problem.message

    asyncio.run(play())
