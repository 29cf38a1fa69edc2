"""A call, and what becomes of it."""

from typing import Literal

from pillion.envoy.view.listener import Tls
from pillion.value import FrozenMap, Value

Direction = Literal["outbound", "inbound", "direct"]
Protocol = Literal["http", "http2", "tcp"]
Encryption = Literal["plaintext", "tls", "mtls"]
Profile = Literal["envoy", "istio_test"]
"""`envoy` answers as Envoy does. `istio_test` answers as the simulation in Istio's own tests does, which looks at a
route's path alone; it is there to run those tests, and for nothing else."""

Error = Literal[
    "no listener matched",
    "no filter chains matched",
    "multiple filter chains matched",
    "invalid TLS",
    "invalid mTLS",
    "protocol error",
    "no virtual host matched",
    "tls required, sending 301",
    "no route matched",
    "no destination",
]


class Call(Value):
    """A connection, and the request inside when it is HTTP."""

    direction: Direction = "outbound"
    """outbound and inbound: captured, and sent to the proxy with the original destination; direct: straight to a
    listener's own socket."""
    address: str
    """The IP address that the caller connects to."""
    port: int
    protocol: Protocol = "http"
    """What is spoken inside; `tcp` is anything that is not HTTP."""
    encryption: Encryption = "plaintext"
    """tls: the caller's own; mtls: the mesh's, with the caller's workload certificate."""
    sni: str | None = None
    """Default: the host, for tls."""
    alpn: tuple[str, ...] | None = None
    """What the caller offers, best first; None: what fits protocol and encryption."""
    host: str = ""
    path: str = "/"
    """With the query."""
    method: str = "GET"
    headers: FrozenMap[str] = FrozenMap()
    """Keys in lower case."""
    source: str = ""
    """The caller's IP address, for chains that ask for it."""
    source_port: int = 0
    workload_certificate: str = "default"
    """The name of the secret that holds the workload's certificate."""


class Result(Value):
    """How far a call came, and where it ended. What was found before an error stays."""

    listener: str = ""
    filter_chain: str = ""
    route_config: str = ""
    """Only when the routes were fetched, not inline."""
    virtual_host: str = ""
    route: str = ""
    cluster: str = ""
    weighted: FrozenMap[int] = FrozenMap()
    """cluster -> weight, when there are several."""
    redirect: str = ""
    """Status and location, such as `301 https://shop.example/cart`."""
    direct_response: int = 0
    abort: str = ""
    """What the proxy answers every such request on purpose, such as `status 503`: it goes no further."""
    error: Error | None = None
    missing_clusters: tuple[str, ...] = ()
    """Clusters named there that the proxy does not have: Envoy answers 503."""
    tls: Tls | None = None
    """The TLS of the filter chain."""
    notes: tuple[str, ...] = ()
    """What else decides, and what could not be judged."""
