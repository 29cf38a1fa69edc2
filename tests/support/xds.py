"""Plays for the xDS stream: `play >> what the client says << what it must be told`."""

from collections.abc import Collection
from typing import Any

from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryResponse, DiscoveryResponse

from pillion.value import FrozenMap, Value
from pillion.xds import type_urls
from pillion.xds.request import DeltaRequest, Refusal, StateRequest
from pillion.xds.resource import Resource, Resources, View, versioned
from pillion.xds.stream import Dialect, Event, Stream

SHORT = {
    "CDS": type_urls.CLUSTER,
    "EDS": type_urls.ENDPOINT,
    "LDS": type_urls.LISTENER,
    "RDS": type_urls.ROUTE,
    "SDS": type_urls.SECRET,
    "NDS": "type.googleapis.com/istio.networking.nds.v1.NameTable",
}
BAD = Refusal(code=13, message="no such filter")


def empty(name: str) -> Resource:
    """Stand in for endpoints that are not there."""
    return versioned(type_urls.ENDPOINT, name, f"empty {name}".encode())


def res(kind: str, name: str, content: object = 0) -> Resource:
    """Make a resource; a cluster needs its endpoints, a listener `l` its routes `l`."""
    follow = {"CDS": type_urls.ENDPOINT, "LDS": type_urls.ROUTE}.get(kind)
    needs = ((follow, name),) if follow else ()
    return versioned(SHORT[kind], name, f"{kind} {name} {content}".encode(), needs)


def see(**kinds: str) -> View:
    """Make a view: `see(CDS="a b:2")` has cluster a with content 0 and b with content 2."""
    resources: list[Resource] = []
    for kind, words in kinds.items():
        resources += [res(kind, *word.split(":")) for word in words.split()]
    sets = (Resources(url, [r for r in resources if r.type_url == url]) for url in SHORT.values())
    return View(sets, {type_urls.ENDPOINT: empty})


class Tell(Value):
    """A response: its type, the names of its resources in order, and the removed names."""

    kind: str
    names: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


def tell(kind: str, names: str = "", removed: str = "") -> Tell:
    return Tell(kind=kind, names=tuple(names.split()), removed=tuple(removed.split()))


class Say(Value):
    """A request."""

    kind: str
    names: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    versions: FrozenMap[str] = FrozenMap()
    version: str = ""
    nonce: str = ""
    refusal: Refusal | None = None


def say(kind: str, names: str = "", unsubscribe: str = "", known: Collection[Resource] = (), **more: Any) -> Say:
    versions = FrozenMap({each.name: each.version for each in known})
    return Say(kind=kind, names=tuple(names.split()), unsubscribe=tuple(unsubscribe.split()), versions=versions, **more)


class Ack(Value):
    """Acknowledge (or refuse) the last response of a type; SotW says its names again."""

    kind: str
    names: tuple[str, ...] = ()
    refusal: Refusal | None = None


def ack(kind: str, names: str = "") -> Ack:
    return Ack(kind=kind, names=tuple(names.split()))


def nack(kind: str, names: str = "") -> Ack:
    return Ack(kind=kind, names=tuple(names.split()), refusal=BAD)


class Lapse(Value):
    """The shell's patience ends."""


LAPSE = Lapse()
NOTHING: tuple[Tell, ...] = ()


class Play:
    """One stream on a stage."""

    def __init__(self, dialect: Dialect, view: View | None = None) -> None:
        self.stream = Stream(dialect, view)
        self.dialect: Dialect = dialect
        self.nonces: dict[str, str] = {}
        self.bodies: dict[tuple[str, str], bytes] = {}
        self.events: tuple[Event, ...] = ()

    def __rshift__(self, said: Say | Ack | View | Lapse) -> "Play":
        match said:
            case View():
                self.stream.show(said)
            case Lapse():
                assert self.stream.patience is not None
                self.stream.lapse()
            case Say():
                self.events = self.stream.receive(self._request(said))
            case Ack():
                nonce = self.nonces[said.kind]
                words = Say(kind=said.kind, nonce=nonce, names=said.names, refusal=said.refusal)
                self.events = self.stream.receive(self._request(words))
        return self

    def __lshift__(self, expected: Tell | tuple[Tell, ...]) -> "Play":
        wanted = [expected] if isinstance(expected, Tell) else list(expected)
        told: list[Tell] = []
        while (response := self._next()) is not None:
            told.append(response)
        assert told == wanted
        return self

    def _request(self, said: Say) -> DeltaRequest | StateRequest:
        url = SHORT[said.kind]
        if self.dialect == "state":
            return StateRequest(
                type_url=url,
                resource_names=said.names,
                version_info=said.version,
                response_nonce=said.nonce,
                refusal=said.refusal,
            )
        return DeltaRequest(
            type_url=url,
            subscribe=said.names,
            unsubscribe=said.unsubscribe,
            initial_resource_versions=said.versions,
            response_nonce=said.nonce,
            refusal=said.refusal,
        )

    def _next(self) -> Tell | None:
        response = self.stream.next()
        if response is None:
            return None
        kind = next(kind for kind, url in SHORT.items() if url == response.type_url)
        if self.dialect == "delta":
            message = DeltaDiscoveryResponse.FromString(response.data)
            bodies = {each.name: each.resource.value for each in message.resources}
            removed = tuple(message.removed_resources)
        else:
            state = DiscoveryResponse.FromString(response.data)
            bodies = {each.value.split()[1].decode(): each.value for each in state.resources}
            removed = ()
        self.nonces[kind] = response.nonce
        self.bodies |= {(kind, name): body for name, body in bodies.items()}
        return Tell(kind=kind, names=tuple(bodies), removed=removed)
