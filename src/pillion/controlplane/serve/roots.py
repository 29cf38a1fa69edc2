"""Hands the authority's certificate to every namespace, as ConfigMap `istio-ca-root-cert`: a proxy trusts us by it.

Mirrors Istio's namespace controller, with server-side apply: replicas write the same, so none of them has to lead.
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import final

from pillion.sources.kubernetes.client import ApiError, KubernetesClient

CONFIG_MAP, KEY = "istio-ca-root-cert", "root-cert.pem"
APPLY = "application/apply-patch+yaml"
MANAGER = {"fieldManager": "pillion", "force": "true"}
LABELS = {"istio.io/config": "true", "app.kubernetes.io/managed-by": "pillion"}
IGNORED = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
"""Namespaces without injected pods, as Istio's injection leaves them out."""
AGAIN = 600.0
"""Seconds after which everything is written again: somebody may have deleted one."""
SOON = 2.0
"""Seconds until what failed is tried again."""


@final
class Roots:
    """Writes the certificate wherever it is not yet."""

    def __init__(self, client: KubernetesClient, namespaces: Callable[[], Iterable[str]]) -> None:
        self.problem = ""
        """Why the last round failed somewhere; empty when it did not."""
        self._client = client
        self._namespaces = namespaces
        self._certificate = ""
        self._written: dict[str, str] = {}
        self._news = asyncio.Event()

    def trust(self, certificate: str) -> None:
        """Hand out this certificate from now on, as PEM text."""
        self._certificate = certificate
        self._news.set()

    def look(self) -> None:
        """Look for new namespaces."""
        self._news.set()

    async def run(self) -> None:
        """Write until cancelled."""
        loop = asyncio.get_running_loop()
        renewed = loop.time()
        while True:
            self._news.clear()
            if self._certificate:
                await self._round()
            pause = SOON if self.problem else max(0.0, renewed + AGAIN - loop.time())
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                if not self.problem:
                    self._written = {}
                    renewed = loop.time()

    async def _round(self) -> None:
        problems: list[str] = []
        there = sorted(set(self._namespaces()) - IGNORED)
        self._written = {name: text for name, text in self._written.items() if name in there}
        for namespace in there:
            certificate = self._certificate
            if self._written.get(namespace) == certificate:
                continue
            try:
                await self._write(namespace, certificate)
            except ApiError as problem:
                if problem.code == 404 or "being terminated" in str(problem):
                    continue
                problems.append(f"{namespace}: {problem}")
                if problem.code in {0, 429}:  # so it would say of every other
                    break
            else:
                self._written[namespace] = certificate
        self.problem = "; ".join(problems[:3])

    async def _write(self, namespace: str, certificate: str) -> None:
        metadata = {"name": CONFIG_MAP, "namespace": namespace, "labels": LABELS}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {KEY: certificate}}
        path = f"/api/v1/namespaces/{namespace}/configmaps/{CONFIG_MAP}"
        await self._client.request("PATCH", path, MANAGER, body, kind=APPLY)
