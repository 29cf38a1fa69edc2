"""`xds_protocol`: conversations with the control plane over real gRPC, a step at a time."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Protocol, cast

import grpc
from envoy.config.endpoint.v3.endpoint_pb2 import ClusterLoadAssignment
from envoy.service.discovery.v3.discovery_pb2 import (
    DeltaDiscoveryRequest,
    DeltaDiscoveryResponse,
    DiscoveryRequest,
    DiscoveryResponse,
)
from google.protobuf import json_format

from conformance.outcome import Outcome, tally
from pillion.controlplane.plane import ControlPlane
from pillion.proxy.settings import mesh_settings
from pillion.resources.decode import decode
from pillion.resources.istio.service_entry import ServiceEntry
from pillion.resources.meta import ref_of
from pillion.value import Value
from pillion.xds import type_urls
from pillion.xds.server import SERVICE, Server
from pillion.xds.status import TypeStatus

Step = Mapping[str, Any]
TYPES = {
    "CDS": type_urls.CLUSTER,
    "EDS": type_urls.ENDPOINT,
    "LDS": type_urls.LISTENER,
    "RDS": type_urls.ROUTE,
    "SDS": type_urls.SECRET,
}
PATIENCE = 5.0
"""Seconds to wait for a response that must come."""
METHODS = {"sotw": "StreamAggregatedResources", "delta": "DeltaAggregatedResources"}


class Harness(Protocol):
    """A control plane that a conversation can be held with."""

    address: str

    def apply(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Put objects into the config store."""
        ...

    def delete(self, host: str) -> None:
        """Take the ServiceEntry with this host away."""
        ...

    async def wait_effective(self) -> None:
        """Wait until what was changed is what proxies are told."""
        ...

    async def wait_settled(self) -> None:
        """Wait until every connected client has acknowledged all of it."""
        ...

    def status(self, peer_order: int, type_url: str) -> TypeStatus | None:
        """Return what a stream was sent and acknowledged, by the order in which the streams began."""
        ...


class PlaneHarness:
    """Our control plane behind its gRPC server on loopback."""

    def __init__(self, plane: ControlPlane, server: Server, address: str) -> None:
        self.address = address
        self._plane = plane
        self._server = server
        self._generation = 0

    def apply(self, objects: Iterable[Mapping[str, Any]]) -> None:
        """Put objects into the config store."""
        found = (decode(dict(each))[0] for each in objects)
        self._generation = self._plane.apply([each for each in found if each is not None])

    def delete(self, host: str) -> None:
        """Take the ServiceEntry with this host away."""
        entries = self._plane.catalog.every(ServiceEntry)
        gone = [ref_of(each) for each in entries if each.spec is not None and host in each.spec.hosts]
        self._generation = self._plane.apply((), gone)

    async def wait_effective(self) -> None:
        """Wait until what was changed is what proxies are told."""
        await self._plane.pushed(self._generation)

    async def wait_settled(self) -> None:
        """Wait until every connected client has acknowledged all of it."""
        await self._plane.settled(self._generation)

    def status(self, peer_order: int, type_url: str) -> TypeStatus | None:
        """Return what a stream was sent and acknowledged."""
        return self._server.status()[peer_order].of(type_url)


@asynccontextmanager
async def start() -> AsyncIterator[Harness]:
    """Run a control plane with an empty mesh."""
    settings, _ = mesh_settings({})
    plane = ControlPlane(settings)
    server = Server(plane)
    port = server.listen("127.0.0.1:0")
    async with asyncio.TaskGroup() as tasks:
        loop = tasks.create_task(plane.run())
        await server.start()
        try:
            yield PlaneHarness(plane, server, f"127.0.0.1:{port}")
        finally:
            await server.stop(0.2)
            loop.cancel()


class Heard(Value):
    """A response, whichever dialect it came in."""

    type_url: str
    version: str
    nonce: str
    names: frozenset[str]
    removed: frozenset[str]
    assignments: Mapping[str, tuple[str, ...]]
    """Cluster -> `ip:port`, sorted, when the response is about endpoints."""


class Talk:
    """One stream of a conversation."""

    def __init__(self, call: Any, mode: str, node: Mapping[str, Any]) -> None:
        self.call = call
        self.mode = mode
        self.node: Mapping[str, Any] | None = node
        self.asked: dict[str, DiscoveryRequest] = {}

    async def request(self, step: Step, saved: Mapping[str, Heard]) -> None:
        """Send a request; the first one says who we are."""
        if self.mode == "sotw":
            state = self._state(step, saved)
            self.asked[state.type_url] = state
            await self._send(state)
        else:
            await self._send(self._delta(step, saved))

    def _state(self, step: Step, saved: Mapping[str, Heard]) -> DiscoveryRequest:
        request = DiscoveryRequest(type_url=TYPES[step["type"]], resource_names=step.get("names", ()))
        request.version_info = _copied(step, saved, "version") or step.get("version", "")
        request.response_nonce = _copied(step, saved, "nonce") or step.get("nonce", "")
        if step.get("error"):
            request.error_detail.message = str(step["error"])
        return request

    def _delta(self, step: Step, saved: Mapping[str, Heard]) -> DeltaDiscoveryRequest:
        request = DeltaDiscoveryRequest(
            type_url=TYPES[step["type"]],
            resource_names_subscribe=step.get("subscribe", ()),
            resource_names_unsubscribe=step.get("unsubscribe", ()),
            initial_resource_versions=step.get("initial_resource_versions", {}),
            response_nonce=_copied(step, saved, "nonce") or step.get("nonce", ""),
        )
        if step.get("error"):
            request.error_detail.message = str(step["error"])
        return request

    async def acknowledge(self, heard: Heard) -> None:
        """Accept a response."""
        if self.mode == "delta":
            await self._send(DeltaDiscoveryRequest(type_url=heard.type_url, response_nonce=heard.nonce))
            return
        again = DiscoveryRequest()
        again.CopyFrom(self.asked[heard.type_url])
        again.version_info, again.response_nonce = heard.version, heard.nonce
        await self._send(again)

    async def hear(self, seconds: float) -> Heard | None:
        """Return the next response; None when there is none in time, or the stream is over."""
        try:
            async with asyncio.timeout(seconds):
                data = await self.call.read()
        except (TimeoutError, grpc.RpcError):
            return None
        if not isinstance(data, bytes):
            return None
        return _state_heard(data) if self.mode == "sotw" else _delta_heard(data)

    async def _send(self, request: DiscoveryRequest | DeltaDiscoveryRequest) -> None:
        if self.node is not None:
            json_format.ParseDict(dict(self.node), request.node)
            self.node = None
        await self.call.write(request.SerializeToString())


def _copied(step: Step, saved: Mapping[str, Heard], what: str) -> str:
    source = step.get(f"{what}_of")
    return str(getattr(saved[source], what)) if source else ""


def _delta_heard(data: bytes) -> Heard:
    response = DeltaDiscoveryResponse.FromString(data)
    return Heard(
        type_url=response.type_url,
        version=response.system_version_info,
        nonce=response.nonce,
        names=frozenset(each.name for each in response.resources),
        removed=frozenset(response.removed_resources),
        assignments=_assignments(response.type_url, (each.resource.value for each in response.resources)),
    )


def _state_heard(data: bytes) -> Heard:
    response = DiscoveryResponse.FromString(data)
    names = [_name(each.value) for each in response.resources]
    return Heard(
        type_url=response.type_url,
        version=response.version_info,
        nonce=response.nonce,
        names=frozenset(names),
        removed=frozenset(),
        assignments=_assignments(response.type_url, (each.value for each in response.resources)),
    )


def _name(body: bytes) -> str:
    """Read a resource's name: the first field of every message that is served here."""
    length, place = 0, 1
    while True:
        length |= (body[place] & 0x7F) << 7 * (place - 1)
        place += 1
        if body[place - 1] < 0x80:
            return body[place : place + length].decode()


def _assignments(type_url: str, bodies: Iterable[bytes]) -> dict[str, tuple[str, ...]]:
    if type_url != type_urls.ENDPOINT:
        return {}
    found: dict[str, tuple[str, ...]] = {}
    for body in bodies:
        message = ClusterLoadAssignment.FromString(body)
        addresses = (each.endpoint.address.socket_address for group in message.endpoints for each in group.lb_endpoints)
        found[message.cluster_name] = tuple(sorted(f"{each.address}:{each.port_value}" for each in addresses))
    return found


class Conversation:
    """One scenario while it runs."""

    def __init__(self, harness: Harness, channel: Any, scenario: Step, metadata: Mapping[str, Any]) -> None:
        self.harness = harness
        self.channel = channel
        self.mode: str = scenario["mode"]
        self.metadata = metadata
        self.talks: dict[str, Talk] = {}
        self.latest = ""
        self.saved: dict[str, Heard] = {}

    async def step(self, step: Step) -> bool:
        """Run one step; return whether it went as it should."""
        for verb in step:
            act = getattr(self, f"_do_{verb}", None)
            if act is not None:
                return await act(step)
        raise ValueError(f"a step without a known verb: {sorted(step)}")

    def _talk(self, step: Step) -> Talk:
        return self.talks[step.get("on", self.latest)]

    async def _do_connect(self, step: Step) -> bool:
        await self.harness.wait_effective()
        self.latest = step["connect"]
        call = self.channel.stream_stream(f"/{SERVICE}/{METHODS[self.mode]}")()
        self.talks[self.latest] = Talk(call, self.mode, {"id": step["node"], "metadata": self.metadata})
        return True

    async def _do_disconnect(self, step: Step) -> bool:
        self.talks.pop(step["disconnect"]).call.cancel()
        return True

    async def _do_request(self, step: Step) -> bool:
        await self._talk(step).request(step["request"], self.saved)
        return True

    async def _do_expect(self, step: Step) -> bool:
        talk = self._talk(step)
        heard = await talk.hear(PATIENCE)
        if heard is None:
            return False
        if "save" in step:
            self.saved[step["save"]] = heard
        if step.get("ack"):
            await talk.acknowledge(heard)
        return _as_expected(heard, step["expect"])

    async def _do_expect_none_ms(self, step: Step) -> bool:
        return await self._talk(step).hear(step["expect_none_ms"] / 1000) is None

    async def _do_apply(self, step: Step) -> bool:
        self.harness.apply(step["apply"])
        return True

    async def _do_delete(self, step: Step) -> bool:
        self.harness.delete(step["delete"])
        return True

    async def _do_force_full_push(self, _: Step) -> bool:
        self.harness.apply(())
        await self.harness.wait_effective()
        return True

    async def _do_assert(self, step: Step) -> bool:
        return all(_true(clause, self.saved) for clause in step["assert"].split(" and "))

    async def _do_assert_syncz(self, step: Step) -> bool:
        wanted: Mapping[str, str] = step["assert_syncz"]
        order = list(self.talks).index(step.get("on", self.latest))

        with suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                await self.harness.wait_settled()
        for key, source in wanted.items():
            kind, _, what = key.partition("_")
            status = self.harness.status(order, SYNCZ[kind])
            if getattr(status, f"{what}_nonce", None) != self.saved[source].nonce:
                return False
        return True


SYNCZ = {
    "cluster": type_urls.CLUSTER,
    "endpoint": type_urls.ENDPOINT,
    "listener": type_urls.LISTENER,
    "route": type_urls.ROUTE,
}


def _true(clause: str, saved: Mapping[str, Heard]) -> bool:
    left, sign, right = clause.split()
    values = [str(getattr(saved[name], field)) for name, _, field in (side.partition(".") for side in (left, right))]
    return {"<": values[0] < values[1], "==": values[0] == values[1], "!=": values[0] != values[1]}[sign]


def _as_expected(heard: Heard, expect: Step) -> bool:
    checks = {
        "type": lambda wanted: heard.type_url == TYPES[wanted],
        "names_exact": lambda wanted: heard.names == set(wanted),
        "removed_exact": lambda wanted: heard.removed == set(wanted),
        "names_include": lambda wanted: heard.names >= set(wanted),
        "endpoints": lambda wanted: all(heard.assignments.get(k) == tuple(sorted(v)) for k, v in wanted.items()),
        "empty_endpoints": lambda wanted: all(heard.assignments.get(name) == () for name in wanted),
    }
    return all(checks[key](wanted) for key, wanted in expect.items() if key in checks)


async def converse(scenario: Step, metadata: Mapping[str, Any]) -> bool:
    """Run a scenario; return whether every step went as it should."""
    async with start() as harness, grpc.aio.insecure_channel(harness.address) as channel:
        harness.apply(scenario.get("initial", ()))
        await harness.wait_effective()
        conversation = Conversation(harness, channel, scenario, metadata)
        for step in scenario["steps"]:
            if not await conversation.step(step):
                return False
        return True


def run(data: Path) -> dict[str, Outcome]:
    """Hold every conversation."""
    content = cast(dict[str, Any], json.loads((data / "xds_protocol" / "scenarios.json").read_text()))
    metadata = content["node_metadata"]

    async def converse_all() -> list[tuple[str, bool]]:
        return [(each["name"], await converse(each, metadata)) for each in content["scenarios"]]

    return {"xds_protocol": tally(asyncio.run(converse_all()))}
