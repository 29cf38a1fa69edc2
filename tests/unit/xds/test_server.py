"""A session over another wire than gRPC."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from pillion.xds.request import Node
from pillion.xds.resource import View
from pillion.xds.server import ClosedError, ProtocolError, RefusedError, Session, Settled
from pillion.xds.stream import Event
from support.xds import SHORT, res, see


class Queues:
    """A wire in memory."""

    def __init__(self) -> None:
        self.asked: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.told: asyncio.Queue[bytes] = asyncio.Queue()

    async def read(self) -> bytes:
        data = await self.asked.get()
        if data is None:
            raise ClosedError
        return data

    async def write(self, data: bytes) -> None:
        await self.told.put(data)

    def say(self, kind: str, *names: str, node: str = "", **more: str) -> None:
        request = DeltaDiscoveryRequest(type_url=SHORT.get(kind, kind), resource_names_subscribe=names, **more)
        if node:
            request.node.id = node
        self.asked.put_nowait(request.SerializeToString())

    async def hear(self) -> DeltaDiscoveryResponse:
        return DeltaDiscoveryResponse.FromString(await self.told.get())


class Provides:
    """One view, and what is heard about it."""

    def __init__(self, view: View | None) -> None:
        self.view = view
        self.events: asyncio.Queue[Event | Settled] = asyncio.Queue()
        self.node = Node()
        self.attached = False
        self.came = asyncio.Event()
        self.notify: Callable[[View], None] = lambda _: None

    def attach(self, node: Node, peer: str, notify: Callable[[View], None]) -> "Provides":
        if peer == "stranger":
            raise RefusedError("who are you")
        self.node, self.notify, self.attached = node, notify, True
        self.came.set()
        return self

    def heard(self, event: Event | Settled, /) -> None:
        self.events.put_nowait(event)

    def detach(self) -> None:
        self.attached = False


def play(act: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await act()

    asyncio.run(limited())


def test_a_session_tells_what_its_provider_shows_and_hears_what_the_client_says() -> None:
    async def act() -> None:
        wire, provides = Queues(), Provides(None)
        session = Session(wire, "delta", "peer", provides)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.run(lambda node: node))
            wire.say("CDS", node="n")
            wire.say("EDS", "a")
            await provides.came.wait()
            provides.notify(see(CDS="a", EDS="a"))
            for kind in ("CDS", "EDS"):
                response = await wire.hear()
                assert response.resources[0].resource.value == res(kind, "a").body
                wire.say(kind, response_nonce=response.nonce)
            while not isinstance(await provides.events.get(), Settled):
                pass
            status = session.status()
            assert (status.node, status.peer, status.responses, status.resources) == ("n", "peer", 2, 2)
            assert status.bytes > 0
            session.stop()
        assert not provides.attached

    play(act)


def test_a_session_does_not_wait_for_ever_for_the_rest_of_a_reconnect() -> None:
    async def act() -> None:
        wire, provides = Queues(), Provides(see(CDS="a", EDS="a"))
        session = Session(wire, "delta", "peer", provides)
        request = DeltaDiscoveryRequest(type_url=SHORT["CDS"])
        request.node.id = "n"
        request.initial_resource_versions["a"] = res("CDS", "a").version
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(session.run(lambda node: node))
            wire.asked.put_nowait(request.SerializeToString())
            assert not (await wire.hear()).resources
            wire.asked.put_nowait(None)

    play(act)


@pytest.mark.parametrize(
    ("peer", "data", "error"),
    [
        ("stranger", b"\x0a\x03\x0a\x01n\x12\x01t", RefusedError),
        ("peer", b"\xff", ProtocolError),
        ("peer", b"\x12\x01t", ProtocolError),
        ("peer", b"\x0a\x03\x0a\x01n", ProtocolError),
    ],
)
def test_who_may_not_have_a_stream_is_told_why(peer: str, data: bytes, error: type[Exception]) -> None:
    async def act() -> None:
        wire = Queues()
        wire.asked.put_nowait(data)
        with pytest.raises(error):
            await Session(wire, "delta", peer, Provides(None)).run(lambda node: node)

    play(act)
