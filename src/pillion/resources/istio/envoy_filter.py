"""EnvoyFilter: patches on the configuration of Envoy itself."""

from typing import ClassVar, Literal

from pillion.resources.frozen import FrozenJson
from pillion.resources.istio.sidecar import WorkloadSelector
from pillion.resources.istio.workload import PolicyTargetReference
from pillion.resources.meta import Metadata
from pillion.resources.number import Unsigned
from pillion.value import NO_LABELS, Labels, Value

ApplyTo = Literal[
    "INVALID",
    "LISTENER",
    "FILTER_CHAIN",
    "NETWORK_FILTER",
    "HTTP_FILTER",
    "ROUTE_CONFIGURATION",
    "VIRTUAL_HOST",
    "HTTP_ROUTE",
    "CLUSTER",
    "EXTENSION_CONFIG",
    "BOOTSTRAP",
    "LISTENER_FILTER",
]
PatchContext = Literal["ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND", "GATEWAY", "WAYPOINT"]
RouteMatchAction = Literal["ANY", "ROUTE", "REDIRECT", "DIRECT_RESPONSE"]
PatchOperation = Literal[
    "INVALID",
    "MERGE",
    "ADD",
    "REMOVE",
    "INSERT_BEFORE",
    "INSERT_AFTER",
    "INSERT_FIRST",
    "REPLACE",
    "MERGE_AND_REPLACE_LIST",
]
FilterClass = Literal["UNSPECIFIED", "AUTHN", "AUTHZ", "STATS"]


class ProxyMatch(Value, rename="camel"):
    """Which proxies are patched, by version or metadata."""

    proxy_version: str = ""
    metadata: Labels = NO_LABELS


class ClusterMatch(Value, rename="camel"):
    """Which clusters are patched."""

    port_number: Unsigned = 0
    service: str = ""
    subset: str = ""
    name: str = ""


class RouteMatch(Value, rename="camel"):
    """Which routes are patched."""

    name: str = ""
    action: RouteMatchAction = "ANY"


class VirtualHostMatch(Value, rename="camel"):
    """Which virtual hosts are patched."""

    name: str = ""
    domain_name: str = ""
    route: RouteMatch | None = None


class RouteConfigurationMatch(Value, rename="camel"):
    """Which route tables are patched."""

    port_number: Unsigned = 0
    port_name: str = ""
    gateway: str = ""
    vhost: VirtualHostMatch | None = None
    name: str = ""


class SubFilterMatch(Value, rename="camel"):
    """Which filter inside a filter is patched."""

    name: str = ""


class FilterMatch(Value, rename="camel"):
    """Which filter of a chain is patched."""

    name: str = ""
    sub_filter: SubFilterMatch | None = None


class FilterChainMatch(Value, rename="camel"):
    """Which filter chains are patched."""

    name: str = ""
    sni: str = ""
    transport_protocol: str = ""
    application_protocols: str = ""
    filter: FilterMatch | None = None
    destination_port: Unsigned = 0
    transport_socket: str = ""


class ListenerMatch(Value, rename="camel"):
    """Which listeners are patched."""

    port_number: Unsigned = 0
    port_name: str = ""
    filter_chain: FilterChainMatch | None = None
    listener_filter: str = ""
    name: str = ""


class WaypointMatchRouteMatch(Value, rename="camel"):
    """Which routes of a waypoint are patched."""

    name: str = ""


class FilterMatchSubFilterMatch(Value, rename="camel"):
    """Which filter inside a waypoint's filter is patched."""

    name: str = ""


class WaypointMatchFilterMatch(Value, rename="camel"):
    """Which filter of a waypoint is patched."""

    name: str = ""
    sub_filter: FilterMatchSubFilterMatch | None = None


class WaypointMatch(Value, rename="camel"):
    """Which parts of a waypoint are patched."""

    port_number: Unsigned = 0
    route: WaypointMatchRouteMatch | None = None
    filter: WaypointMatchFilterMatch | None = None


class Patch(Value, rename="camel"):
    """What is done: the operation, and the JSON it works with."""

    operation: PatchOperation = "INVALID"
    value: FrozenJson = None
    filter_class: FilterClass = "UNSPECIFIED"


class EnvoyConfigObjectMatch(Value, rename="camel"):
    """Where a patch applies; what is not set matches everything."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("listener", "route_configuration", "cluster", "waypoint"),)

    context: PatchContext = "ANY"
    proxy: ProxyMatch | None = None
    listener: ListenerMatch | None = None
    route_configuration: RouteConfigurationMatch | None = None
    cluster: ClusterMatch | None = None
    waypoint: WaypointMatch | None = None


class EnvoyConfigObjectPatch(Value, rename="camel"):
    """One patch: on what, where, how."""

    apply_to: ApplyTo = "INVALID"
    match: EnvoyConfigObjectMatch | None = None
    patch: Patch | None = None


class EnvoyFilterSpec(Value, rename="camel"):
    """The body of an EnvoyFilter."""

    workload_selector: WorkloadSelector | None = None
    target_refs: tuple[PolicyTargetReference, ...] = ()
    config_patches: tuple[EnvoyConfigObjectPatch, ...] = ()
    priority: int = 0


class EnvoyFilter(Value, rename="camel"):
    """An EnvoyFilter: patches on what Istio generates."""

    metadata: Metadata = Metadata()
    spec: EnvoyFilterSpec = EnvoyFilterSpec()
