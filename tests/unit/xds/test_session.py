"""A session over another wire than HTTP/2."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from pillion.http2.status import Status
from pillion.xds.provider import RefusedError, Settled
from pillion.xds.request import Node
from pillion.xds.resource import View
from pillion.xds.session import Session
from pillion.xds.stream import Event
from support.xds import SHORT, res, see


class Queue:
    """A wire in memory."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[bytes] = asyncio.Queue()
        self.ready = True
        self.ended: tuple[Status, str] | None = None

    def send(self, parts: tuple[bytes, ...]) -> None:
        assert self.ready
        assert self.ended is None
        self.told.put_nowait(b"".join(parts))

    def flush(self) -> None:
        pass

    def end(self, code: Status, text: str = "") -> None:
        assert self.ended is None
        self.ended = code, text

    async def hear(self) -> DeltaDiscoveryResponse:
        return DeltaDiscoveryResponse.FromString(await self.told.get())


class Home:
    """Where sessions live."""

    def __init__(self) -> None:
        self.gone: list[Session] = []

    def share(self, node: Node, /) -> Node:
        return node

    def left(self, session: Session, /) -> None:
        self.gone.append(session)


def asking(kind: str, *names: str, node: str = "", **more: str) -> bytes:
    request = DeltaDiscoveryRequest(type_url=SHORT.get(kind, kind), resource_names_subscribe=names, **more)
    if node:
        request.node.id = node
    return request.SerializeToString()


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


class Again(Provides):
    """Has another view for who has all of the first."""

    def heard(self, event: Event | Settled, /) -> None:
        if isinstance(event, Settled) and self.view is not None:
            self.view = None
            self.notify(see(CDS="a b", EDS="a"))


def play(act: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(20):
            await act()

    asyncio.run(limited())


def begun(provides: Provides, peer: str = "peer") -> tuple[Session, Queue]:
    wire = Queue()
    return Session(wire, "delta", peer, provides, Home()), wire


def test_a_session_tells_what_its_provider_shows_and_hears_what_the_client_says() -> None:
    async def act() -> None:
        provides = Provides(None)
        session, wire = begun(provides)
        session.received(asking("CDS", node="n"))
        session.received(asking("EDS", "a"))
        provides.notify(see(CDS="a", EDS="a"))
        for kind in ("CDS", "EDS"):
            response = await wire.hear()
            assert response.resources[0].resource.value == res(kind, "a").body
            session.received(asking(kind, response_nonce=response.nonce))
        while not isinstance(await provides.events.get(), Settled):
            pass
        status = session.status()
        assert (status.node, status.peer, status.responses, status.resources) == ("n", "peer", 2, 2)
        assert status.bytes > 0
        session.stop()
        assert wire.ended == (Status.OK, "")
        assert not provides.attached
        session.received(asking("CDS"))
        session.stop()

    play(act)


def test_a_view_that_comes_when_all_is_settled_is_told_at_once() -> None:
    async def act() -> None:
        provides = Again(see(CDS="a", EDS="a"))
        session, wire = begun(provides)
        session.received(asking("CDS", node="n"))
        first = await wire.hear()
        session.received(asking("CDS", response_nonce=first.nonce))
        assert not wire.told.empty()
        assert [each.name for each in (await wire.hear()).resources] == ["b"]

    play(act)


def test_a_session_does_not_wait_for_ever_for_the_rest_of_a_reconnect() -> None:
    async def act() -> None:
        session, wire = begun(Provides(see(CDS="a", EDS="a")))
        request = DeltaDiscoveryRequest(type_url=SHORT["CDS"])
        request.node.id = "n"
        request.initial_resource_versions["a"] = res("CDS", "a").version
        session.received(request.SerializeToString())
        assert wire.told.empty()
        assert not (await wire.hear()).resources
        session.finished()
        assert wire.ended == (Status.OK, "")

    play(act)


def test_what_a_slow_client_has_missed_is_told_as_one() -> None:
    async def act() -> None:
        provides = Provides(see(CDS="a", EDS="a:0"))
        session, wire = begun(provides)
        session.received(asking("EDS", "a", node="n"))
        session.received(asking("EDS", response_nonce=(await wire.hear()).nonce))
        wire.ready = False
        for number in range(1, 5):
            provides.notify(see(CDS="a", EDS=f"a:{number}"))
        assert wire.told.empty()
        wire.ready = True
        session.resumed()
        assert (await wire.hear()).resources[0].resource.value == res("EDS", "a", 4).body
        assert wire.told.empty()

    play(act)


def test_a_fault_of_one_stream_ends_it_and_does_not_reach_whoever_shows_views() -> None:
    async def act() -> None:
        provides = Provides(see(CDS="a", EDS="a"))
        session, wire = begun(provides)
        session.received(asking("CDS", node="n"))
        await wire.hear()
        wire.ready = False  # a wire that breaks when it is spoken to
        wire.flush = lambda: 1 / 0  # type: ignore[method-assign,assignment]
        provides.notify(see(CDS="a:2", EDS="a"))
        assert wire.ended == (Status.INTERNAL, "internal error")
        assert not provides.attached

    play(act)


@pytest.mark.parametrize(
    ("peer", "data", "code"),
    [
        ("stranger", b"\x0a\x03\x0a\x01n\x12\x01t", Status.PERMISSION_DENIED),
        ("peer", b"\xff", Status.INVALID_ARGUMENT),
        ("peer", b"\x12\x01t", Status.INVALID_ARGUMENT),
        ("peer", b"\x0a\x03\x0a\x01n", Status.INVALID_ARGUMENT),
    ],
)
def test_who_may_not_have_a_stream_is_told_why(peer: str, data: bytes, code: Status) -> None:
    async def act() -> None:
        session, wire = begun(Provides(None), peer)
        session.received(data)
        assert wire.ended is not None
        assert wire.ended[0] == code
        assert wire.ended[1]

    play(act)
