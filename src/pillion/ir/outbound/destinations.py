"""Which backend a rule's destination names (Istio's `GetDestinationCluster`), and where it came from."""

from pillion.ir.model.key import UNKNOWN_SERVICE, BackendKey
from pillion.mesh.service import Service
from pillion.resources.istio.virtual_service import Destination


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
