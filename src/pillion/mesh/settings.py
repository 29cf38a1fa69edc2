"""What the whole mesh is set to, as far as it decides configuration: MeshConfig and the switches beside it."""

from pillion.resources.istio.mesh_config import MeshConfig
from pillion.value import Value


class MeshSettings(Value):
    """MeshConfig with Istio's defaults filled in, and the domain of the cluster."""

    config: MeshConfig
    domain: str = "cluster.local"
    """The suffix of Kubernetes names: `NAME.NAMESPACE.svc.DOMAIN`."""

    pick_best_service_namespace: bool = True
    """Whether a destination found in several other namespaces is taken from where Kubernetes declares it, else from the
    oldest (Istio's `PILOT_SIDECAR_PICK_BEST_SERVICE_NAMESPACE`); otherwise from the first by name."""

    dual_stack: bool = False
    """Whether proxies with addresses of both families use both (Istio's `ISTIO_DUAL_STACK`)."""

    ingress_tls: bool = False
    """Whether the `tls` of a Sidecar's `ingress` counts (Istio's `ENABLE_TLS_ON_SIDECAR_INGRESS`)."""

    gateways_by_namespace: bool = False
    """Whether a Gateway selects workloads of its own namespace alone (Istio's `PILOT_SCOPE_GATEWAY_TO_NAMESPACE`)."""

    @property
    def root_namespace(self) -> str:
        """Where mesh-wide resources live (`rootNamespace`)."""
        return self.config.root_namespace or "istio-system"

    @property
    def trust_domain(self) -> str:
        """The trust domain of the workloads' identities."""
        return self.config.trust_domain or "cluster.local"
