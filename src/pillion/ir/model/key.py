"""Names inside the house: a backend, a listener or a route table is a value.

The strings that stand for them are made in `envoy.names`.
"""

from typing import Literal

from pillion.value import Value

BackendKind = Literal["outbound", "inbound", "passthrough", "inbound-passthrough", "black-hole", "dynamic-dns", "named"]


class BackendKey(Value, order=True):
    """The name of a backend: a subset of a port of a host, or one of the few that every proxy has."""

    kind: BackendKind = "outbound"
    port: int = 0
    subset: str = ""
    host: str = ""
    """The host; for kind `named` the name itself, which the mesh knows no backend for."""


PASSTHROUGH = BackendKey(kind="passthrough")
INBOUND_PASSTHROUGH = BackendKey(kind="inbound-passthrough")
BLACK_HOLE = BackendKey(kind="black-hole")
DYNAMIC_DNS = BackendKey(kind="dynamic-dns")
UNKNOWN_SERVICE = BackendKey(kind="named", host="UnknownService")


ListenerKind = Literal["bound", "virtual-outbound", "virtual-inbound", "http-proxy"]


class ListenerKey(Value, order=True):
    """The name of a listener: its first address and port, or the two that catch redirected traffic."""

    kind: ListenerKind = "bound"
    address: str = ""
    """An IP address or `unix:///path`."""
    port: int = 0


class TableKey(Value, order=True):
    """The name of a route table: a port; one service's port (a port that is detected on its own address); a socket."""

    port: int = 0
    host: str = ""
    """The service's host, when the table is that service's alone."""
    socket: str = ""
    """`unix:///path`, when the listener is a socket; `http_proxy` for the mesh's own HTTP proxy port."""
