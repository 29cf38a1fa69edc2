"""The few facts of a proxy that change what it is told. Everything else about it leaves no trace in its configuration.

Keep them small: proxies with equal traits and equal scope share one IR and the same bytes.
"""

from typing import Literal

from pillion.mesh.endpoint import NOWHERE, Locality
from pillion.resources.istio.mesh_proxy import ProxyConfig
from pillion.resources.istio.telemetry import Telemetry
from pillion.value import NO_LABELS, Labels, Value

Interception = Literal["REDIRECT", "TPROXY", "NONE"]
Family = Literal["v4", "v6"]
RESERVED_PORTS = frozenset({15021, 15090})
"""Ports that the proxy itself listens on at every address: status and metrics."""


class CommonTraits(Value):
    """What of a proxy changes either half."""

    families: tuple[Family, ...] = ("v4",)
    """IP families of its addresses, v4 first."""
    interception: Interception = "REDIRECT"
    certificates: bool = True
    """Whether a certificate provider is beside the proxy."""
    capabilities: frozenset[str] = frozenset()
    """Names of extensions beyond stock Envoy that the proxy listed."""
    http10: bool = False
    idle_timeout: int | None = None
    """Of TCP connections, in nanoseconds."""
    unprivileged: bool = False
    """Without interception: it cannot listen on ports below 1024."""
    reserved_ports: frozenset[int] = RESERVED_PORTS
    exact_balance: bool = False
    proxy_config: ProxyConfig | None = None
    """The workload's own, over the mesh's `defaultConfig`."""
    telemetry: tuple[Telemetry, ...] = ()
    """Those that select it: mesh, namespace, workload, in this order."""
    dual_stack: bool = False
    """Istio's switch `ISTIO_DUAL_STACK`: use both families where a proxy has both."""

    @property
    def v4(self) -> bool:
        """Whether it has an IPv4 address."""
        return "v4" in self.families or not self.families

    @property
    def v6(self) -> bool:
        """Whether it has an IPv6 address."""
        return "v6" in self.families

    @property
    def wildcards(self) -> tuple[str, ...]:
        """The addresses that stand for all of its own."""
        return tuple(["0.0.0.0"] * self.v4 + ["::"] * self.v6)  # noqa: S104  # inside the pod

    @property
    def loopbacks(self) -> tuple[str, ...]:
        """Its loopback addresses."""
        return tuple(["127.0.0.1"] * self.v4 + ["::1"] * self.v6)


class OutboundTraits(CommonTraits):
    """What of a proxy changes its outbound half."""

    dns_capture: bool = False
    dns_auto_allocate: bool = False
    labels: Labels = NO_LABELS
    """The labels that a selector of its scope asks for, no others."""
    own_address: str = ""
    """Its first address, only when it belongs to a headless service or entry that it imports."""
    locality: Locality = NOWHERE
    """Only where a DNS service prefers members by place."""
    cluster: str = ""
    """Only where a `failoverPriority` may ask for it."""
    network: str = ""
    """Likewise."""
    node: str = ""
    """Likewise."""
    http_proxy_port: int = 0

    @property
    def dns_family(self) -> Literal["v4", "v6", "all"]:
        """Which addresses of a name it can use."""
        if not self.v6:
            return "v4"
        if not self.v4:
            return "v6"
        return "all" if self.dual_stack else "v4"


class InboundTraits(CommonTraits):
    """What of a proxy changes its inbound half."""

    addresses: tuple[str, ...] = ()
    """The pod's addresses, only when its Sidecar has `ingress`."""
    ingress_tls: bool = False
    """Istio's switch `ENABLE_TLS_ON_SIDECAR_INGRESS`."""
