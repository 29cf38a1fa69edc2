"""A model of Envoy on a slow line ends with the last view, is not told what it has, and no route loses its cluster."""

from collections import deque
from typing import Any

from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryResponse
from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.value import FrozenMap
from pillion.xds import type_urls
from pillion.xds.request import DeltaRequest
from pillion.xds.resource import View
from support.xds import BAD, SHORT
from support.xds_line import Line, steps
from support.xds_worlds import BROKEN, clusters_of, views

KINDS = {url: kind for kind, url in SHORT.items()}


class Envoy:
    """A delta client as Envoy is: acknowledges clusters when they are warm, and does not ask for what it waits for."""

    def __init__(self) -> None:
        self.has: dict[str, dict[str, tuple[str, bytes]]] = {url: {} for url in type_urls.PUSH_ORDER}
        self.subscribed: dict[str, set[str]] = {type_urls.ENDPOINT: set(), type_urls.ROUTE: set()}
        self.warming: set[str] = set()
        self.held: list[DeltaRequest] = []
        """Requests about clusters, withheld while some are warming."""
        self.out: deque[DeltaRequest] = deque()
        self.excused: set[tuple[str, str]] = set()
        """What may be told again: refused, let go in between, or the line broke while clusters were warming."""
        self.refused_any = False

    def say(self, url: str, **more: Any) -> None:
        request = DeltaRequest(type_url=url, **more)
        if url == type_urls.CLUSTER and self.warming:
            self.held.append(request)
        else:
            self.out.append(request)

    def connect(self) -> None:
        self.out.clear()
        self.held.clear()
        if self.warming:
            self.excused |= {(type_urls.ENDPOINT, name) for name in self.has[type_urls.CLUSTER]}
        for url in (type_urls.CLUSTER, type_urls.ENDPOINT, type_urls.LISTENER, type_urls.ROUTE):
            wanted = self.subscribed.get(url)
            known = FrozenMap({name: version for name, (version, _) in self.has[url].items()})
            if wanted is None:
                self.say(url, initial_resource_versions=known)
            elif wanted:
                self.say(url, subscribe=tuple(sorted(wanted)), initial_resource_versions=known)

    def hear(self, data: bytes) -> None:
        response = DeltaDiscoveryResponse.FromString(data)
        url = response.type_url
        told = {each.name: (each.version, each.resource.value) for each in response.resources}
        if url in self.subscribed:
            told = {name: each for name, each in told.items() if name in self.subscribed[url]}
        if any(content.startswith(str(BROKEN).encode()) for _, content in told.values()):
            self.excused |= {(kind, name) for kind in (url, type_urls.WARMS_WITH.get(url, url)) for name in told}
            self.refused_any = True
            self.say(url, response_nonce=response.nonce, refusal=BAD)
            return
        self.check(url, told, list(response.removed_resources))
        self.has[url] |= told
        for name in response.removed_resources:
            self.has[url].pop(name, None)
        match url:
            case type_urls.CLUSTER:
                self.warming |= told.keys()
                self.warming -= set(response.removed_resources)
                self.follow(type_urls.ENDPOINT, set(self.has[url]))
            case type_urls.LISTENER:
                self.follow(type_urls.ROUTE, set(self.has[url]))
            case type_urls.ENDPOINT:
                self.warming -= told.keys()
        if not self.warming:
            self.out.extend(self.held)
            self.held.clear()
        self.say(url, response_nonce=response.nonce)

    def follow(self, url: str, wanted: set[str]) -> None:
        subscribed = self.subscribed.setdefault(url, set())
        add, drop = wanted - subscribed, subscribed - wanted
        if add or drop:
            self.say(url, subscribe=tuple(sorted(add)), unsubscribe=tuple(sorted(drop)))
        self.subscribed[url] = wanted
        for name in drop:
            self.has[url].pop(name, None)
        self.excused |= {(url, name) for name in drop}  # what is on its way may meet a later subscription

    def check(self, url: str, told: dict[str, tuple[str, bytes]], removed: list[str]) -> None:
        for name, resource in told.items():
            again = self.has[url].get(name) == resource
            waited_for = url == type_urls.ENDPOINT and name in self.warming
            assert not again or waited_for or (url, name) in self.excused, f"{KINDS[url]} {name} told again"
        if url == type_urls.CLUSTER:
            used = {name for _, route in self.has[type_urls.ROUTE].values() for name in clusters_of(route)}
            assert used.isdisjoint(removed) or self.refused_any, "a cluster was removed that a route refers to"
        if url == type_urls.ROUTE and not self.refused_any:
            changed = [route for name, (_, route) in told.items() if name in self.has[url]]
            used = {name for route in changed for name in clusters_of(route)}
            ready = self.has[type_urls.CLUSTER].keys() - self.warming
            assert used <= ready, "a route came before its cluster"


def has_all(line: Line[Envoy]) -> None:
    for url in (type_urls.CLUSTER, type_urls.ENDPOINT, type_urls.LISTENER, type_urls.ROUTE):
        resources = line.view.resources(url)
        assert resources is not None
        assert {name: version for name, (version, _) in line.envoy.has[url].items()} == {
            each.name: each.version for each in resources
        }
    assert line.envoy.warming == set()
    assert line.stream.settled


@settings(max_examples=120, deadline=None)
@given(views(), st.lists(steps, max_size=60), views(good=True))
def test_the_client_ends_with_the_last_view(first: View, happens: list[str | View], last: View) -> None:
    line = Line("delta", Envoy(), first)
    line.live(happens)
    line.show(last)
    line.settle()
    has_all(line)


@settings(max_examples=60, deadline=None)
@given(st.lists(views(good=True), min_size=1, max_size=8), st.lists(st.booleans()))
def test_nothing_is_told_to_a_client_that_returns_to_the_same_view(seen: list[View], order: list[bool]) -> None:
    line = Line("delta", Envoy(), seen[0])
    line.settle()
    for view in seen:
        line.show(view)
        for pushes in order:
            line.step("push" if pushes else "hear")
        line.settle()
    has_all(line)
    line.envoy.excused.clear()
    line.reconnect()
    before = {url: dict(has) for url, has in line.envoy.has.items()}
    line.settle()
    assert line.envoy.has == before
