"""The same Envoy in the older dialect: it says all its names each time, and its acknowledgements can be stale."""

from collections import deque

from envoy.service.discovery.v3.discovery_pb2 import DiscoveryResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.xds import type_urls
from pillion.xds.request import Refusal, StateRequest
from pillion.xds.resource import View
from support.xds import BAD
from support.xds_line import Line, steps
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

    def hear(self, data: bytes) -> None:
        response = DiscoveryResponse.FromString(data)
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


@settings(max_examples=120, deadline=None)
@given(views(), st.lists(steps, max_size=50), views(good=True))
def test_the_client_ends_with_the_last_view(first: View, happens: list[str | View], last: View) -> None:
    line = Line("state", Envoy(), first)
    line.live(happens)
    line.show(last)
    line.settle()
    has_all(line)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(views(good=True), st.booleans()), min_size=2, max_size=6))
def test_the_client_follows_from_view_to_view(seen: list[tuple[View, bool]]) -> None:
    line = Line("state", Envoy(), seen[0][0])
    for view, reconnects in seen:
        line.settle()
        has_all(line)
        line.show(view)
        if reconnects:
            line.reconnect()


def has_all(line: Line[Envoy]) -> None:
    for url in TYPES:
        resources = line.view.resources(url)
        assert resources is not None
        assert line.envoy.has[url] == {each.name: each.body for each in resources}
    assert line.envoy.warming == set()
