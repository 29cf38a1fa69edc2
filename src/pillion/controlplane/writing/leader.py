"""Works while it holds a Lease: one replica of many writes, and another goes on when it ends.

It stops working before its Lease is free for others, and gives it up when it is told to end, so that the next one need
not wait.
"""

import asyncio
import datetime as dt
from collections.abc import Callable, Coroutine
from typing import Any, final

import msgspec

from pillion.controlplane.writing.lease import Candidate, Lease, Terms
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.value import Value

FAREWELL = 2.0
"""Seconds to give the Lease up."""
_lease = msgspec.json.Decoder(Lease)


class Post(Value):
    """Which Lease, and who we are."""

    namespace: str
    name: str
    identity: str
    revision: str = ""


@final
class Leader:
    """A replica that leads, or waits to."""

    def __init__(
        self,
        client: KubernetesClient,
        post: Post,
        work: Callable[[], Coroutine[Any, Any, None]],
        terms: Terms | None = None,
    ) -> None:
        """Set up; `work` is done while we lead, and cancelled when we do not any more."""
        self.leading = False
        self.problem = ""
        """Why the Lease could not be reached at the last try; empty when it could."""
        self._client = client
        self._post = post
        self._work = work
        self._terms = terms or Terms()
        self._candidate = Candidate(post.identity, self._terms)
        self._path = f"/apis/coordination.k8s.io/v1/namespaces/{post.namespace}/leases"

    async def run(self) -> None:
        """Lead whenever it is our turn, until cancelled."""
        loop = asyncio.get_running_loop()
        try:
            while True:
                began = loop.time()
                # An answer that comes late is about a Lease that may soon be somebody else's.
                if await self._tried() and loop.time() - began < self._terms.deadline:
                    await self._lead(began)
                await asyncio.sleep(self._terms.retry)
        finally:
            await self._release()

    async def _lead(self, began: float) -> None:
        self.leading = True
        try:
            async with asyncio.TaskGroup() as tasks:
                working = tasks.create_task(self._work())
                await self._keep(began)
                working.cancel()
        finally:
            self.leading = False

    async def _keep(self, renewed: float) -> None:
        """Renew until the Lease is lost, or could not be renewed for too long."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(self._terms.retry)
            began = loop.time()
            try:
                async with asyncio.timeout_at(renewed + self._terms.deadline):
                    is_ours = await self._tried()
            except TimeoutError:
                self.problem = "the API server does not answer in time"
                return
            if is_ours:
                renewed = began
            elif not self.problem or loop.time() - renewed >= self._terms.deadline:
                return

    async def _tried(self) -> bool:
        """Take or renew the Lease; return whether it is ours now."""
        try:
            lease = await self._read()
            now = asyncio.get_running_loop().time()
            if lease is not None and not self._candidate.may_hold(lease, now):
                self.problem = ""
                return False
            await self._write(lease, self._candidate.held(lease or Lease(), dt.datetime.now(dt.UTC)))
        except ApiError as problem:
            # Somebody was faster: that is an answer too.
            self.problem = "" if problem.code == 409 else str(problem)
            return False
        self.problem = ""
        return True

    async def _release(self) -> None:
        try:
            async with asyncio.timeout(FAREWELL):
                lease = await self._read()
                spec = None if lease is None else self._candidate.released(lease, dt.datetime.now(dt.UTC))
                if spec is not None:
                    await self._write(lease, spec)
        except (ApiError, TimeoutError) as problem:
            self.problem = str(problem)

    async def _read(self) -> Lease | None:
        try:
            return _lease.decode(await self._client.request("GET", f"{self._path}/{self._post.name}"))
        except ApiError as problem:
            if problem.code == 404:
                return None
            raise
        except msgspec.MsgspecError as problem:
            raise ApiError(0, f"the Lease cannot be read: {problem}") from problem

    async def _write(self, before: Lease | None, spec: dict[str, Any]) -> None:
        post = self._post
        labels = {"app.kubernetes.io/managed-by": "pillion"} | (
            {"istio.io/rev": post.revision} if post.revision else {}
        )
        metadata: dict[str, Any] = {"name": post.name, "namespace": post.namespace, "labels": labels}
        if before is not None:
            metadata["resourceVersion"] = before.metadata.resource_version
        body = {"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": metadata, "spec": spec}
        if before is None:
            await self._client.request("POST", self._path, body=body)
        else:
            await self._client.request("PUT", f"{self._path}/{post.name}", body=body)
