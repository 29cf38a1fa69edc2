"""What the whole mesh is set to, as far as it decides configuration: MeshConfig and the switches beside it."""

from pillion.resources.mesh_config import MeshConfig
from pillion.value import Value


class MeshSettings(Value):
    """MeshConfig with Istio's defaults filled in, and the domain of the cluster."""

    config: MeshConfig
    domain: str = "cluster.local"
    """The suffix of Kubernetes names: `NAME.NAMESPACE.svc.DOMAIN`."""

    @property
    def root_namespace(self) -> str:
        """Where mesh-wide resources live (`rootNamespace`)."""
        return self.config.root_namespace or "istio-system"

    @property
    def trust_domain(self) -> str:
        """The trust domain of the workloads' identities."""
        return self.config.trust_domain or "cluster.local"
