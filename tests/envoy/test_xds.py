"""The real Envoy, by delta ADS through a Unix socket: what it is told, it does, and no request fails on the way."""

import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.config.route.v3.route_pb2 import RouteConfiguration
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf import json_format
from google.protobuf.message import Message

from pillion.xds import type_urls
from pillion.xds.cache import inconsistencies
from pillion.xds.front import Front
from pillion.xds.provider import Settled
from pillion.xds.request import Node
from pillion.xds.resource import Need, Resource, View, versioned
from pillion.xds.server import Server
from pillion.xds.stream import Event, Nacked
from support.ports import free_ports

pytestmark = pytest.mark.envoy
ENVOY = Path(json_format.__file__).parents[2] / "envoy" / "_bin" / "envoy"
ADS = {"ads": {}, "resource_api_version": "V3"}
PROTOCOL = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
ROUTER = f"type.googleapis.com/{router_pb2.Router.DESCRIPTOR.full_name}"
MANAGER = f"type.googleapis.com/{http_connection_manager_pb2.HttpConnectionManager.DESCRIPTOR.full_name}"


def packed(url: str, message: Message, document: dict[str, Any], *needs: Need) -> Resource:
    json_format.ParseDict(document, message)
    name = document.get("name") or document["cluster_name"]
    return versioned(url, name, message.SerializeToString(deterministic=True), needs)


def cluster(name: str, port: int, timeout: int = 1) -> tuple[Resource, Resource]:
    address = {"socket_address": {"address": "127.0.0.1", "port_value": port}}
    endpoints = [{"lb_endpoints": [{"endpoint": {"address": address}}]}]
    return (
        packed(
            type_urls.CLUSTER,
            Cluster(),
            {
                "name": name,
                "type": "EDS",
                "eds_cluster_config": {"eds_config": ADS | {"initial_fetch_timeout": "0s"}},
                "connect_timeout": f"{timeout}s",
            },
            (type_urls.ENDPOINT, name),
        ),
        packed(type_urls.ENDPOINT, ClusterLoadAssignment(), {"cluster_name": name, "endpoints": endpoints}),
    )


def routes(to: str) -> Resource:
    host = {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": to}}]}
    document = {"name": "http", "virtual_hosts": [host]}
    return packed(type_urls.ROUTE, RouteConfiguration(), document, (type_urls.CLUSTER, to))


def listener(port: int, prefix: str = "http", router: str = ROUTER) -> Resource:
    manager = {
        "@type": MANAGER,
        "stat_prefix": prefix,
        "rds": {"config_source": ADS, "route_config_name": "http"},
        "http_filters": [{"name": "router", "typed_config": {"@type": router}}],
    }
    document = {
        "name": "http",
        "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    return packed(type_urls.LISTENER, Listener(), document, (type_urls.ROUTE, "http"))


class Told:
    """A provider of one view that notes what Envoy says about it."""

    def __init__(self, view: View) -> None:
        self.view: View | None = view
        self.peers: list[str] = []
        self.nacks: list[Nacked] = []
        self._settled = asyncio.Event()
        self._notify: Callable[[View], None] = lambda _: None

    def attach(self, node: Node, peer: str, notify: Callable[[View], None]) -> "Told":
        assert node.id == "sidecar~a"
        assert "envoy.filters.http.router" in node.extensions
        self.peers.append(peer)
        self._notify = notify
        return self

    def heard(self, event: Event | Settled, /) -> None:
        if isinstance(event, Settled):
            self._settled.set()
        elif isinstance(event, Nacked):
            self.nacks.append(event)

    def detach(self) -> None:
        self._notify = lambda _: None

    async def show(self, *resources: Resource) -> None:
        view = View.of(resources, previous=self.view)
        assert inconsistencies(view) == ()
        self._settled.clear()
        self.view = view
        self._notify(view)
        await self._settled.wait()

    async def settled(self) -> None:
        await self._settled.wait()


def bootstrap(path: Path, ads: str) -> dict[str, Any]:
    pipe = {"endpoint": {"address": {"pipe": {"path": str(path)}}}}
    source = {
        "api_type": ads,
        "transport_api_version": "V3",
        "grpc_services": [{"envoy_grpc": {"cluster_name": "xds"}}],
    }
    xds = {
        "name": "xds",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            PROTOCOL: {
                "@type": f"type.googleapis.com/{PROTOCOL}",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {"cluster_name": "xds", "endpoints": [{"lb_endpoints": [pipe]}]},
    }
    return {
        "node": {"id": "sidecar~a", "cluster": "a", "metadata": {"NAMESPACE": "b"}},
        "static_resources": {"clusters": [xds]},
        "dynamic_resources": {"ads_config": source, "cds_config": ADS, "lds_config": ADS},
    }


@asynccontextmanager
async def envoy(folder: Path, ads: str) -> AsyncIterator[None]:
    config = folder / "envoy.json"
    config.write_text(json.dumps(bootstrap(folder / "xds.sock", ads)))
    flags = ("--concurrency", "1", "--disable-hot-restart", "--log-level", "error", "--log-path", folder / "log")
    process = await asyncio.create_subprocess_exec(ENVOY, "-c", config, *flags)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


@asynccontextmanager
async def backend(body: str) -> AsyncIterator[int]:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while await reader.readuntil(b"\r\n\r\n"):
                writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(body)}\r\n\r\n{body}".encode())
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


def get(port: int) -> str:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as answer:
        return answer.read().decode()


def first(port: int) -> str:
    """Ask an Envoy that has acknowledged its first listener: that it listens comes a moment later."""
    while True:
        with suppress(urllib.error.URLError):
            return get(port)


class Scene:
    """Envoy, its control plane, two backends and its listener."""

    def __init__(self, told: Told, server: Server, backends: tuple[int, int], port: int) -> None:
        self.told = told
        self.server = server
        self.backends = backends
        self.port = port


def scene(folder: Path, ads: str, act: Callable[[Scene], Awaitable[None]]) -> None:
    async def run() -> None:
        async with asyncio.timeout(60), backend("from a") as a, backend("from b") as b:
            (port,) = free_ports(1)
            told = Told(View.of([*cluster("a", a), listener(port), routes("a")]))
            server = Server(told)
            async with Front(server) as front:
                await front.open(folder / "xds.sock", "b/a")
                async with envoy(folder, ads):
                    await told.settled()
                    assert told.peers == ["b/a"]
                    assert await asyncio.to_thread(first, port) == "from a"
                    await act(Scene(told, server, (a, b), port))
                await server.stop()

    asyncio.run(run())


@pytest.mark.parametrize("ads", ["DELTA_GRPC", "GRPC"])
def test_a_changed_cluster_is_warm_at_once(tmp_path: Path, ads: str) -> None:
    async def act(on: Scene) -> None:
        a, _ = on.backends
        for timeout in (2, 3):
            await on.told.show(*cluster("a", a, timeout), listener(on.port), routes("a"))
            clusters = on.server.status()[0].of(type_urls.CLUSTER)
            assert clusters is not None
            assert clusters.acked_nonce == clusters.sent_nonce != ""
            assert not clusters.pending
        assert await asyncio.to_thread(get, on.port) == "from a"

    scene(tmp_path, ads, act)


@pytest.mark.parametrize("ads", ["DELTA_GRPC", "GRPC"])
def test_no_request_fails_while_clusters_come_and_go(tmp_path: Path, ads: str) -> None:
    async def act(on: Scene) -> None:
        a, b = on.backends
        answers: list[str] = []
        done = asyncio.Event()

        async def ask() -> None:
            while not done.is_set():
                answers.append(await asyncio.to_thread(get, on.port))

        async with asyncio.TaskGroup() as tasks:
            clients = [tasks.create_task(ask()) for _ in range(2)]
            for number in range(20):
                name, port = ("b", b) if number % 2 == 0 else ("a", a)
                await on.told.show(*cluster(f"{name}{number}", port), listener(on.port), routes(f"{name}{number}"))
            done.set()
            await asyncio.wait(clients)
        assert set(answers) == {"from a", "from b"}
        assert on.told.nacks == []

    scene(tmp_path, ads, act)


def test_a_refused_listener_is_shown_and_the_old_one_serves(tmp_path: Path) -> None:
    async def act(on: Scene) -> None:
        a, _ = on.backends
        unknown = "type.googleapis.com/envoy.config.core.v3.Address"
        await on.told.show(*cluster("a", a), listener(on.port, router=unknown), routes("a"))
        assert [nack.names for nack in on.told.nacks] == [("http",)]
        listeners = on.server.status()[0].of(type_urls.LISTENER)
        assert listeners is not None
        assert "Address" in listeners.nack
        assert await asyncio.to_thread(get, on.port) == "from a"
        await on.told.show(*cluster("a", a), listener(on.port, "again"), routes("a"))
        assert len(on.told.nacks) == 1
        assert await asyncio.to_thread(get, on.port) == "from a"

    scene(tmp_path, "DELTA_GRPC", act)


def test_a_reconnecting_envoy_is_sent_nothing_that_it_has(tmp_path: Path) -> None:
    async def act(on: Scene) -> None:
        assert on.server.status()[0].resources == 4
        on.told._settled.clear()
        on.server.end_streams()
        await on.told.settled()
        assert on.told.peers == ["b/a", "b/a"]
        (status,) = on.server.status()
        assert (status.resources, status.removed) == (0, 0)
        assert await asyncio.to_thread(get, on.port) == "from a"

    scene(tmp_path, "DELTA_GRPC", act)
