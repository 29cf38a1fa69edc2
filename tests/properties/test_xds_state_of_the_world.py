"""The same Envoy in the older dialect: it says all its names each time, and its acknowledgements can be stale."""

from collections import deque

from envoy.service.discovery.v3.discovery_pb2 import DiscoveryResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.xds import type_urls
from pillion.xds.request import Refusal, StateRequest
from pillion.xds.resource import View
from pillion.xds.stream import Stream
from support.xds import BAD
from support.xds_worlds import BROKEN, views

FOLLOWS = {type_urls.CLUSTER: type_urls.ENDPOINT, type_urls.LISTENER: type_urls.ROUTE}
TYPES = (type_urls.CLUSTER, type_urls.ENDPOINT, type_urls.LISTENER, type_urls.ROUTE)


class Envoy:
    """Takes all clusters and listeners at once, endpoints and routes one by one."""

    def __init__(self) -> None:
        self.has: dict[str, dict[str, bytes]] = {url: {} for url in TYPES}
        self.names: dict[str, tuple[str, ...]] = {}
        self.nonce: dict[str, str] = {}
        self.version: dict[str, str] = {}
        self.warming: set[str] = set()
        self.held: list[StateRequest] = []
        self.out: deque[StateRequest] = deque()

    def connect(self) -> None:
        self.out.clear()
        self.held.clear()
        self.nonce.clear()
        for url in TYPES:
            if url in FOLLOWS or self.names.get(url):
                self.say(url)

    def say(self, url: str, refusal: Refusal | None = None) -> None:
        request = StateRequest(
            type_url=url,
            resource_names=self.names.get(url, ()),
            version_info=self.version.get(url, ""),
            response_nonce=self.nonce.get(url, ""),
            refusal=refusal,
        )
        held = url == type_urls.CLUSTER and self.warming
        self.held.append(request) if held else self.out.append(request)

    def hear(self, response: DiscoveryResponse) -> None:
        url = response.type_url
        self.nonce[url] = response.nonce
        told = {each.value.split()[1].decode(): each.value for each in response.resources}
        if any(body.startswith(str(BROKEN).encode()) for body in told.values()):
            self.say(url, BAD)
            return
        self.version[url] = response.version_info
        follow = FOLLOWS.get(url)
        if follow is None:
            self.has[url] |= {name: body for name, body in told.items() if name in self.names[url]}
            if url == type_urls.ENDPOINT:
                self.warming -= told.keys()
        else:
            if url == type_urls.CLUSTER:
                changed = {name for name, body in told.items() if self.has[url].get(name) != body}
                self.warming = (self.warming | changed) & told.keys()
            self.has[url] = told
            self.has[follow] = {name: body for name, body in self.has[follow].items() if name in told}
            if self.names.get(follow, ()) != tuple(sorted(told)):
                self.names[follow] = tuple(sorted(told))
                self.say(follow)
        if not self.warming:
            self.out.extend(self.held)
            self.held.clear()
        self.say(url)


class Line:
    """The client, the server's stream and what is on its way between them."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.envoy = Envoy()
        self.pushed: deque[bytes] = deque()
        self.reconnect()

    def reconnect(self) -> None:
        self.stream = Stream("state", self.view)
        self.pushed.clear()
        self.envoy.connect()

    def show(self, view: View) -> None:
        self.view = view
        self.stream.show(view)

    def step(self, what: str) -> bool:
        if what == "push":
            response = self.stream.next()
            if response is not None:
                self.pushed.append(response.data)
            return response is not None
        if what == "ask" and self.envoy.out:
            self.stream.receive(self.envoy.out.popleft())
            return True
        if what == "hear" and self.pushed:
            self.envoy.hear(DiscoveryResponse.FromString(self.pushed.popleft()))
            return True
        return False

    def settle(self) -> None:
        for _ in range(500):
            if any([self.step("ask"), self.step("push"), self.step("hear")]):
                continue
            if self.stream.patience is None:
                return
            self.stream.lapse()
        raise AssertionError("no end")


steps = st.one_of(st.sampled_from(["ask", "push", "hear"] * 4 + ["reconnect"]), views())


@settings(max_examples=120, deadline=None)
@given(views(), st.lists(steps, max_size=50), views(good=True))
def test_the_client_ends_with_the_last_view(first: View, happens: list[str | View], last: View) -> None:
    line = Line(first)
    for what in happens:
        if isinstance(what, View):
            line.show(what)
        elif what == "reconnect":
            line.reconnect()
        else:
            line.step(what)
    line.show(last)
    line.settle()
    has_all(line)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(views(good=True), st.booleans()), min_size=2, max_size=6))
def test_the_client_follows_from_view_to_view(seen: list[tuple[View, bool]]) -> None:
    line = Line(seen[0][0])
    for view, reconnects in seen:
        line.settle()
        has_all(line)
        line.show(view)
        if reconnects:
            line.reconnect()


def has_all(line: Line) -> None:
    for url in TYPES:
        resources = line.view.resources(url)
        assert resources is not None
        assert line.envoy.has[url] == {each.name: each.body for each in resources}
    assert line.envoy.warming == set()
