"""A sidecar as the control plane sees one: proves who it is, subscribes, acknowledges, remembers."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from pillion.xds.server import SERVICE
from pillion.xds.type_urls import CLUSTER, ENDPOINT, LISTENER

Versions = Mapping[tuple[str, str], str]
WRITTEN_TOO_LATE = "Internal error from Core"
"""What this client says of a message that it wrote while the other side ended the stream."""


class EndedError(Exception):
    """The stream is over."""


class Sidecar:
    """One delta stream."""

    def __init__(self, call: Any, name: str, namespace: str, account: str) -> None:
        self.versions: dict[tuple[str, str], str] = {}
        """(type URL, name) -> version, of all that it has."""
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.received = self.messages = self.size = 0
        """Resources, messages and bytes."""
        self.again: list[tuple[str, str]] = []
        """What it was sent though it had just that."""
        self.lost: list[tuple[str, str]] = []
        """What it had and was told to forget."""
        self.ended = asyncio.Event()
        """Set when the control plane has ended the stream, and nothing was wrong with it."""
        self._call = call
        self._id = f"sidecar~10.1.1.1~{name}.{namespace}~{namespace}.svc.cluster.local"
        self._metadata = {"NAMESPACE": namespace, "SERVICE_ACCOUNT": account}
        self._changed = asyncio.Event()
        self._mouth = asyncio.Lock()
        """gRPC takes one message at a time, and calls two at once an internal error."""

    def request(self, type_url: str) -> DeltaDiscoveryRequest:
        """Say who it is, and what it wants."""
        request = DeltaDiscoveryRequest(type_url=type_url)
        request.node.id = self._id
        request.node.metadata.update(self._metadata)
        return request

    async def subscribe(self, known: Versions | None = None) -> None:
        """Ask for clusters and listeners; say what is known from another life."""
        known = known or {}
        self.versions.update(known)
        for type_url in (CLUSTER, LISTENER):
            request = self.request(type_url)
            request.initial_resource_versions.update({name: at for (of, name), at in known.items() if of == type_url})
            await self._say(request)
        names = [name for of, name in known if of == ENDPOINT]
        if names:
            request = DeltaDiscoveryRequest(type_url=ENDPOINT, resource_names_subscribe=names)
            request.initial_resource_versions.update({name: at for (of, name), at in known.items() if of == ENDPOINT})
            await self._say(request)

    async def ask(self, type_url: str, *names: str) -> None:
        """Subscribe to resources by name."""
        await self._say(DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=names))

    async def follow(self) -> None:
        """Take and acknowledge everything until the stream ends."""
        with contextlib.suppress(EndedError):
            while True:
                await self._take()
        self.ended.set()
        self._changed.set()

    async def _say(self, request: DeltaDiscoveryRequest) -> None:
        try:
            async with self._mouth:
                await self._call.write(request.SerializeToString())
        except grpc.aio.AioRpcError as error:
            if error.details() != WRITTEN_TOO_LATE:
                raise
            raise EndedError from error

    async def _take(self) -> None:
        try:
            data = await self._call.read()
        except grpc.aio.AioRpcError as error:
            # A server that goes away says so; its last word on the stream may come too late on a busy machine.
            if error.code() != grpc.StatusCode.UNAVAILABLE or "GOAWAY" not in (error.details() or ""):
                raise
            raise EndedError from error
        if data is grpc.aio.EOF:
            raise EndedError
        response = DeltaDiscoveryResponse.FromString(data)
        self.messages += 1
        self.size += len(data)
        new: list[str] = []
        for each in response.resources:
            key = (response.type_url, each.name)
            if response.type_url == CLUSTER and key not in self.versions:
                new.append(each.name)
            if self.versions.get(key) == each.version:
                self.again.append(key)
            self.versions[key] = each.version
            self.bodies[key] = each.resource.value
            self.received += 1
        for name in response.removed_resources:
            if self.versions.pop((response.type_url, name), None) is not None:
                self.lost.append((response.type_url, name))
        await self._say(DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce))
        asked = [name for name in new if name.startswith("outbound|")]
        if asked:
            await self.ask(ENDPOINT, *asked)
        self._changed.set()

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something that it was sent makes this true. Raises `EndedError` when nothing more will come."""
        while not true():
            if self.ended.is_set():
                raise EndedError
            self._changed.clear()
            await self._changed.wait()

    def has(self, type_url: str, name: str) -> bool:
        """Whether it has that resource."""
        return (type_url, name) in self.versions

    def body(self, type_url: str, name: str) -> bytes:
        """What it was sent for a resource."""
        return self.bodies.get((type_url, name), b"")


class Proof:
    """What a sidecar shows."""

    def __init__(self, root: str, *, token: str = "", certificate: str = "", key: str = "") -> None:
        self.credentials = grpc.ssl_channel_credentials(
            root.encode(), key.encode() or None, certificate.encode() or None
        )
        self.metadata = (("authorization", f"Bearer {token}"),) if token else ()


@asynccontextmanager
async def connected(port: int, proof: Proof, name: str, namespace: str, account: str) -> AsyncIterator[Sidecar]:
    """Connect a sidecar; it follows while the body runs."""
    options = [("grpc.ssl_target_name_override", "istiod.istio-system.svc")]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", proof.credentials, options) as channel:
        call = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")(metadata=proof.metadata)
        sidecar = Sidecar(call, name, namespace, account)
        async with asyncio.TaskGroup() as tasks:
            following = tasks.create_task(sidecar.follow())
            yield sidecar
            following.cancel()
            call.cancel()


async def refusal(port: int, proof: Proof, name: str, namespace: str, account: str) -> tuple[Any, str]:
    """Connect a sidecar that is to be refused; return the code and the text."""
    options = [("grpc.ssl_target_name_override", "istiod.istio-system.svc")]
    async with grpc.aio.secure_channel(f"127.0.0.1:{port}", proof.credentials, options) as channel:
        # all that it says goes with the call: who still writes when the answer comes may lose the answer
        asked = Sidecar(None, name, namespace, account).request(CLUSTER).SerializeToString()
        call = channel.unary_stream(f"/{SERVICE}/DeltaAggregatedResources")(asked, metadata=proof.metadata)
        return await call.code(), await call.details()
