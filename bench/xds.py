"""The xDS server alone under a crowd of synthetic sidecars: how soon a change arrives, and what a client costs.

The crowd is `xdsload`, a Go program of its own (`build_crowd`); the server runs in this process, on one loop, over
views of 20 clusters as a scoped sidecar has them. `measure` gives the figures of one size of crowd.
"""

import asyncio
import gc
import json
import statistics
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener

from pillion.value import Value
from pillion.xds import type_urls
from pillion.xds.cache import Cache
from pillion.xds.resource import Resource, View, versioned
from pillion.xds.server import Server

SERVICES = 20
"""Clusters in scope of a client, each with endpoints."""
WARM_UP = 20
"""Clients that connect before anything is measured, so that what a server needs once is not counted."""
ROUNDS = 15
"""How many times a change is measured; the median counts."""


class Figures(Value):
    """What a crowd of one size saw."""

    clients: int
    connect_ms: float
    """Until the last of all, connecting at once, was configured."""
    connect_cpu_s: float
    """The server's processor time for that."""
    memory_mb: float
    """Resident memory of the server for each connected client."""
    endpoint_p50_ms: float
    """One endpoint changed: until the median client had it."""
    endpoint_last_ms: float
    """Until the last client had it."""
    cluster_p50_ms: float
    """One cluster changed (with its endpoints again): until the median client had the cluster."""
    cluster_last_ms: float
    bytes_per_endpoint_change: float
    """Sent to each client for one changed endpoint."""


def build_crowd(source: Path, target: Path) -> Path:
    """Build `xdsload` from its source folder with Go; return the program."""
    subprocess.run(["go", "build", "-o", target, "."], cwd=source, check=True)
    return target


def measure(crowd: Path, clients: int, *, delta: bool = True) -> Figures:
    """Serve a crowd of that size; return its figures.

    Takes some seconds. Call it once in a process: grpcio does not like a second event loop.
    """
    return asyncio.run(_measure(crowd, clients, delta=delta))


def cluster(name: str, statistics_name: str = "") -> Resource:
    """Make a cluster that wants its endpoints from us."""
    message = Cluster(name=name, type=Cluster.EDS, alt_stat_name=statistics_name)
    message.eds_cluster_config.eds_config.ads.SetInParent()
    body = message.SerializeToString(deterministic=True)
    return versioned(type_urls.CLUSTER, name, body, ((type_urls.ENDPOINT, name),))


def assignment(name: str, *addresses: str) -> Resource:
    """Make the endpoints of a cluster."""
    message = ClusterLoadAssignment(cluster_name=name)
    group = message.endpoints.add()
    for address in addresses:
        place = group.lb_endpoints.add().endpoint.address.socket_address
        place.address, place.port_value = address, 8080
    return versioned(type_urls.ENDPOINT, name, message.SerializeToString(deterministic=True))


def listener(name: str) -> Resource:
    """Make a listener without content."""
    return versioned(type_urls.LISTENER, name, Listener(name=name).SerializeToString(deterministic=True))


async def _measure(crowd: Path, clients: int, *, delta: bool) -> Figures:
    names = [f"outbound|80||service-{number}.ns.svc.cluster.local" for number in range(SERVICES)]
    cache = Cache(lambda _node, _peer: "all")
    first = [cluster(name) for name in names]
    first += [assignment(name, "10.0.0.1", "10.0.0.2") for name in names]
    view = View.of([*first, *(listener(f"0.0.0.0_{port}") for port in range(80, 85))])
    cache.publish("all", view)
    server = Server(cache)
    port = server.listen("127.0.0.1:0")
    await server.start()
    words = ("-addr", f"127.0.0.1:{port}", f"-delta={str(delta).lower()}")
    process = await asyncio.create_subprocess_exec(crowd, *words, stdin=-1, stdout=-1)

    async def command(text: str) -> dict[str, Any]:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(f"{text}\n".encode())
        return cast(dict[str, Any], json.loads(await process.stdout.readline()))

    async def rounds(change: Callable[[str], Resource], needle: Callable[[int], str]) -> tuple[float, float, int]:
        nonlocal view
        half: list[float] = []
        last: list[float] = []
        sent: list[int] = []
        for number in range(ROUNDS):
            before = (await command(f"arm {needle(number)}"))["bytes"]
            view = view.updated([change(needle(number))])
            cache.publish("all", view)
            seen = await command(f"expect {needle(number)} {clients + WARM_UP} 30")
            assert seen["reached"] == clients + WARM_UP, seen
            half.append(seen["p50_ms"])
            last.append(seen["last_ms"])
            sent.append((seen["bytes"] - before) // (clients + WARM_UP))
        return statistics.median(half), statistics.median(last), int(statistics.median(sent))

    await command(f"connect {WARM_UP}")
    gc.collect()
    memory, processor = _resident_mb(), time.process_time()
    connected = await command(f"connect {clients}")
    processor = time.process_time() - processor
    memory = (_resident_mb() - memory) / clients
    endpoint = await rounds(lambda address: assignment(names[3], address), lambda number: f"10.9.{number}.77")
    changed = await rounds(lambda name: cluster(names[4], name), lambda number: f"revision-{number}-x")
    assert process.stdin is not None
    process.stdin.write(b"quit\n")
    await process.wait()
    await server.stop()
    return Figures(
        clients=clients,
        connect_ms=connected["wall_ms"],
        connect_cpu_s=processor,
        memory_mb=memory,
        endpoint_p50_ms=endpoint[0],
        endpoint_last_ms=endpoint[1],
        cluster_p50_ms=changed[0],
        cluster_last_ms=changed[1],
        bytes_per_endpoint_change=endpoint[2],
    )


def _resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
