"""Everything that one Envoy was told, as far as it decides where a call goes."""

from msgspec.structs import force_setattr

from pillion.envoy.view.listener import Listener
from pillion.envoy.view.route import RouteTable
from pillion.value import FrozenMap, Value


class Cluster(Value):
    """A cluster."""

    name: str
    kind: str = "STATIC"
    """EDS, STATIC, STRICT_DNS, LOGICAL_DNS, ORIGINAL_DST, or the name of a custom type."""
    endpoints: int | None = None
    """How many endpoints it has; None when the configuration does not say."""


class Configuration(Value):
    """Listeners in order, route tables and clusters by name."""

    listeners: tuple[Listener, ...] = ()
    tables: FrozenMap[RouteTable] = FrozenMap()
    clusters: FrozenMap[Cluster] = FrozenMap()
    by_address: FrozenMap[int] = FrozenMap()
    """Derived: `address:port` -> place of the first listener there."""
    by_name: FrozenMap[int] = FrozenMap()
    """Derived: name -> place of the listener."""

    def __post_init__(self) -> None:
        places: dict[str, int] = {}
        names: dict[str, int] = {}
        for place, listener in enumerate(self.listeners):
            names.setdefault(listener.name, place)
            for address, port in listener.addresses:
                places.setdefault(f"{address}:{port}", place)
        force_setattr(self, "by_address", FrozenMap(places))
        force_setattr(self, "by_name", FrozenMap(names))

    def listener_at(self, address: str, port: int) -> Listener | None:
        """Give the listener on exactly this address and port."""
        place = self.by_address.get(f"{address}:{port}")
        return None if place is None else self.listeners[place]

    def listener_named(self, name: str) -> Listener | None:
        """Give the listener of that name."""
        place = self.by_name.get(name)
        return None if place is None else self.listeners[place]
