"""Which backend a rule's destination names (Istio's `GetDestinationCluster`), and where it came from."""

from collections.abc import Iterator

from pillion.ir.model.key import UNKNOWN_SERVICE, BackendKey
from pillion.mesh.service import Service
from pillion.resources.istio.virtual_service import Destination, VirtualService


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


def sends_to(service: VirtualService, key: BackendKey) -> bool:
    """Tell whether a VirtualService names this backend; a destination without port may be any port of its host."""
    return any(
        each.host == key.host and each.subset == key.subset and (each.port is None or each.port.number == key.port)
        for each in _destinations(service)
    )


def _destinations(service: VirtualService) -> Iterator[Destination]:
    for rule in service.spec.http:
        targets = [target.destination for target in rule.route] + [rule.mirror]
        targets += [mirror.destination for mirror in rule.mirrors]
        yield from (target for target in targets if target is not None)
    for stream in (*service.spec.tls, *service.spec.tcp):
        yield from (target.destination for target in stream.route if target.destination is not None)
