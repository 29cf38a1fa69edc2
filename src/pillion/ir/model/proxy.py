"""The two halves of what one proxy must do; replicas of a Deployment share both."""

from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BackendKey
from pillion.ir.model.listener import Listener
from pillion.ir.model.table import RouteTable
from pillion.value import Value


class EnvoyPatch(Value):
    """A patch that a user wrote against the proxy's own configuration; opaque here, applied last."""

    context: str
    apply_to: str
    body: bytes
    """The patch as JSON."""
    origin: str = ""
    """The resource that it comes from, and its place there."""
    index: int = 0


class OutboundIR(Value):
    """What the proxy does with its workload's calls."""

    backends: tuple[Backend, ...] = ()
    listeners: tuple[Listener, ...] = ()
    tables: tuple[RouteTable, ...] = ()
    capabilities: frozenset[str] = frozenset()
    missing: frozenset[BackendKey] = frozenset()
    """Destinations that rules name and nobody has: a request that is sent there fails."""


class InboundIR(Value):
    """What the proxy does with calls to its workload."""

    backends: tuple[Backend, ...] = ()
    listeners: tuple[Listener, ...] = ()
    capabilities: frozenset[str] = frozenset()
