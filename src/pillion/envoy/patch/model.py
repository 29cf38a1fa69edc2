"""A patch as the messages are patched with it: where, what, how."""

from typing import Literal

from pillion.value import Value, Where

Context = Literal["SIDECAR_INBOUND", "SIDECAR_OUTBOUND"]


class NamedMatch(Value, rename="camel"):
    """An inner filter, by name."""

    name: str = ""


class FilterMatch(Value, rename="camel"):
    """A filter of a chain, and one inside it."""

    name: str = ""
    sub_filter: NamedMatch | None = None


class FilterChainMatch(Value, rename="camel"):
    """A filter chain."""

    name: str = ""
    sni: str = ""
    transport_protocol: str = ""
    application_protocols: str = ""
    filter: FilterMatch | None = None
    destination_port: int = 0


class ListenerMatch(Value, rename="camel"):
    """A listener and what is inside it."""

    port_number: int = 0
    filter_chain: FilterChainMatch | None = None
    listener_filter: str = ""
    name: str = ""


class RouteMatch(Value, rename="camel"):
    """A route."""

    name: str = ""
    action: str = "ANY"


class VirtualHostMatch(Value, rename="camel"):
    """A virtual host, and a route inside it."""

    name: str = ""
    domain_name: str = ""
    route: RouteMatch | None = None


class RouteConfigurationMatch(Value, rename="camel"):
    """A route configuration, and a virtual host inside it."""

    port_number: int = 0
    vhost: VirtualHostMatch | None = None
    name: str = ""


class ClusterMatch(Value, rename="camel"):
    """A cluster."""

    port_number: int = 0
    service: str = ""
    subset: str = ""
    name: str = ""


class Match(Value, rename="camel"):
    """Where; what is absent matches everything."""

    listener: ListenerMatch | None = None
    route_configuration: RouteConfigurationMatch | None = None
    cluster: ClusterMatch | None = None


class Patch(Value):
    """One patch, read and found to be good."""

    where: Where
    """The patch in the user's resource."""
    context: str
    """`ANY`, or one of the sidecar's."""
    apply_to: str
    operation: str
    match: Match = Match()
    value: bytes | None = None
    """The serialised message that it works with; absent for a removal."""

    @property
    def merges(self) -> bool:
        """Whether its value is merged into what is there."""
        return self.operation in {"MERGE", "MERGE_AND_REPLACE_LIST"}

    @property
    def listener_filter(self) -> str:
        """The listener filter that it names, or empty."""
        return self.match.listener.listener_filter if self.match.listener else ""

    @property
    def network_filter(self) -> FilterMatch | None:
        """The network filter that it names."""
        chain = self.match.listener.filter_chain if self.match.listener else None
        return chain.filter if chain else None

    @property
    def http_filter(self) -> str | None:
        """The HTTP filter that it names."""
        inner = self.network_filter.sub_filter if self.network_filter else None
        return inner.name if inner else None

    @property
    def virtual_host(self) -> VirtualHostMatch | None:
        """The virtual host that it names."""
        return self.match.route_configuration.vhost if self.match.route_configuration else None

    @property
    def route(self) -> RouteMatch | None:
        """The route that it names."""
        return self.virtual_host.route if self.virtual_host else None
