"""Which backend a rule's destination names (Istio's `GetDestinationCluster`), and which rule shapes it."""

from pillion.ir.model.key import UNKNOWN_SERVICE, BackendKey
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service
from pillion.resources.istio.destination_rule import DestinationRuleSpec
from pillion.resources.istio.virtual_service import Destination
from pillion.scope.model import SidecarScope


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


def rule_for(scope: SidecarScope, host: str, traits: OutboundTraits) -> DestinationRuleSpec | None:
    """Return the DestinationRule in force for a host."""
    found = scope.destination_rule(host, traits.labels)
    return found.rule.spec if found else None


def origin_of(namespace: str, name: str) -> str:
    """Write where a part of the configuration came from."""
    return f"{namespace}/{name}"
