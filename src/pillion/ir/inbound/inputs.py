"""What of scope, workload and proxy the inbound half depends on; replicas of a Deployment have equal inputs."""

from pillion.ir.policy.peer import PeerModes, peer_modes
from pillion.ir.traits import InboundTraits
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.workload import ServiceTarget, Workload
from pillion.resources.istio.destination_rule import ConnectionPoolSettings
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.istio.sidecar import IstioIngressListener
from pillion.scope.model import SidecarScope
from pillion.value import FrozenMap, Value

UNIX = "unix://"
LAST_PORT = 2**16 - 1


class InboundInputs(Value):
    """Everything that an inbound half is made from."""

    targets: tuple[ServiceTarget, ...]
    traits: InboundTraits
    config: MeshConfig
    trust_domains: tuple[str, ...]
    modes: PeerModes
    ingress: tuple[IstioIngressListener, ...] = ()
    """Of the Sidecar in force; when it has any, they stand in place of the services' ports."""
    pool: ConnectionPoolSettings | None = None
    """The Sidecar's `inboundConnectionPool`."""
    rules: FrozenMap[ConsolidatedRule] = FrozenMap()
    """DestinationRules for the workload's own hosts, as far as they concern servers."""
    sidecar: str = ""
    """`name.namespace` of the Sidecar."""

    def pool_for(self, port: int) -> ConnectionPoolSettings | None:
        """Return the connection pool that the Sidecar sets for a port."""
        for listener in self.ingress:
            if listener.port is not None and listener.port.number == port and listener.connection_pool is not None:
                return listener.connection_pool
        return self.pool


def is_reachable(listener: IstioIngressListener) -> bool:
    """Return whether a `defaultEndpoint` names a place that calls can be handed on to; none at all does."""
    text = listener.default_endpoint
    if not text or text.startswith(UNIX):
        return True
    port = text.rpartition(":")[2]
    return port.isdecimal() and port.isascii() and len(port) <= len(str(LAST_PORT)) and int(port) <= LAST_PORT


def inbound_inputs(
    scope: SidecarScope, workload: Workload, targets: tuple[ServiceTarget, ...], traits: InboundTraits
) -> InboundInputs:
    """Pick what the inbound half depends on."""
    spec = scope.sidecar.spec if scope.sidecar else None
    settings = scope.settings
    rules = {
        target.service.hostname: rule
        for target in targets
        if (rule := scope.destination_rule(target.service.hostname)) is not None
    }
    domains = dict.fromkeys((settings.trust_domain, *settings.config.trust_domain_aliases))
    ingress = tuple(listener for listener in spec.ingress if listener.port is not None) if spec else ()
    return InboundInputs(
        targets=targets,
        traits=traits,
        config=settings.config,
        trust_domains=tuple(domains),
        modes=peer_modes(scope.peer_authentications, workload.namespace, workload.labels, settings.root_namespace),
        ingress=ingress,
        pool=spec.inbound_connection_pool if spec else None,
        rules=FrozenMap(rules),
        sidecar=f"{scope.name}.{scope.namespace}",
    )
