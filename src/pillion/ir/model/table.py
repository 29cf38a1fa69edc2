"""Virtual hosts, and tables of them: which routes count for which host name."""

from pillion.ir.model.key import BackendKey, TableKey
from pillion.ir.model.route import Route
from pillion.value import Value


class VirtualHost(Value):
    """The routes of some host names."""

    name: str
    """`host` for the name `host:port`; with port 0 the whole name (`allow_any`, `block_all`, `inbound|http|80`)."""
    port: int = 0
    domains: tuple[str, ...]
    routes: tuple[Route, ...]
    attempt_count: bool = False
    """Tell the server how often this request was tried."""


class RouteTable(Value):
    """All virtual hosts of one port."""

    key: TableKey
    hosts: tuple[VirtualHost, ...] = ()
    ignore_port: bool = True
    outbound: bool = True

    @property
    def targets(self) -> frozenset[BackendKey]:
        """All backends that its routes name."""
        return frozenset(key for host in self.hosts for route in host.routes for key in route.targets)


class InlineTable(Value):
    """A table that travels inside its listener."""

    name: str = ""
    backend: BackendKey | None = None
    """It is named after this backend."""
    hosts: tuple[VirtualHost, ...] = ()
    ignore_port: bool = False
    outbound: bool = False

    @property
    def targets(self) -> frozenset[BackendKey]:
        """All backends that its routes name."""
        return frozenset(key for host in self.hosts for route in host.routes for key in route.targets)
