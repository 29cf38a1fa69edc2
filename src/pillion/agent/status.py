"""The status port (15020): readiness (the kubelet asks by way of Envoy's 15021), probes, metrics, quit."""

import asyncio
from collections.abc import Callable

from pillion.agent import http
from pillion.agent.admin import Admin
from pillion.agent.ask import ask
from pillion.agent.metrics import Metrics
from pillion.agent.probes import Probe
from pillion.value import FrozenMap

LOCAL = ("127.0.0.1", "::1", "::ffff:127.0.0.1")
READY_PATH = "/healthz/ready"
PROBE_PREFIX = "/app-health/"
LIFECYCLE_PREFIX = "/app-lifecycle/"


class Status:
    """Answers what is asked of the status port."""

    def __init__(
        self, admin: Admin, metrics: Metrics, probes: FrozenMap[Probe], pod_ip: str, quit_: Callable[[], None]
    ) -> None:
        self._admin = admin
        self._metrics = metrics
        self._probes = probes
        self._pod_ip = pod_ip
        self._quit = quit_
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
                return self._leave(request)
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

    def _leave(self, request: http.Request) -> http.Response:
        if request.peer not in LOCAL:
            return http.Response(status=403, body=b"only from inside the pod\n")
        if request.method != "POST":
            return http.Response(status=405, body=b"POST only\n")
        asyncio.get_running_loop().call_soon(self._quit)
        return http.Response(body=b"OK\n")
