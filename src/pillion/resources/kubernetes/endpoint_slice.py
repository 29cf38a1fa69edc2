"""Where a Service's traffic goes: EndpointSlices, and the older Endpoints."""

from typing import Literal

from pillion.resources.kubernetes.service import Transport
from pillion.resources.meta import Metadata
from pillion.resources.number import PortNumber
from pillion.value import NO_LABELS, Labels, Value

SERVICE_NAME = "kubernetes.io/service-name"
"""The label of an EndpointSlice that names its Service."""


class EndpointConditions(Value, rename="camel"):
    """Whether an endpoint may have traffic; `None` counts as Kubernetes says: ready and serving, not terminating."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ObjectReference(Value, rename="camel"):
    """The resource behind an endpoint, mostly a Pod."""

    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""


class ZoneHint(Value, rename="camel"):
    """A zone whose clients should use an endpoint."""

    name: str = ""


class EndpointHints(Value, rename="camel"):
    """Who should use an endpoint."""

    for_zones: tuple[ZoneHint, ...] = ()


class Endpoint(Value, rename="camel"):
    """One backend; its addresses are interchangeable."""

    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    node_name: str = ""
    zone: str = ""
    target_ref: ObjectReference | None = None
    hints: EndpointHints | None = None
    deprecated_topology: Labels = NO_LABELS


class EndpointPort(Value, rename="camel"):
    """A port of every endpoint of a slice; its name is the Service port's."""

    name: str = ""
    protocol: Transport = "TCP"
    port: PortNumber | None = None
    app_protocol: str | None = None


class EndpointSlice(Value, rename="camel"):
    """A Kubernetes EndpointSlice."""

    metadata: Metadata = Metadata()
    address_type: Literal["IPv4", "IPv6", "FQDN"] = "IPv4"
    endpoints: tuple[Endpoint, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class EndpointAddress(Value, rename="camel"):
    """An address of the older Endpoints."""

    ip: str = ""
    hostname: str = ""
    node_name: str = ""
    target_ref: ObjectReference | None = None


class EndpointSubset(Value, rename="camel"):
    """Addresses that share ports."""

    addresses: tuple[EndpointAddress, ...] = ()
    not_ready_addresses: tuple[EndpointAddress, ...] = ()
    ports: tuple[EndpointPort, ...] = ()


class Endpoints(Value, rename="camel"):
    """Kubernetes Endpoints, the form before EndpointSlices."""

    metadata: Metadata = Metadata()
    subsets: tuple[EndpointSubset, ...] = ()
