"""Metrics of the pod in one answer: Envoy's, the application's as its annotations say, the agent's own."""

import asyncio

from pillion.agent import http
from pillion.agent.admin import Admin
from pillion.agent.probes import Scrape
from pillion.value import FrozenMap

TEXT = "text/plain; version=0.0.4; charset=utf-8"


class Metrics:
    """Collects and joins."""

    def __init__(self, admin: Admin, scrape: Scrape | None) -> None:
        self._admin = admin
        self._scrape = scrape
        self.restarts = 0
        """How often Envoy was started again."""
        self._failures = {"envoy": 0, "application": 0}

    async def merged(self, request: http.Request) -> http.Response:
        """Return all metrics; a source that fails is counted and left out."""
        envoy, application = await asyncio.gather(self._of_envoy(), self._of_application(request))
        return http.Response(body=b"".join((self._own(), envoy, application)), content_type=TEXT)

    def _own(self) -> bytes:
        lines = [
            "# TYPE istio_agent_num_proxy_restarts counter",
            f"istio_agent_num_proxy_restarts {self.restarts}",
            "# TYPE istio_agent_scrape_failures_total counter",
            *(f'istio_agent_scrape_failures_total{{type="{name}"}} {n}' for name, n in self._failures.items()),
        ]
        return "".join(f"{line}\n" for line in lines).encode()

    async def _of_envoy(self) -> bytes:
        try:
            return (await self._admin.prometheus()).body
        except (OSError, TimeoutError, http.HttpError):
            self._failures["envoy"] += 1
            return b""

    async def _of_application(self, request: http.Request) -> bytes:
        if self._scrape is None:
            return b""
        passed = ("accept", "user-agent", "x-prometheus-scrape-timeout-seconds")
        headers = {name: request.headers[name] for name in passed if name in request.headers}
        try:
            asked = http.Request(target=self._scrape.path, headers=FrozenMap({**headers, "accept": "text/plain"}))
            answer = await http.fetch(("127.0.0.1", self._scrape.port), asked)
        except (OSError, TimeoutError, http.HttpError):
            self._failures["application"] += 1
            return b""
        if answer.status != 200:
            self._failures["application"] += 1
            return b""
        body = answer.body.removesuffix(b"# EOF\n")
        return body if body.endswith(b"\n") or not body else body + b"\n"
