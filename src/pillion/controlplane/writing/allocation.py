"""Which virtual addresses ServiceEntries get that name none, so that clients that capture DNS can be routed by them.

Mirrors Istio's automatic allocation: 240.240.0.0/16 and 2001:2::/48, one of each for every host, kept in
`status.addresses`. It follows from the entries alone: what one has stays, of two with one address the younger gets
another, and new ones follow the highest that is in use, so that what was given up is not soon somebody else's.
"""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import NamedTuple, final

from pillion.mesh.service_entry import AUTO_ALLOCATE
from pillion.resources.host import is_wildcard
from pillion.resources.istio.service_entry import ServiceEntry, ServiceEntryAddress
from pillion.resources.meta import Ref, ref_of

Address = IPv4Address | IPv6Address
NETWORKS: tuple[IPv4Network | IPv6Network, ...] = (IPv4Network("240.240.0.0/16"), IPv6Network("2001:2::/48"))


class Claim(NamedTuple):
    """What an entry says of addresses."""

    ref: Ref
    asks: bool
    """Whether it wants addresses from us."""
    hosts: tuple[str, ...]
    """Those that want them."""
    named: tuple[Address, ...]
    """The addresses that its user named."""
    status: tuple[ServiceEntryAddress, ...]
    had: tuple[tuple[ServiceEntryAddress, Address], ...]
    """The status as far as it can be read, each as we spell it."""


def claim_of(entry: ServiceEntry) -> Claim:
    """Read what an entry says of addresses."""
    return Claim(
        ref=ref_of(entry),
        asks=_is_eligible(entry),
        hosts=_hosts(entry),
        named=tuple(_parsed(entry.spec.addresses)),
        status=entry.status.addresses,
        had=tuple(
            (_spelt(each.host, address), address)
            for each in entry.status.addresses
            for address in _parsed((each.value,))
        ),
    )


def allocate(claims: Sequence[Claim]) -> dict[Ref, tuple[ServiceEntryAddress, ...]]:
    """Return the addresses of every entry whose status has to change; the claims are given oldest first."""
    pools = tuple(_Pool(network) for network in NETWORKS)
    for claim in claims:
        for pool in pools:
            pool.take(claim.named)
    asking: list[tuple[Claim, dict[str, list[ServiceEntryAddress]]]] = []
    wanted: dict[Ref, tuple[ServiceEntryAddress, ...]] = {}
    for claim in claims:
        if claim.asks:
            asking.append((claim, _kept(claim, pools)))
        elif claim.status:
            wanted[claim.ref] = ()
    for claim, kept in asking:
        given = tuple(each for host in claim.hosts for each in kept.get(host) or _new(host, pools))
        if given != claim.status:
            wanted[claim.ref] = given
    return wanted


def _is_eligible(entry: ServiceEntry) -> bool:
    opted_out = entry.metadata.labels.get(AUTO_ALLOCATE, "").lower() == "false"
    return entry.spec.resolution != "NONE" and not opted_out and not entry.spec.addresses


def _hosts(entry: ServiceEntry) -> tuple[str, ...]:
    is_dynamic = entry.spec.resolution == "DYNAMIC_DNS"
    return tuple(host for host in dict.fromkeys(entry.spec.hosts) if is_dynamic or not is_wildcard(host))


def _kept(claim: Claim, pools: Sequence["_Pool"]) -> dict[str, list[ServiceEntryAddress]]:
    """Give what an entry has by host, and take it; nothing when somebody older has one of these."""
    every = [address for _, address in claim.had]
    if len(set(every)) < len(every) or any(address in pool.used for pool in pools for address in every):
        return {}
    for pool in pools:
        pool.take(every)
    found: dict[str, list[ServiceEntryAddress]] = {}
    for each, _ in claim.had:
        found.setdefault(each.host, []).append(each)
    return found


def _new(host: str, pools: Sequence["_Pool"]) -> list[ServiceEntryAddress]:
    return [_spelt(host, address) for pool in pools for address in pool.next()]


def _spelt(host: str, address: Address) -> ServiceEntryAddress:
    return ServiceEntryAddress(host=host, value=str(address))


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
