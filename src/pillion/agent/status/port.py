"""What is asked on the status port, and who answers."""

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from pillion.agent import http
from pillion.agent.admin import Admin
from pillion.agent.probes import Probe
from pillion.agent.status.ask import ask
from pillion.agent.status.metrics import Metrics
from pillion.value import FrozenMap, Value

LOCAL = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
READY_PATH = "/healthz/ready"
PROBE_PREFIX = "/app-health/"
LIFECYCLE_PREFIX = "/app-lifecycle/"


class Probed(Value):
    """The application's probes, by path, and where they lead."""

    probes: FrozenMap[Probe]
    pod_ip: str


class Orders(NamedTuple):
    """What a process of the pod may order the agent to do."""

    drain: Callable[[], None]
    leave: Callable[[], None]


class Status:
    """Answers what is asked of the status port."""

    def __init__(self, admin: Admin, metrics: Metrics, probed: Probed, orders: Orders) -> None:
        self._admin = admin
        self._metrics = metrics
        self._probes = probed.probes
        self._pod_ip = probed.pod_ip
        self._drain = orders.drain
        self._quit = orders.leave
        self.draining = False
        """While draining we are not ready: nobody shall send new work."""

    async def __call__(self, request: http.Request) -> http.Response:
        """Return the answer to a request."""
        match request.path:
            case "/healthz/ready":
                return await self._ready()
            case "/stats/prometheus" | "/metrics":
                return await self._metrics.merged(request)
            case "/quitquitquit":
                return _order(request, self._quit)
            case "/drain":
                return _order(request, self._drain)
            case path if path.startswith((PROBE_PREFIX, LIFECYCLE_PREFIX)):
                return await self._probe(path, request)
            case _:
                return http.Response(status=404, body=b"not found\n")

    async def _ready(self) -> http.Response:
        if self.draining:
            return http.Response(status=503, body=b"draining\n")
        found = await self._admin.readiness()
        if found.ready:
            return http.Response(body=b"")
        return http.Response(status=503, body=f"{found.reason}\n".encode())

    async def _probe(self, path: str, request: http.Request) -> http.Response:
        probe = self._probes.get(path)
        if probe is None:
            return http.Response(status=404, body=f"no probe {path}\n".encode())
        return await ask(probe, self._pod_ip, request.headers)


def _order(request: http.Request, act: Callable[[], None]) -> http.Response:
    """Do what a process of the pod orders, after it was answered."""
    if request.peer not in LOCAL:
        return http.Response(status=403, body=b"only from inside the pod\n")
    if request.method != "POST":
        return http.Response(status=405, body=b"POST only\n")
    asyncio.get_running_loop().call_soon(act)
    return http.Response(body=b"OK\n")
