"""Which backend a rule's destination names (Istio's `GetDestinationCluster`), and where it came from."""

from collections.abc import Iterable, Iterator
from typing import Literal

from msgspec.structs import replace

from pillion.ir.model.key import UNKNOWN_SERVICE, BackendKey
from pillion.mesh.rules.delegation import PlacedRoute
from pillion.mesh.service import Service
from pillion.resources.istio.virtual_service import Destination, HTTPRouteDestination, RouteDestination, VirtualService
from pillion.resources.meta import ref_of
from pillion.value import Where

DestinationField = Literal["host", "port", "subset"]


def backend_of(destination: Destination | None, service: Service | None, listener_port: int) -> BackendKey:
    """Name the backend: the destination's port, else the service's only one, else the listener's."""
    if destination is None or not destination.host:
        return UNKNOWN_SERVICE
    host = service.external_name if service is not None and service.external_name else destination.host
    port = listener_port
    if destination.port is not None:
        port = destination.port.number
    elif service is not None and len(service.ports) == 1:
        port = service.ports[0].number
    return BackendKey(port=port, subset=destination.subset, host=host)


def origin_of(namespace: str, name: str) -> str:
    """Write where a part of the configuration came from."""
    return f"{namespace}/{name}"


def place_of(service: VirtualService, key: BackendKey, field: DestinationField = "host") -> Where | None:
    """Find a field of the destination with which a VirtualService first names a backend.

    A destination without port may be any port of its host. What was taken from a delegate is where that has it.
    """
    for each, where in _destinations(service):
        named = each.host == key.host and each.subset == key.subset
        if named and (each.port is None or each.port.number == key.port):
            return _below(where, field)
    return None


def _destinations(service: VirtualService) -> Iterator[tuple[Destination, Where]]:
    name = str(ref_of(service))
    for index, rule in enumerate(service.spec.http):
        usual = Where(resource=name, path=("spec", "http", index))
        at = rule.written if isinstance(rule, PlacedRoute) else usual
        yield from _weighted(rule.route, at)
        if rule.mirror is not None:
            yield rule.mirror, _below(at, "mirror")
        for number, mirror in enumerate(rule.mirrors):
            if mirror.destination is not None:
                yield mirror.destination, _below(at, "mirrors", number, "destination")
    for kind, streams in (("tls", service.spec.tls), ("tcp", service.spec.tcp)):
        for index, stream in enumerate(streams):
            yield from _weighted(stream.route, Where(resource=name, path=("spec", kind, index)))


def _weighted(
    targets: Iterable[HTTPRouteDestination | RouteDestination], at: Where
) -> Iterator[tuple[Destination, Where]]:
    for index, target in enumerate(targets):
        if target.destination is not None:
            yield target.destination, _below(at, "route", index, "destination")


def _below(where: Where, *steps: str | int) -> Where:
    return replace(where, path=(*where.path, *steps))
