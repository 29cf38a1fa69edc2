"""What an Envoy holds and weighs: clusters, listeners, routes, bytes of configuration, memory."""

import asyncio
import json
import sys
from typing import Any, cast

from pillion.local import requester
from pillion.local.server.mesh import Mesh
from pillion.local.tour import inside
from pillion.local.tour.reach import PROXY
from pillion.value import Value
from pillion.xds.type_urls import CLUSTER, LISTENER, ROUTE

ADMIN_PORT = 15000


class Weight(Value):
    """One proxy."""

    workload: str
    clusters: int
    listeners: int
    routes: int
    """Virtual hosts' routes are many to a table; this counts tables."""
    bytes: int
    """Of configuration that the control plane sends it, endpoints included."""
    allocated: int
    """Bytes that Envoy has allocated (`/memory`): what a running Envoy's configuration costs."""


async def weigh(mesh: Mesh, workload: str) -> Weight:
    """Look at the proxy of a workload."""
    key = mesh.pods.find(workload)
    client = next(each for each in mesh.plane.clients if each.peer == key)
    view = client.view
    counts: dict[str, int] = {}
    total = 0
    for resources in view or ():
        counts[resources.type_url] = len(resources)
        total += sum(len(resource.body) for resource in resources)
    memory = cast("dict[str, Any]", json.loads(await admin(mesh, str(key), "/memory")))
    return Weight(
        workload=workload,
        clusters=counts.get(CLUSTER, 0),
        listeners=counts.get(LISTENER, 0),
        routes=counts.get(ROUTE, 0),
        bytes=total,
        allocated=int(memory["allocated"]),
    )


async def admin(mesh: Mesh, key: str, path: str) -> str:
    """Ask the admin interface of a pod's Envoy."""
    target = [{"id": "admin", "host": "127.0.0.1", "port": ADMIN_PORT, "path": path}]
    argv = [sys.executable, "-S", "-E", requester.__file__]
    done = await mesh.kubelet.exec_captured(key, PROXY, argv, json.dumps(target).encode())
    return str(cast("dict[str, Any]", json.loads(done.stdout))["body"])


async def fresh_resident(mesh: Mesh, workload: str) -> int:
    """End a workload's Envoy, wait until its agent has a fresh one with all of its configuration, weigh that."""
    key = str(mesh.pods.find(workload))
    old = await _inside(mesh, key, "kill")
    before = {client for client in mesh.plane.clients if client.peer == key}
    while True:
        connected = [each for each in mesh.plane.clients if each.peer == key and each not in before]
        if connected and connected[-1].settled and mesh.pods.is_ready(key):
            now = await _inside(mesh, key)
            if (
                now["pid"] not in {0, old["pid"]}
                and json.loads(await admin(mesh, key, "/server_info"))["state"] == "LIVE"
            ):
                return (await _inside(mesh, key))["resident"]
        await asyncio.sleep(0.05)


async def _inside(mesh: Mesh, key: str, *words: str) -> dict[str, int]:
    argv = [sys.executable, "-S", "-E", inside.__file__, *words]
    done = await mesh.kubelet.exec_captured(key, PROXY, argv)
    return cast("dict[str, int]", json.loads(done.stdout))
