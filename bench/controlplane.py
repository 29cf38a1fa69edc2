"""The whole control plane under a crowd of synthetic sidecars, and beside one real Envoy.

1000 services with two endpoints each in 50 namespaces; a root Sidecar leaves a proxy 20 of them. The crowd is a Go
program (`xdsload`) in another process.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, cast, final

from bench import mesh
from bench.figure import Figure, figure

from pillion.controlplane import collector
from pillion.controlplane.plane import ControlPlane
from pillion.xds.server import Server

SERVICES = 1000
NAMESPACES = 50
CLIENTS = 100
FIRST = CLIENTS // 2
"""Those that connect first, so that the others find all that is there once."""
ROUNDS = 20


def benchmarks(crowd: Path) -> Iterator[Figure]:
    """Measure the control plane."""
    yield from asyncio.run(_measure(crowd))


@final
class Crowd:
    """The synthetic sidecars."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def say(self, text: str) -> dict[str, Any]:
        """Give a command and read its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{text}\n".encode())
        return cast("dict[str, Any]", json.loads(await self._process.stdout.readline()))

    async def quit(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"quit\n")
        await self._process.wait()


async def _measure(program: Path) -> list[Figure]:
    collector.spare()
    plane = ControlPlane(mesh.settings())
    server = Server(plane)
    port = server.listen("127.0.0.1:0")
    found: list[Figure] = []
    await server.start()
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(plane.run())
        await plane.pushed(plane.apply(mesh.resources(SERVICES)))
        collector.settle()
        process = await asyncio.create_subprocess_exec(
            program, "-addr", f"127.0.0.1:{port}", "-namespaces", str(NAMESPACES), stdin=-1, stdout=-1
        )
        crowd = Crowd(process)
        await crowd.say(f"connect {FIRST} 0")
        before = _resident()
        more = CLIENTS - FIRST
        connected = await crowd.say(f"connect {more} 0")
        found.append(figure(f"{more} proxies connect at once: last configured", "ms", [connected["wall_ms"]]))
        grown = (_resident() - before) / more
        found.append(figure("memory of one connected proxy", "MB", [grown], 0.05))
        found += [each async for each in _rounds(plane, crowd)]
        await crowd.quit()
        loop.cancel()
    await server.stop()
    return found


async def _rounds(plane: ControlPlane, crowd: Crowd) -> AsyncIterator[Figure]:
    """Change things and await the crowd: who sees namespace `ns-7` is one in fifty."""
    seen_by = CLIENTS // NAMESPACES
    last: list[float] = []
    for number in range(ROUNDS):
        address = f"10.9.{number}.77"
        await plane.settled(plane.generation)
        await crowd.say(f"arm {address}")
        plane.apply([mesh.endpoints(7, "10.1.0.8", address)])
        answer = await crowd.say(f"expect {address} {seen_by} 10")
        assert answer["reached"] == seen_by, answer
        last.append(answer["last_ms"])
    yield figure(f"endpoint change to the last of {seen_by} interested of {CLIENTS} proxies", "ms", last, 10)
    runs: list[float] = []
    await plane.pushed(plane.apply([mesh.named_service(f"shared-{each}", "common", each) for each in range(ROUNDS)]))
    for number in range(ROUNDS):
        # a service of a namespace in which no client is has to reach every client
        host = f"shared-{number}"
        await plane.settled(plane.generation)  # one change at a time: nobody is busy with the last one yet
        await crowd.say(f"arm {host}.")
        hosts = ("./*", "istio-system/*", f"*/{host}.common.svc.cluster.local")
        plane.apply([mesh.sidecar("istio-system", *hosts)])
        answer = await crowd.say(f"expect {host}. {CLIENTS} 10")
        assert answer["reached"] == CLIENTS, answer
        runs.append(answer["last_ms"])
    yield figure(f"root Sidecar change to the last of {CLIENTS} proxies", "ms", runs, 50)


def _resident() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6
