"""One real Envoy at the control plane: how soon an endpoint change is acknowledged by it.

1000 services; the Envoy runs in a network namespace of its own and is scoped to 20 of them. The clock runs from handing
the change in until Envoy's acknowledgement is here.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import mesh
from bench.figure import Figure, figure
from google.protobuf import json_format

from pillion.controlplane.plane import ControlPlane
from pillion.xds.front import Front
from pillion.xds.server import Server

ENVOY = Path(json_format.__file__).parents[2] / "envoy" / "_bin" / "envoy"
ROUNDS = 100


def benchmarks() -> Iterator[Figure]:
    """Measure with a real Envoy."""
    yield from asyncio.run(_measure())


async def _measure() -> list[Figure]:
    plane = ControlPlane(mesh.settings())
    server = Server(plane)
    with tempfile.TemporaryDirectory() as folder:
        async with asyncio.TaskGroup() as tasks, Front(server) as front:
            loop = tasks.create_task(plane.run())
            await plane.pushed(plane.apply(mesh.resources(1000)))
            socket = Path(folder) / "xds.sock"
            await front.open(socket, "bench")
            bootstrap = Path(folder) / "bootstrap.json"
            bootstrap.write_text(json.dumps(_bootstrap(socket)))
            words = (
                "--net",
                str(ENVOY),
                "-c",
                str(bootstrap),
                "--disable-hot-restart",
                "--concurrency",
                "1",
                "-l",
                "off",
            )
            process = await asyncio.create_subprocess_exec("unshare", *words)
            try:
                async with asyncio.timeout(30):
                    await plane.until(lambda: bool(plane.clients) and plane.clients[0].settled)
                endpoint = [await _timed(plane, f"10.9.{number}.77") for number in range(ROUNDS)]
            finally:
                process.terminate()
                await process.wait()
                loop.cancel()
    await server.stop()
    return [figure("endpoint change to a real Envoy's acknowledgement", "ms", endpoint, 10)]


async def _timed(plane: ControlPlane, address: str) -> float:
    began = time.perf_counter()
    await plane.settled(plane.apply([mesh.endpoints(7, "10.1.0.8", address)]))
    return (time.perf_counter() - began) * 1000


def _bootstrap(socket: Path) -> dict[str, Any]:
    http2 = {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    place = {"endpoint": {"address": {"pipe": {"path": str(socket)}}}}
    ads = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    return {
        "node": {
            "id": "sidecar~10.200.0.8~client.ns-7~ns-7.svc.cluster.local",
            "cluster": "client.ns-7",
            "metadata": {"NAMESPACE": "ns-7", "INSTANCE_IPS": "10.200.0.8"},
        },
        "dynamic_resources": {
            "ads_config": {
                "api_type": "DELTA_GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": {"cluster_name": "xds-grpc"}}],
            },
            "cds_config": ads,
            "lds_config": ads,
        },
        "static_resources": {
            "clusters": [
                {
                    "name": "xds-grpc",
                    "type": "STATIC",
                    "connect_timeout": "1s",
                    "typed_extension_protocol_options": {
                        "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2
                    },
                    "load_assignment": {"cluster_name": "xds-grpc", "endpoints": [{"lb_endpoints": [place]}]},
                }
            ]
        },
    }
