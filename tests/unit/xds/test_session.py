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
from pillion.xds.stream import ACK_PATIENCE, BURST_PATIENCE, Event
from support.xds import SHORT, res, see


class Queue:
    """A wire in memory."""

    def __init__(self) -> None:
        self.told: asyncio.Queue[bytes] = asyncio.Queue()
        self.ready = True
        self.ended: tuple[Status, str] | None = None
        self.nonces: dict[str, str] = {}

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

    def heard(self) -> list[str]:
        """Return what was told since somebody last listened: types, names and -removed names."""
        found: list[str] = []
        while not self.told.empty():
            response = DeltaDiscoveryResponse.FromString(self.told.get_nowait())
            kind = next(kind for kind, url in SHORT.items() if url == response.type_url)
            names = [each.name for each in response.resources] + [f"-{each}" for each in response.removed_resources]
            found.append(" ".join([kind, *names]))
            self.nonces[kind] = response.nonce
        return found


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


class Clock(asyncio.SelectorEventLoop):
    """A loop whose time passes when a test says so."""

    now = 0.0

    def time(self) -> float:
        return self.now

    async def reaches(self, now: float) -> None:
        """Let it be this late, and all that is due then happen."""
        self.now = now
        for _ in range(3):
            await asyncio.sleep(0)


def play_by_the_clock(act: Callable[[Clock], Awaitable[None]]) -> None:
    async def scene() -> None:
        clock = asyncio.get_running_loop()
        assert isinstance(clock, Clock)
        await act(clock)

    with asyncio.Runner(loop_factory=Clock) as runner:
        runner.run(scene())


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


def known(kind: str, *names: str, node: str = "") -> bytes:
    """Ask on, having old versions of some resources."""
    request = DeltaDiscoveryRequest.FromString(asking(kind, *names, node=node))
    for name in names or ("a",):
        request.initial_resource_versions[name] = "old"
    return request.SerializeToString()


def running(view: View) -> tuple[Session, Queue, Provides]:
    """A client that has acknowledged all of a view."""
    provides = Provides(view)
    session, wire = begun(provides)
    session.received(asking("CDS", node="n"))
    for kind in ("EDS", "LDS", "RDS"):
        resources = view.resources(SHORT[kind])
        names = sorted(resources.names()) if resources and kind != "LDS" else ()
        session.received(asking(kind, *names))
    wire.heard()
    for _ in range(2):  # listeners come when clusters are acknowledged
        for kind, nonce in list(wire.nonces.items()):
            session.received(asking(kind, response_nonce=nonce))
        wire.heard()
    for kind, nonce in wire.nonces.items():
        session.received(asking(kind, response_nonce=nonce))
    assert not any(each.pending for each in session.status().types)
    return session, wire, provides


def test_the_short_wait_for_requests_does_not_end_the_long_one_for_an_acknowledgement() -> None:
    async def act(clock: Clock) -> None:
        session, wire = begun(Provides(see(CDS="a", EDS="a", LDS="l", RDS="r")))
        session.received(known("CDS", node="n"))
        session.received(known("EDS", "a"))
        session.received(known("LDS"))
        assert wire.heard() == ["EDS a"]
        await clock.reaches(0.9 * BURST_PATIENCE)
        session.received(known("RDS", "r"))
        assert wire.heard() == ["CDS a", "EDS a"]
        await clock.reaches(0.9 * BURST_PATIENCE + 0.99 * ACK_PATIENCE)
        assert wire.heard() == []
        await clock.reaches(0.9 * BURST_PATIENCE + 1.01 * ACK_PATIENCE)
        assert wire.heard() == ["LDS l -a", "RDS r"]
        session.finished()

    play_by_the_clock(act)


def test_the_wait_for_the_rest_of_a_reconnect_does_not_begin_anew_with_each_request() -> None:
    async def act(clock: Clock) -> None:
        session, wire = begun(Provides(see(CDS="a", EDS="a", LDS="l", RDS="r")))
        session.received(known("CDS", node="n"))
        await clock.reaches(0.7 * BURST_PATIENCE)
        session.received(known("EDS", "a"))
        assert wire.heard() == ["EDS a"]
        await clock.reaches(1.01 * BURST_PATIENCE)
        assert wire.heard() == ["CDS a", "EDS a"]
        session.finished()

    play_by_the_clock(act)


def test_the_wait_for_an_acknowledgement_does_not_begin_anew_with_all_that_happens() -> None:
    async def act(clock: Clock) -> None:
        session, wire, provides = running(see(CDS="a", EDS="a", LDS="l", RDS="l"))
        provides.notify(see(CDS="a:2", EDS="a", LDS="l", RDS="l:2"))
        assert wire.heard() == ["CDS a", "EDS a"]
        for step in range(1, 10):
            await clock.reaches(0.1 * step * ACK_PATIENCE)
            session.received(asking("EDS", response_nonce=wire.nonces["EDS"]))
            provides.notify(see(CDS="a:2", EDS=f"a:{step}", LDS="l", RDS="l:2"))
            session.resumed()
            assert wire.heard() == ["EDS a"]
            wire.ready = False
            session.resumed()
            wire.ready = True
        await clock.reaches(1.01 * ACK_PATIENCE)
        assert wire.heard() == ["RDS l"]
        session.finished()

    play_by_the_clock(act)


def test_what_is_sent_while_another_is_waited_for_has_its_own_time() -> None:
    async def act(clock: Clock) -> None:
        session, wire, provides = running(see(CDS="a b", EDS="a b", LDS="l", RDS="l"))
        provides.notify(see(CDS="a", EDS="a b", LDS="l", RDS="l:2"))
        assert wire.heard() == ["RDS l"]
        await clock.reaches(0.9 * ACK_PATIENCE)
        provides.notify(see(CDS="a", EDS="a b", LDS="l:2", RDS="l:2"))
        assert wire.heard() == ["LDS l"]
        await clock.reaches(1.01 * ACK_PATIENCE)
        await clock.reaches(1.8 * ACK_PATIENCE)
        assert wire.heard() == [], "a cluster goes when no listener on its way may need it"
        await clock.reaches(2.02 * ACK_PATIENCE)
        assert wire.heard() == ["CDS -b"]
        session.finished()

    play_by_the_clock(act)


def test_a_fault_when_patience_ends_ends_the_stream() -> None:
    async def act(clock: Clock) -> None:
        provides = Provides(see(CDS="a", EDS="a"))
        session, wire = begun(provides)
        session.received(known("CDS", node="n"))
        wire.flush = lambda: 1 / 0  # type: ignore[method-assign,assignment]
        await clock.reaches(1.01 * BURST_PATIENCE)
        assert wire.ended == (Status.INTERNAL, "internal error")
        assert not provides.attached

    play_by_the_clock(act)


class Clings(Provides):
    """Does not let go."""

    def detach(self) -> None:
        raise ZeroDivisionError


def test_a_stream_ends_whatever_goes_wrong_on_the_way() -> None:
    async def act() -> None:
        home = Home()
        for end in (Session.stop, Session.finished):
            wire = Queue()
            session = Session(wire, "delta", "peer", Clings(see(CDS="a")), home)
            session.received(asking("CDS", node="n"))
            end(session)
            assert wire.ended == (Status.OK, "")
            assert home.gone.pop() is session
        wire = Queue()
        session = Session(wire, "delta", "peer", Provides(see(CDS="a")), home)
        session.received(asking("CDS", node="n"))
        wire.end = lambda *_: 1 / 0  # type: ignore[method-assign,assignment]
        session.stop()
        assert home.gone == [session]

    play(act)


class Enough(Provides):
    """Has another view for who has all of the first, and ends the stream before it is told."""

    session: Session

    def heard(self, event: Event | Settled, /) -> None:
        if isinstance(event, Settled):
            self.notify(see(CDS="a b", EDS="a"))
            self.session.stop()


def test_nothing_is_said_after_the_end() -> None:
    async def act() -> None:
        provides = Enough(see(CDS="a", EDS="a"))
        provides.session, wire = begun(provides)
        provides.session.received(asking("CDS", node="n"))
        provides.session.received(asking("CDS", response_nonce=(await wire.hear()).nonce))
        assert wire.ended == (Status.OK, "")
        assert wire.told.empty()

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
