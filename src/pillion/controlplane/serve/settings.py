"""What `pillion serve` was told."""

from typing import NamedTuple

from pillion.controlplane.writing.certificate import hosts_of
from pillion.controlplane.writing.guardian import Charge
from pillion.controlplane.writing.leader import Post
from pillion.controlplane.writing.lease import Terms
from pillion.controlplane.writing.writers import Duties
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
    webhook: Address | None = None
    """`/validate`, for the API server; None to judge nothing."""
    validator: str = ""
    """The ValidatingWebhookConfiguration to look after, if any."""
    injector: str = ""
    """The MutatingWebhookConfiguration to look after, if any."""
    injector_certificate: str = ""
    """The Secret with the injector's certificate, if it is ours."""
    status: bool = True
    """Say in the status of objects that they cannot be read."""
    allocate: bool = True
    """Give addresses to ServiceEntries without any."""
    service: str = "istiod"
    """The name of the Service in front of us; our certificate bears it."""
    hosts: tuple[str, ...] = ()
    """More names and addresses for our certificate."""
    audiences: tuple[str, ...] = ("istio-ca",)
    """Whom a proxy's token must be meant for; one of them."""
    secret: str = "pillion-ca"  # noqa: S105 (a name)
    quiet: float = 0.002
    """Seconds to gather changes after a push."""
    max_connection_age: float = 1800.0
    """Seconds until a proxy's connection is ended in good order, a tenth more or less; 0 for never."""
    drain: float = 0.0
    """Seconds between no longer being ready and ending streams."""
    patience: Patience = Patience()
    terms: Terms = Terms()
    """Of the Lease of the replica that writes."""
    handover: float = 120.0
    """Seconds for which our certificate stays after the authority was replaced: until everybody trusts the new one."""

    @property
    def suffix(self) -> str:
        """What the names of a revision's objects end with."""
        return f"-{self.revision}" if self.revision and self.revision != "default" else ""

    @property
    def mesh_map(self) -> str:
        """The name of the ConfigMap that holds the mesh's settings."""
        return f"istio{self.suffix}"

    @property
    def injector_map(self) -> str:
        """The name of the ConfigMap that holds the injection templates."""
        return f"istio-sidecar-injector{self.suffix}"

    @property
    def names(self) -> tuple[str, ...]:
        """What our certificate is for."""
        services = [self.service]
        if self.suffix:
            services.append(f"{self.service}{self.suffix}")
        found = [f"{name}.{self.namespace}.svc" for name in services]
        return (*found, *(f"{name}.{self.domain.removeprefix('.')}" for name in found), *self.hosts)

    def duties(self, identity: str) -> Duties:
        """What a replica of this name writes when it is its turn."""
        revision = self.revision or "default"
        return Duties(
            post=Post(
                namespace=self.namespace, name=f"{self.service}{self.suffix}", identity=identity, revision=revision
            ),
            charge=Charge(
                namespace=self.namespace,
                revision=revision,
                validator=self.validator,
                injector=self.injector,
                certificate=self.injector_certificate,
                hosts=hosts_of(self.injector_map, self.namespace),
            ),
            status=self.status,
            allocation=self.allocate,
            terms=self.terms,
            patience=self.patience,
        )
