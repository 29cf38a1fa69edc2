"""Where traffic goes: a set of members found in one way, and the terms on which they are used."""

from typing import Literal

from pillion.ir.model.assignment import Group
from pillion.ir.model.balancing import Balancing, Outlier
from pillion.ir.model.key import BackendKey
from pillion.ir.model.tls import PLAIN, ClientTls
from pillion.value import NO_LABELS, Labels, Value

Discovery = Literal["eds", "static", "strict-dns", "logical-dns", "original-destination", "dynamic"]
"""How members are found: from the control plane, fixed, by DNS (all answers or the first), where the caller
wanted to go, or by DNS for whatever name the caller asked."""

AddressFamily = Literal["auto", "v4", "v6", "all"]
HttpVersion = Literal["", "http1", "http2", "downstream"]


class ServiceName(Value):
    """The service behind a backend, for telemetry."""

    host: str
    name: str
    namespace: str


class Limits(Value):
    """Circuit breakers; `None` is unlimited."""

    connections: int | None = None
    pending: int | None = None
    requests: int | None = None
    retries: int | None = None
    retry_budget_percent: float | None = None
    retry_concurrency: int | None = None


class TcpKeepalive(Value):
    """Probes on idle connections; times in whole seconds."""

    probes: int | None = None
    time: int | None = None
    interval: int | None = None


class UpstreamHttp(Value):
    """HTTP towards the members."""

    version: HttpVersion = ""
    """Empty: HTTP/1.1 unless more is said."""
    idle_timeout: int | None = None
    max_requests_per_connection: int = 0
    max_connection_duration: int | None = None
    max_concurrent_streams: int = 0
    keepalive_interval: int | None = None
    keepalive_timeout: int | None = None
    preserve_case: bool = False


class Dns(Value):
    """How names are resolved."""

    family: AddressFamily = "v4"
    refresh: int | None = None
    cache: str = ""
    """Name of the DNS cache (`dynamic`)."""
    resolver: str = ""
    """`host:port` of a resolver other than the machine's."""
    max_hosts: int | None = None


class MemberTerms(Value):
    """Which endpoints of a service are members, where they are told apart from the configuration."""

    host: str
    namespace: str
    """With `host` the service's key in the endpoint table."""
    port_name: str
    labels: Labels = NO_LABELS
    """Those of a subset."""
    node_local: bool = False
    cluster_local: bool = False
    """Only members in the client's own cluster count."""
    mtls: bool | None = None
    """What a rule says about mutual TLS for all members; None asks each of them."""
    unhealthy: bool = True
    """Whether unhealthy members are told of."""
    addresses: tuple[str, ...] = ()
    """The service's virtual addresses: with other ones it counts as another service, and its members are told anew."""


class Backend(Value):
    """Where traffic goes."""

    key: BackendKey
    discovery: Discovery = "eds"
    services: tuple[ServiceName, ...] = ()
    external: bool = False
    connect_timeout: int | None = None
    balancing: Balancing = Balancing(algorithm="round-robin")
    limits: Limits | None = None
    http: UpstreamHttp | None = None
    keepalive: TcpKeepalive | None = None
    outlier: Outlier | None = None
    tls: ClientTls = PLAIN
    proxy_protocol: Literal["", "V1", "V2"] = ""
    members: tuple[Group, ...] = ()
    """Of backends whose members are part of the configuration (`static`, DNS)."""
    terms: MemberTerms | None = None
    """Of backends whose members come apart (`eds`)."""
    dns: Dns | None = None
    source_addresses: tuple[str, ...] = ()
    port_override: int | None = None
    """Original destination: another port than the caller's."""
    cleanup_interval: int | None = None
    rule: str = ""
    """`namespace/name` of the DestinationRule that shaped it, for telemetry."""
    subset: str = ""
