"""Where a pod's call goes in a world: its name resolved, its proxy told, the call simulated."""

from collections.abc import Iterable, Iterator
from typing import Final

from msgspec.structs import replace

from pillion.analysis.call import Call, Encryption, Protocol, Result
from pillion.analysis.destination import Destination, resolve
from pillion.analysis.simulate import simulate
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, LISTENER, ROUTES, Rendered, TypeUrl
from pillion.envoy.text import to_json
from pillion.envoy.view.configuration import Configuration
from pillion.envoy.view.read import read_configuration
from pillion.mesh.service import Service
from pillion.mesh.snapshot import MeshSnapshot, World
from pillion.mesh.workload import Workload
from pillion.proxy.node import Proxy
from pillion.proxy.telling import Teller
from pillion.resources.protocol import Protocol as Declared
from pillion.value import Diagnostics, FrozenMap, Value
from pillion.xds.resource import View

KINDS: Final[tuple[TypeUrl, ...]] = (LISTENER, CLUSTER, ROUTES, ASSIGNMENT)
HTTP: Final[frozenset[Declared]] = frozenset({"HTTP", "HTTP_PROXY", "Unsupported"})
HTTP2: Final[frozenset[Declared]] = frozenset({"HTTP2", "GRPC", "GRPC-Web"})
ENCRYPTED: Final[frozenset[Declared]] = frozenset({"HTTPS", "TLS"})


class Asked(Value):
    """A call as a user would say it."""

    host: str
    """A name as the pod's program has it, or an IP address."""
    port: int
    protocol: Protocol | None = None
    """None: what the service's port says, HTTP where it says nothing."""
    encryption: Encryption | None = None
    """None: TLS where the service's port says so."""
    path: str = "/"
    method: str = "GET"
    headers: FrozenMap[str] = FrozenMap()
    """Keys in lower case."""


class Reached(Value):
    """The call that is made, and what becomes of it."""

    caller: Workload
    destination: Destination
    call: Call
    result: Result
    diagnostics: Diagnostics = ()
    """What there is to say of what the caller's proxy is told."""

    @property
    def arrives(self) -> bool:
        """Whether the call leaves the pod for a place that is known, or is answered with something that is no error."""
        result = self.result
        if result.error is not None or result.missing_clusters or result.abort:
            return False
        return result.cluster != "BlackHoleCluster" and result.direct_response < 400


def find_workloads(snapshot: MeshSnapshot, namespace: str, name: str) -> tuple[Workload, ...]:
    """Find pods by name, or by the name of what stamped them out, in order of their names."""
    pods = snapshot.workloads.get(namespace, ())
    exact = tuple(each for each in pods if each.name == name)
    return exact or tuple(sorted((each for each in pods if each.name.startswith(f"{name}-")), key=lambda one: one.name))


def reach(
    world: World, caller: Workload, asked: Asked, teller: Teller | None = None, *, captured: bool = True
) -> Reached | None:
    """Say what becomes of a call; None when the name does not resolve.

    `captured` says whether the pod has a sidecar at all.
    """
    destination = resolve(world.snapshot, caller.namespace, asked.host)
    if destination is None:
        return None
    call = _call(asked, destination, caller)
    if not destination.address:
        result = Result(error="no listener matched", notes=(destination.note,))
        return Reached(caller=caller, destination=destination, call=call, result=result)
    if not captured:
        note = "the pod has no sidecar, so the call goes straight to the address"
        return Reached(caller=caller, destination=destination, call=call, result=Result(notes=(note,)))
    proxy, teller = Proxy(workload=caller), teller or Teller()
    config = configuration_of(teller.view(world, proxy))
    result = simulate(config, call)
    noted = (destination.note,) if destination.note else ()
    notes = (*noted, *_portless(destination, asked.port), *result.notes, *_deserted(config, result))
    result = replace(result, notes=notes)
    found = teller.told(world, proxy).diagnostics
    return Reached(caller=caller, destination=destination, call=call, result=result, diagnostics=found)


def _portless(destination: Destination, port: int) -> Iterator[str]:
    """Tell of a port that a cluster IP does not have: a proxy that lets the call through sends it to nobody."""
    service = destination.service
    if service is None or destination.address not in service.addresses or service.registry != "Kubernetes":
        return
    numbers = sorted({each.number for each in service.ports})
    if port not in numbers:
        known = ", ".join(map(str, numbers))
        yield f"{service.hostname} has no port {port}, it has {known}: behind its address nobody answers there"


def _deserted(config: Configuration, result: Result) -> Iterator[str]:
    """Tell of clusters without anybody behind them, in this world."""
    names = (*result.weighted, result.cluster) if result.cluster else tuple(result.weighted)
    for name in names:
        cluster = config.clusters.get(name)
        if cluster is not None and cluster.endpoints == 0:
            yield f"{name} has no endpoints: Envoy answers 503 until it has one"


def configuration_of(view: View) -> Configuration:
    """Give what a proxy is told as a configuration."""
    return read_configuration(to_json(_rendered(view)))


def _rendered(view: View) -> Iterable[Rendered]:
    for type_url in KINDS:
        for each in view.resources(type_url) or ():
            yield Rendered(type_url=type_url, name=each.name, body=each.body)


def _call(asked: Asked, destination: Destination, caller: Workload) -> Call:
    declared = _declared(destination.service, asked.port)
    encryption: Encryption = asked.encryption or ("tls" if declared in ENCRYPTED else "plaintext")
    protocol = asked.protocol
    if protocol is None:
        protocol = "http2" if declared in HTTP2 else "http" if declared in HTTP else "tcp"
    return Call(
        address=destination.address,
        port=asked.port,
        protocol=protocol,
        encryption=encryption,
        sni=asked.host if encryption == "tls" else None,
        host=_authority(asked),
        path=asked.path,
        method=asked.method,
        headers=asked.headers,
        source=caller.addresses[0] if caller.addresses else "",
    )


def _declared(service: Service | None, number: int) -> Declared:
    if service is None:
        return "HTTPS" if number == 443 else "Unsupported"
    for port in service.ports:
        if port.number == number:
            return port.protocol
    return "Unsupported"


def _authority(asked: Asked) -> str:
    host = asked.headers.get("host", "") or (f"[{asked.host}]" if ":" in asked.host else asked.host)
    return host if asked.port in {80, 443} or "host" in asked.headers else f"{host}:{asked.port}"
