"""What `pillion serve` was told."""

from typing import NamedTuple

from pillion.sources.kubernetes.reflector import Patience
from pillion.value import Value


class Address(NamedTuple):
    """Where to listen; port 0 takes a free one."""

    host: str
    port: int


class ServeSettings(Value):
    """The settings of one replica."""

    namespace: str = "istio-system"
    """The system namespace: of the control plane, its Secret and its ConfigMap."""
    revision: str = ""
    cluster: str = "Kubernetes"
    domain: str = "cluster.local"
    plaintext: Address | None = None
    """xDS without proof of who calls: anybody may be anybody."""
    tls: Address = Address("", 15012)
    monitoring: Address = Address("", 15014)
    """`/metrics`, `/ready` and `/version`."""
    debug: Address = Address("127.0.0.1", 8080)
    """`/debug/...`: on loopback only, as it shows the configuration of everybody."""
    service: str = "istiod"
    """The name of the Service in front of us; our certificate bears it."""
    hosts: tuple[str, ...] = ()
    """More names and addresses for our certificate."""
    audiences: tuple[str, ...] = ("istio-ca",)
    """Whom a proxy's token must be meant for; one of them."""
    secret: str = "pillion-ca"  # noqa: S105 (a name)
    quiet: float = 0.002
    """Seconds to gather changes after a push."""
    drain: float = 0.0
    """Seconds between no longer being ready and ending streams."""
    patience: Patience = Patience()

    @property
    def mesh_map(self) -> str:
        """The name of the ConfigMap that holds the mesh's settings."""
        return f"istio-{self.revision}" if self.revision and self.revision != "default" else "istio"

    @property
    def names(self) -> tuple[str, ...]:
        """What our certificate is for."""
        services = [self.service]
        if self.revision and self.revision != "default":
            services.append(f"{self.service}-{self.revision}")
        found = [f"{name}.{self.namespace}.svc" for name in services]
        return (*found, *(f"{name}.{self.domain.removeprefix('.')}" for name in found), *self.hosts)
