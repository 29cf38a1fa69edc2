"""Istio resources."""

from typing import ClassVar

from pillion.resources.number import Unsigned
from pillion.value import FrozenMap, Value


class NetworkEndpoints(Value, rename="camel"):
    """`Network.NetworkEndpoints` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("from_cidr", "from_registry"),)

    from_cidr: str | None = None
    from_registry: str | None = None


class IstioNetworkGateway(Value, rename="camel"):
    """`Network.IstioNetworkGateway` of the API."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("registry_service_name", "address"),)

    registry_service_name: str | None = None
    address: str | None = None
    port: Unsigned = 0
    locality: str = ""


class Network(Value, rename="camel"):
    """`Network` of the API."""

    endpoints: tuple[NetworkEndpoints, ...] = ()
    gateways: tuple[IstioNetworkGateway, ...] = ()


class MeshNetworks(Value, rename="camel"):
    """`MeshNetworks` of the API."""

    networks: FrozenMap[Network] = FrozenMap()
