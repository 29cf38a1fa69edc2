"""The whole control plane in process, over real gRPC: a change goes in, and what each client hears comes out."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc.aio
import pytest
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from pillion.controlplane.plane import ControlPlane
from pillion.proxy.settings import mesh_settings
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME, Endpoint, EndpointPort, EndpointSlice
from pillion.resources.kubernetes.service import Service, ServicePort, ServiceSpec
from pillion.resources.meta import Metadata, Ref
from pillion.value import FrozenMap
from pillion.xds.server import SERVICE, Server
from pillion.xds.type_urls import CLUSTER, ENDPOINT

WEB = "outbound|80||web.shop.svc.cluster.local"


def address_in(assignment: bytes) -> str:
    group = ClusterLoadAssignment.FromString(assignment).endpoints[0]
    return group.lb_endpoints[0].endpoint.address.socket_address.address


def service(name: str, namespace: str = "shop") -> Service:
    ports = (ServicePort(name="http", port=80),)
    return Service(
        metadata=Metadata(name=name, namespace=namespace), spec=ServiceSpec(cluster_ip="10.0.0.1", ports=ports)
    )


def members(name: str, *addresses: str) -> EndpointSlice:
    return EndpointSlice(
        metadata=Metadata(name=f"{name}-1", namespace="shop", labels=FrozenMap({SERVICE_NAME: name})),
        endpoints=tuple(Endpoint(addresses=(address,)) for address in addresses),
        ports=(EndpointPort(name="http", port=8080),),
    )


class Client:
    """A delta client that acknowledges what it hears."""

    def __init__(self, call: Any, name: str) -> None:
        self._call = call
        self._name = name

    async def subscribe(self, type_url: str, *names: str) -> None:
        request = DeltaDiscoveryRequest(type_url=type_url, resource_names_subscribe=names)
        request.node.id = f"sidecar~10.2.0.1~{self._name}.shop~shop.svc.cluster.local"
        request.node.metadata.update({"NAMESPACE": "shop"})
        await self._call.write(request.SerializeToString())

    async def hear(self) -> DeltaDiscoveryResponse:
        async with asyncio.timeout(30):
            response = DeltaDiscoveryResponse.FromString(await self._call.read())
        acknowledgement = DeltaDiscoveryRequest(type_url=response.type_url, response_nonce=response.nonce)
        await self._call.write(acknowledgement.SerializeToString())
        return response


@asynccontextmanager
async def plane(may_be: Callable[..., str | None] = lambda *_: None) -> AsyncGenerator[tuple[ControlPlane, str]]:
    made = ControlPlane(mesh_settings({})[0], may_be=may_be)
    server = Server(made)
    port = server.listen("127.0.0.1:0")
    await server.start()
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(made.run())
        try:
            yield made, f"127.0.0.1:{port}"
        finally:
            loop.cancel()
            await server.stop(0.1)


@asynccontextmanager
async def client(address: str, name: str = "client") -> AsyncGenerator[Client]:
    async with grpc.aio.insecure_channel(address) as channel:
        method = channel.stream_stream(f"/{SERVICE}/DeltaAggregatedResources")
        call = method()
        try:
            yield Client(call, name)
        finally:
            call.cancel()


def test_a_new_service_reaches_a_connected_client_and_settles() -> None:
    async def play() -> None:
        async with plane() as (made, address), client(address) as proxy:
            await proxy.subscribe(CLUSTER)
            first = await proxy.hear()
            assert WEB not in {each.name for each in first.resources}
            generation = made.apply([service("web"), members("web", "10.1.0.1")])
            heard = await proxy.hear()
            assert [each.name for each in heard.resources] == [WEB]
            await proxy.subscribe(ENDPOINT, WEB)
            assert [each.name for each in (await proxy.hear()).resources] == [WEB]
            await made.settled(generation)
            assert [each.settled for each in made.clients] == [True]

    asyncio.run(play())


def test_a_burst_is_told_as_one_or_two() -> None:
    async def play() -> None:
        async with plane() as (made, address), client(address) as proxy:
            await made.pushed(made.apply([service("web"), members("web", "10.1.0.1")]))
            await proxy.subscribe(CLUSTER)
            await proxy.hear()
            await proxy.subscribe(ENDPOINT, WEB)
            await proxy.hear()
            await made.settled(made.generation)
            before = len(made.pushes)
            for number in range(50):
                made.apply([members("web", f"10.1.0.{number + 1}")])
            await made.pushed(made.generation)
            assert len(made.pushes) - before <= 2
            heard: list[str] = []
            while heard[-1:] != ["10.1.0.50"]:
                heard += [address_in(each.resource.value) for each in (await proxy.hear()).resources]
            assert len(heard) <= 2

    asyncio.run(play())


def test_a_deleted_service_takes_its_cluster_away() -> None:
    async def play() -> None:
        async with plane() as (made, address), client(address) as proxy:
            await made.pushed(made.apply([service("web"), members("web", "10.1.0.1")]))
            await proxy.subscribe(CLUSTER)
            await proxy.hear()
            made.apply([], [Ref(kind="Service", namespace="shop", name="web")])
            assert list((await proxy.hear()).removed_resources) == [WEB]

    asyncio.run(play())


def test_a_proxy_that_may_not_be_who_it_says_is_turned_away() -> None:
    async def play() -> None:
        async with plane(lambda _peer, proxy: f"no {proxy.workload.name}") as (made, address):
            async with client(address, "thief") as proxy:
                await proxy.subscribe(CLUSTER)
                with pytest.raises(grpc.aio.AioRpcError, match="no thief"):
                    await proxy.hear()
            assert made.clients == ()

    asyncio.run(play())


def test_a_fault_of_ours_leaves_proxies_what_they_have_and_ends_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("out of range")

    async def play() -> None:
        async with plane() as (made, address), client(address) as proxy:
            await proxy.subscribe(CLUSTER)
            await proxy.hear()
            faults = {"view": "not-published", "turn_to": "internal-error", "build": "internal-error"}
            for stage, code in faults.items():
                with monkeypatch.context() as patch:
                    patch.setattr(made.teller, stage, broken)
                    await made.pushed(made.apply([service("web")]))
                    assert [each.code for each in made.diagnostics] == [code]
                    assert "out of range" in str(made.diagnostics[0])
                    assert made.pushes[-1].generation == made.generation
            await made.pushed(made.apply([service("other")]))
            assert made.diagnostics == ()
            heard: set[str] = set()
            while not {WEB, WEB.replace("web", "other")} <= heard:  # together, or one after the other
                heard |= {each.name for each in (await proxy.hear()).resources}

    asyncio.run(play())
    assert (
        len([each for each in caplog.records if each.name.startswith("pillion.")]) == 3
    )  # grpcio has words of its own
