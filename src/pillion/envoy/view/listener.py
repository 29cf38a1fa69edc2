"""Listeners: where connections come in, what is read ahead of them, and which filter chain takes them."""

from typing import Literal

from pillion.envoy.view.route import RouteTable, Weight
from pillion.value import Value


class Always(Value):
    """A predicate that holds for every connection."""


class PortRange(Value):
    """Destination ports from `start`, below `end`."""

    start: int
    end: int


class Every(Value):
    """Holds when all of them do."""

    rules: tuple["Predicate", ...]


class Some(Value):
    """Holds when one of them does."""

    rules: tuple["Predicate", ...]


class Not(Value):
    """Holds when the other does not."""

    rule: "Predicate"


Predicate = Always | PortRange | Every | Some | Not


class ListenerFilter(Value):
    """Something that reads the first bytes of a connection before a filter chain is chosen."""

    name: str
    disabled: Predicate | None = None
    """The connections for which it does nothing."""


class ChainMatch(Value):
    """Which connections a chain takes. An empty field takes all."""

    port: int = 0
    prefixes: tuple[str, ...] = ()
    """Destination networks as `address/bits`."""
    server_names: tuple[str, ...] = ()
    transport: str = ""
    application_protocols: tuple[str, ...] = ()
    direct_source_prefixes: tuple[str, ...] = ()
    source_type: Literal["ANY", "SAME_IP_OR_LOOPBACK", "EXTERNAL"] = "ANY"
    source_prefixes: tuple[str, ...] = ()
    source_ports: tuple[int, ...] = ()


class Tls(Value):
    """The TLS that a chain terminates."""

    certificates: tuple[str, ...] = ()
    """Names of the secrets that its certificates come from."""
    require_client_certificate: bool = False
    alpn: tuple[str, ...] = ()


class Http(Value):
    """An HTTP connection manager. Its routes are inline, or fetched by name."""

    route_config: str = ""
    inline: RouteTable | None = None
    unread: str = ""
    """Set when routes come from a source that is not read, such as scoped routes."""
    normalize_path: bool = False
    merge_slashes: bool = False
    escaped_slashes: Literal[
        "IMPLEMENTATION_SPECIFIC_DEFAULT", "KEEP_UNCHANGED", "REJECT_REQUEST", "UNESCAPE_AND_REDIRECT",
        "UNESCAPE_AND_FORWARD",
    ] = "KEEP_UNCHANGED"  # fmt: skip
    strip_port: Literal["none", "matching", "any"] = "none"
    strip_trailing_dot: bool = False
    filters: tuple[str, ...] = ()
    """The names of its filters, in order."""


class Tcp(Value):
    """A TCP proxy: one cluster, or several by weight."""

    cluster: str = ""
    weighted: tuple[Weight, ...] = ()


class FilterChain(Value):
    """What becomes of a connection."""

    name: str = ""
    match: ChainMatch = ChainMatch()
    tls: Tls | None = None
    handler: Http | Tcp | None = None
    """None when its filters end in nothing that is read here."""
    filters: tuple[str, ...] = ()
    """Names of its network filters, in order."""


class Listener(Value):
    """A listener."""

    name: str
    addresses: tuple[tuple[str, int], ...] = ()
    """(IP address, port), the main one first; without those that are no TCP socket."""
    bind_to_port: bool = True
    use_original_dst: bool = False
    direction: str = ""
    filters: tuple[ListenerFilter, ...] = ()
    chains: tuple[FilterChain, ...] = ()
    default_chain: FilterChain | None = None
