"""The part of a kubelet that an API server calls: forwarding a connection to a port of a pod.

The pod is a process of the test: `ways` says where its port really is.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import WSMsgType, web

from kubernetes.kit.control import Control

PROTOCOL = "v4.channel.k8s.io"
CHUNK = 65536


class Kubelet:
    """A node's door."""

    def __init__(self) -> None:
        self.ways: dict[tuple[str, int], int] = {}
        """(`NAMESPACE/POD`, its port) -> the port on loopback."""

    async def forward(self, request: web.Request) -> web.WebSocketResponse:
        """Forward one port, as `portForward` of the kubelet does."""
        port = int(request.query["port"])
        name = f"{request.match_info['namespace']}/{request.match_info['pod']}"
        socket = web.WebSocketResponse(protocols=(PROTOCOL,), max_msg_size=0)
        await socket.prepare(request)
        for channel in (0, 1):
            await socket.send_bytes(bytes([channel]) + port.to_bytes(2, "little"))
        way = self.ways.get((name, port))
        try:
            if way is None:
                raise ConnectionRefusedError(f"nothing listens on port {port} of {name}")
            reader, writer = await asyncio.open_connection("127.0.0.1", way)
        except OSError as problem:
            await socket.send_bytes(b"\x01" + str(problem).encode())
        else:
            async with asyncio.TaskGroup() as tasks:
                back = tasks.create_task(_back(reader, socket))
                async for message in socket:
                    if message.type is WSMsgType.BINARY and message.data[:1] == b"\0":
                        writer.write(message.data[1:])
                back.cancel()
            writer.close()
        await socket.close()
        return socket


async def _back(reader: asyncio.StreamReader, socket: web.WebSocketResponse) -> None:
    while data := await reader.read(CHUNK):
        await socket.send_bytes(b"\0" + data)
    await socket.close()


@asynccontextmanager
async def kubelet(control: Control, name: str = "node") -> AsyncIterator[Kubelet]:
    """Be the node's kubelet while the body runs; the Node is made if there is none."""
    door = Kubelet()
    application = web.Application()
    application.router.add_get("/portForward/{namespace}/{pod}", door.forward)
    application.router.add_get("/portForward/{namespace}/{pod}/{uid}", door.forward)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(control.folder / "apiserver.crt", control.folder / "apiserver.key")
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls)
        await site.start()
        port = runner.addresses[0][1]
        await asyncio.to_thread(_register, control, name, port)
        yield door
    finally:
        await runner.cleanup()


def _register(control: Control, name: str, port: int) -> None:
    control.request("POST", "/api/v1/nodes", {"metadata": {"name": name}})
    status = {
        "addresses": [{"type": "InternalIP", "address": "127.0.0.1"}],
        "daemonEndpoints": {"kubeletEndpoint": {"Port": port}},
    }
    kind = "application/merge-patch+json"
    answer = control.request("PATCH", f"/api/v1/nodes/{name}/status", {"status": status}, kind)
    assert answer[0] == 200, answer
