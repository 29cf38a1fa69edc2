"""Hands the authority's certificate to every namespace, as ConfigMap `istio-ca-root-cert`: a proxy trusts us by it.

Mirrors Istio's namespace controller, with server-side apply: replicas write the same, so none of them has to lead.
What another control plane wrote stays, ours in another system namespace too: its proxies trust that one by it, and two
would overwrite each other for ever.
"""

import asyncio
import re
from collections.abc import Callable, Iterable
from typing import final

from pillion.sources.kubernetes.client import ApiError, KubernetesClient

CONFIG_MAP, KEY = "istio-ca-root-cert", "root-cert.pem"
APPLY = "application/apply-patch+yaml"
FORMER_MANAGER = "pillion"
"""So control planes of every system namespace wrote once; the first that comes takes that over."""
LABELS = {"istio.io/config": "true", "app.kubernetes.io/managed-by": "pillion"}
IGNORED = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})
"""Namespaces without injected pods, as Istio's injection leaves them out."""
AGAIN = 600.0
"""Seconds after which everything is written again: somebody may have deleted one."""
SOON = 2.0
"""Seconds until what failed is tried again."""
_HOLDER = re.compile(r'conflicts? with ("(?:[^"\\]|\\.)*")')
"""Whom the API server names as the manager of a field that was to be changed."""


def manager(system: str) -> str:
    """Name the field manager of the control plane in a system namespace."""
    return f"{FORMER_MANAGER}/{system}"


@final
class Roots:
    """Writes the certificate wherever it is not yet."""

    def __init__(self, client: KubernetesClient, system: str, namespaces: Callable[[], Iterable[str]]) -> None:
        """Set up for the control plane in namespace `system`."""
        self.problem = ""
        """Why the last round failed somewhere; empty when it did not."""
        self._client = client
        self._manager = manager(system)
        self._namespaces = namespaces
        self._certificate = ""
        self._written: dict[str, str] = {}
        self._taken: set[str] = set()
        """Namespaces in which somebody else keeps a ConfigMap of that name."""
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
            failed = await self._round() if self._certificate else False
            pause = SOON if failed else max(0.0, renewed + AGAIN - loop.time())
            try:
                async with asyncio.timeout(pause):
                    await self._news.wait()
            except TimeoutError:
                if not failed:
                    self._written, self._taken = {}, set()
                    renewed = loop.time()

    async def _round(self) -> bool:
        """Write what is not written; return whether to try again soon."""
        problems: list[str] = []
        there = sorted(set(self._namespaces()) - IGNORED)
        self._written = {name: text for name, text in self._written.items() if name in there}
        self._taken &= set(there)
        for namespace in there:
            certificate = self._certificate
            if namespace in self._taken or self._written.get(namespace) == certificate:
                continue
            try:
                await self._write(namespace, certificate)
            except ApiError as problem:
                if problem.code == 404 or "being terminated" in str(problem):
                    continue
                if problem.code == 409:
                    self._taken.add(namespace)
                    continue
                problems.append(f"{namespace}: {problem}")
                if problem.code in {0, 429}:  # so it would say of every other
                    break
            else:
                self._written[namespace] = certificate
        self.problem = "; ".join([*problems[:3], *self._taken_by_others()])
        return bool(problems)

    def _taken_by_others(self) -> list[str]:
        if not self._taken:
            return []
        where = ", ".join(sorted(self._taken)[:3]) + (", ..." if len(self._taken) > 3 else "")
        told = f"ConfigMap {CONFIG_MAP} is kept by somebody else in {where}: pods there do not trust this control plane"
        return [f"{told}; where no other one needs it, delete it, and it is written anew within ten minutes"]

    async def _write(self, namespace: str, certificate: str) -> None:
        metadata = {"name": CONFIG_MAP, "namespace": namespace, "labels": LABELS}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {KEY: certificate}}
        path = f"/api/v1/namespaces/{namespace}/configmaps/{CONFIG_MAP}"
        query = {"fieldManager": self._manager}
        try:
            await self._client.request("PATCH", path, query, body, kind=APPLY)
        except ApiError as problem:
            if problem.code != 409 or set(_HOLDER.findall(problem.message)) != {f'"{FORMER_MANAGER}"'}:
                raise
            await self._client.request("PATCH", path, query | {"force": "true"}, body, kind=APPLY)
