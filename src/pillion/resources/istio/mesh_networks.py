"""MeshNetworks: which endpoints are in which network, and the gateways between them."""

from typing import ClassVar

from pillion.resources.number import Unsigned
from pillion.value import FrozenMap, Value


class NetworkEndpoints(Value, rename="camel"):
    """Endpoints of a network, by address range or registry."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("from_cidr", "from_registry"),)

    from_cidr: str | None = None
    from_registry: str | None = None


class IstioNetworkGateway(Value, rename="camel"):
    """A gateway into a network."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("registry_service_name", "address"),)

    registry_service_name: str | None = None
    address: str | None = None
    port: Unsigned = 0
    locality: str = ""


class Network(Value, rename="camel"):
    """Endpoints and gateways of a network."""

    endpoints: tuple[NetworkEndpoints, ...] = ()
    gateways: tuple[IstioNetworkGateway, ...] = ()


class MeshNetworks(Value, rename="camel"):
    """The networks of a mesh, by name."""

    networks: FrozenMap[Network] = FrozenMap()
