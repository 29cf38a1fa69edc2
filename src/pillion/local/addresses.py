"""Which pod and which Service has which IP address.

An owner (`prod-us1/reviews`) that comes back gets the address that it had, if nobody else has it by now. A new owner
gets one that was not used for the longest time, so that a client's old connection never meets a stranger. What is
remembered is a value; who keeps it is `local.state`.
"""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import final

from pillion.value import Diagnostic, Diagnostics, FrozenMap, Value, Where

MEMORY = 8192
"""How many owners a book remembers; beyond that, those that are gone are forgotten."""

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network


class Pool(Value):
    """A range of addresses to give away."""

    cidr: str
    reserved: tuple[str, ...] = ()
    """Never given away; an owner may not ask for them either."""
    forbidden: tuple[str, ...] = ()
    """Networks out of which an owner may not ask for an address, such as the pods' for a Service."""


class Claim(Value):
    """An owner that needs an address."""

    owner: str
    address: str = ""
    """The one that its document asks for; it may lie outside of the pool, as in a dump of another cluster."""
    where: Where = Where()


class Book(Value):
    """Who had which address of a pool; every address lies in it and is written as `ipaddress` does."""

    addresses: FrozenMap[str] = FrozenMap()
    cursor: int = 0
    """The number, in the pool, of the address that was given away last."""


class Assignment(Value):
    """Who has which address, and the book to remember it by."""

    addresses: FrozenMap[str] = FrozenMap()
    book: Book = Book()


def assign(pool: Pool, book: Book, claims: Sequence[Claim]) -> tuple[Assignment, Diagnostics]:
    """Give each claim an address of its own.

    Those that ask for one come first, in order; then those that had one; then the new ones. A claim that cannot be met
    is left out, with a diagnostic.
    """
    work = _Work(pool, book)
    for claim in claims:
        if claim.address:
            work.honour(claim)
    asking = [claim for claim in claims if not claim.address]
    fresh = [claim for claim in asking if not work.remember(claim)]
    for claim in fresh:
        work.find(claim)
    return work.result(), tuple(work.diagnostics)


@final
class _Work:
    """The state of one `assign`; it does not outlive it."""

    def __init__(self, pool: Pool, book: Book) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._network = ip_network(pool.cidr)
        self._forbidden = [ip_network(cidr) for cidr in pool.forbidden]
        self._reserved = {str(ip_address(address)) for address in pool.reserved}
        self._book = book
        self._remembered = set(book.addresses.values())
        self._cursor = book.cursor
        self._owners: dict[str, str] = {}
        self._given: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        """Those of `_given` that the book shall remember: an address of another cluster is its document's alone."""

    def honour(self, claim: Claim) -> None:
        problem = self._problem_with(claim.address)
        if problem:
            code, message = problem
            hint = "leave clusterIP out to have one chosen"
            found = Diagnostic(code=code, severity="error", message=message, where=claim.where, hint=hint)
            self.diagnostics.append(found)
            return
        address = ip_address(claim.address)
        self._give(str(address), claim.owner, inside=address in self._network)

    def remember(self, claim: Claim) -> bool:
        address = self._book.addresses.get(claim.owner)
        # what a book holds was checked when it was given away: a mesh of a thousand Services asks at every change
        if address is None or address in self._owners or address in self._reserved:
            return False
        self._give(address, claim.owner)
        return True

    def find(self, claim: Claim) -> None:
        address = self._next(self._remembered) or self._next(set())
        if address:
            self._give(address, claim.owner)
            return
        message = f"{self._network} has no address left"
        hint = "use a larger network"
        found = Diagnostic(code="no-address-left", severity="error", message=message, where=claim.where, hint=hint)
        self.diagnostics.append(found)

    def result(self) -> Assignment:
        before = self._book.addresses
        book = self._book
        if self._cursor != book.cursor or any(before.get(owner) != kept for owner, kept in self._kept.items()):
            remembered = {**before, **self._kept}
            remembered = remembered if len(remembered) <= MEMORY else self._kept
            book = Book(addresses=FrozenMap(remembered), cursor=self._cursor)
        return Assignment(addresses=FrozenMap(self._given), book=book)

    def _give(self, address: str, owner: str, *, inside: bool = True) -> None:
        self._owners[address] = owner
        self._given[owner] = address
        if inside:
            self._kept[owner] = address

    def _next(self, avoided: set[str]) -> str:
        size = self._network.num_addresses
        usable = size - 2 if self._network.version == 4 else size - 1
        for step in range(usable):
            number = (self._cursor + step) % usable + 1
            address = str(self._network[number])
            if address not in self._owners and address not in self._reserved and address not in avoided:
                self._cursor = number
                return address
        return ""

    def _problem_with(self, text: str) -> tuple[str, str] | None:
        try:
            address = ip_address(text)
        except ValueError:
            return "bad-address", f"{text!r} is not an IP address"
        if address.version != self._network.version:
            return "bad-address", f"{text} is not of the IP family of {self._network}"
        if str(address) in self._owners:
            return "address-taken", f"address {text} is already taken by {self._owners[str(address)]}"
        if str(address) in self._reserved or _is_special(address):
            return "address-reserved", f"address {text} is reserved"
        inside = next((network for network in self._forbidden if address in network), None)
        return ("address-reserved", f"address {text} lies in {inside}, which belongs to the pods") if inside else None


def _is_special(address: _Address) -> bool:
    return address.is_loopback or address.is_multicast or address.is_unspecified or address.is_link_local
