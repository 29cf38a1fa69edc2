"""Where traffic comes in: listeners, their filter chains, what a chain matches and what it does."""

from typing import Literal

from pillion.ir.model.access_log import AccessLog
from pillion.ir.model.backend import Dns
from pillion.ir.model.connection import HttpSettings
from pillion.ir.model.key import BackendKey, ListenerKey, TableKey
from pillion.ir.model.table import InlineTable
from pillion.ir.model.tls import ServerTls
from pillion.value import Value

Transport = Literal["", "tls", "raw"]

PLAIN_HTTP = ("http/1.1", "h2c")
"""What detection calls plain text HTTP."""
MESH_HTTP = ("istio-http/1.0", "istio-http/1.1", "istio-h2")
MESH_TCP = ("istio-peer-exchange", "istio")
MESH_ALL = ("istio", "istio-peer-exchange", "istio-http/1.0", "istio-http/1.1", "istio-h2")


class ChainMatch(Value):
    """Which connections a chain takes; empty fields take all."""

    port: int = 0
    prefixes: tuple[str, ...] = ()
    """Addresses or CIDRs of the original destination."""
    server_names: tuple[str, ...] = ()
    transport: Transport = ""
    protocols: tuple[str, ...] = ()
    """Application protocols."""


EVERYTHING = ChainMatch()


class Http(Value):
    """Speak HTTP and route by a table: a named one, or one given here."""

    table: TableKey | None = None
    inline: InlineTable | None = None
    settings: HttpSettings = HttpSettings()
    statistics: str = ""
    outbound: bool = True
    dynamic: tuple[Dns, ...] = ()
    """Resolve the host that a request asks for, where its backend takes whatever name it is: the caches of those."""


class TcpTarget(Value):
    """One backend of a TCP route."""

    backend: BackendKey
    weight: int = 1


class Tcp(Value):
    """Copy bytes to a backend, or to one of several by weight."""

    targets: tuple[TcpTarget, ...]
    split: bool = False
    access_logs: tuple[AccessLog, ...] = ()
    idle_timeout: int | None = None
    max_duration: int | None = None
    hash_source: bool = False
    statistics: str = ""
    tunnel_target: str = ""
    """`host:port` to reach through an HTTP CONNECT (or POST) tunnel."""
    tunnel_post: bool = False
    inspect: Literal["", "mongo"] = ""
    """Read the bytes as this protocol, for statistics."""
    sni_port: int = 0
    """Resolve the caller's SNI by DNS and go to this port."""
    sni_names: Dns = Dns()


Handler = Http | Tcp


class Chain(Value):
    """What happens to some of a listener's connections."""

    name: str = ""
    match: ChainMatch | None = None
    handler: Handler
    tls: ServerTls | None = None
    handshake_timeout: bool = False
    origin: str = ""
    """`namespace/name` of the VirtualService behind it."""
    inbound: bool = False

    @property
    def targets(self) -> frozenset[BackendKey]:
        """All backends that it names itself, not by a table that comes apart."""
        match self.handler:
            case Tcp():
                return frozenset(target.backend for target in self.handler.targets)
            case Http():
                return self.handler.inline.targets if self.handler.inline is not None else frozenset()


class Inspection(Value):
    """Whether a detector looks at connections, and for which ports it does not."""

    except_ports: tuple[int, ...] = ()
    only_ports: tuple[int, ...] = ()
    """When given, no other port is looked at."""


class Listener(Value):
    """A place where connections come in."""

    key: ListenerKey
    addresses: tuple[str, ...]
    """IP addresses, the first names it; or one `unix:///path`."""
    port: int = 0
    direction: Literal["inbound", "outbound"] = "outbound"
    bound: bool = True
    """False: it has no socket of its own, redirected connections are handed to it by their destination."""
    transparent: bool = False
    hand_off: bool = False
    """It hands connections to the listener of their original destination."""
    recover_destination: bool = False
    keep_source: bool = False
    detect_tls: Inspection | None = None
    detect_http: Inspection | None = None
    detection_timeout: int | None = None
    chains: tuple[Chain, ...] = ()
    default: Chain | None = None
    access_logs: tuple[AccessLog, ...] = ()
    exact_balance: bool = False

    @property
    def all_chains(self) -> tuple[Chain, ...]:
        """Its chains, the default one last."""
        return (*self.chains, self.default) if self.default is not None else self.chains

    @property
    def targets(self) -> frozenset[BackendKey]:
        """All backends that its chains name."""
        return frozenset(key for chain in self.all_chains for key in chain.targets)
