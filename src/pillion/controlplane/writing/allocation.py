"""Which virtual addresses ServiceEntries get that name none, so that clients that capture DNS can be routed by them.

Mirrors Istio's automatic allocation: 240.240.0.0/16 and 2001:2::/48, one of each for every host, kept in
`status.addresses`. It follows from the entries alone: what one has stays, of two with one address the younger gets
another, and new ones follow the highest that is in use, so that what was given up is not soon somebody else's.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import final

from pillion.mesh.service_entry import AUTO_ALLOCATE
from pillion.resources.host import is_wildcard
from pillion.resources.istio.service_entry import ServiceEntry, ServiceEntryAddress
from pillion.resources.meta import Ref, ref_of

Address = IPv4Address | IPv6Address
NETWORKS: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("240.240.0.0/16"), IPv6Network("2001:2::/48"))


def allocate(entries: Sequence[ServiceEntry]) -> dict[Ref, tuple[ServiceEntryAddress, ...]]:
    """Return the addresses of every entry whose status has to change; the entries are given oldest first."""
    pools = tuple(_Pool(network) for network in NETWORKS)
    for entry in entries:
        for pool in pools:
            pool.take(_parsed(entry.spec.addresses))
    asking: list[tuple[ServiceEntry, dict[str, list[Address]]]] = []
    wanted: dict[Ref, tuple[ServiceEntryAddress, ...]] = {}
    for entry in entries:
        if _is_eligible(entry):
            asking.append((entry, _kept(entry, pools)))
        elif entry.status.addresses:
            wanted[ref_of(entry)] = ()
    for entry, kept in asking:
        given = tuple(
            ServiceEntryAddress(host=host, value=str(address))
            for host in _hosts(entry)
            for address in kept.get(host) or _new(pools)
        )
        if given != entry.status.addresses:
            wanted[ref_of(entry)] = given
    return wanted


def _is_eligible(entry: ServiceEntry) -> bool:
    opted_out = entry.metadata.labels.get(AUTO_ALLOCATE, "").lower() == "false"
    return entry.spec.resolution != "NONE" and not opted_out and not entry.spec.addresses


def _hosts(entry: ServiceEntry) -> tuple[str, ...]:
    is_dynamic = entry.spec.resolution == "DYNAMIC_DNS"
    return tuple(host for host in dict.fromkeys(entry.spec.hosts) if is_dynamic or not is_wildcard(host))


def _kept(entry: ServiceEntry, pools: Sequence["_Pool"]) -> dict[str, list[Address]]:
    """Give what an entry has by host, and take it; nothing when somebody older has one of these."""
    found: dict[str, list[Address]] = {}
    for each in entry.status.addresses:
        found.setdefault(each.host, []).extend(_parsed((each.value,)))
    every = [address for addresses in found.values() for address in addresses]
    if len(set(every)) < len(every) or any(address in pool.used for pool in pools for address in every):
        return {}
    for pool in pools:
        pool.take(every)
    return found


def _new(pools: Sequence["_Pool"]) -> list[Address]:
    return [address for pool in pools for address in pool.next()]


def _parsed(texts: Iterable[str]) -> list[Address]:
    found: list[Address] = []
    for text in texts:
        try:
            found.append(ip_address(text))
        except ValueError:
            continue  # a network, or nothing that we wrote
    return found


@final
class _Pool:
    """The addresses of one network."""

    def __init__(self, network: IPv4Network | IPv6Network) -> None:
        self.used: set[Address] = set()
        self._network = network
        self._size = network.num_addresses
        self._last = 0

    def take(self, addresses: Iterable[Address]) -> None:
        """Take those that are of this network."""
        for address in addresses:
            if address in self._network:
                self.used.add(address)
                self._last = max(self._last, int(address) - int(self._network.network_address))

    def next(self) -> list[Address]:
        """Give the next address, or nothing when none is left."""
        for _ in range(len(self.used) + 1):
            self._last = self._last % (self._size - 1) + 1
            address = self._network[self._last]
            if address not in self.used:
                self.used.add(address)
                return [address]
        return []
