"""One place where outbound traffic comes in, while services claim it: who came first, and what the next may add.

Mirrors `buildSidecarOutboundListener`: HTTP services of one port share a place; TCP services add chains with matches
of their own; a declared listener is locked before the catch-all one adds anything.
"""

from dataclasses import dataclass, field
from ipaddress import ip_network

from msgspec.structs import replace

from pillion.ir.model.backend import Dns
from pillion.ir.model.listener import Chain, ChainMatch, Http
from pillion.ir.outbound.addresses import UNSPECIFIED
from pillion.mesh.service import ServicePort
from pillion.resources.protocol import Protocol, is_http, is_tcp

_EXCLUSIVE = {"Mongo", "MySQL"}


@dataclass
class Entry:
    """A place that is taken."""

    binds: tuple[str, ...]
    port: ServicePort
    bound: bool
    protocol: Protocol
    chains: list[Chain] = field(default_factory=list)
    locked: bool = False

    def accepts(self, protocol: Protocol) -> bool:
        """Return whether a service of another protocol may join: MongoDB and MySQL only meet their own kind."""
        return protocol == self.protocol or not _EXCLUSIVE.intersection((protocol, self.protocol))

    def join(self, chains: list[Chain]) -> None:
        """Add chains whose match nobody has yet."""
        taken = {match_key(chain.match) for chain in self.chains}
        for chain in chains:
            key = match_key(chain.match)
            if key not in taken:
                taken.add(key)
                self.chains.append(chain)

    def resolve(self, names: tuple[Dns, ...]) -> None:
        """Let the HTTP chains resolve further names."""
        if not names:
            return
        for index, chain in enumerate(self.chains):
            if isinstance(chain.handler, Http):
                own = chain.handler.dynamic
                handler = replace(chain.handler, dynamic=(*(name for name in names if name not in own), *own))
                self.chains[index] = replace(chain, handler=handler)

    def claim(self, protocol: Protocol, chains: list[Chain]) -> None:
        """Let a TCP or detected service in beside those that are there."""
        mixed = (is_http(self.protocol) and is_tcp(protocol)) or (protocol == "Unsupported" and is_tcp(self.protocol))
        self.join(chains)
        if mixed:
            self.protocol = "Unsupported"


MatchKey = tuple[str, tuple[str, ...], frozenset[str], frozenset[str]]


def match_key(match: ChainMatch | None) -> MatchKey:
    """Return what makes two chains' matches the same."""
    if match is None:
        return "", (), frozenset(), frozenset()
    prefixes = frozenset(text for item in match.prefixes if (text := _range(item)))
    return match.transport, match.protocols, frozenset(match.server_names) - {"*"}, prefixes


def _range(text: str) -> str:
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        return ""
    return "" if str(network.network_address) == UNSPECIFIED else str(network)


def matches_all(match: ChainMatch | None) -> bool:
    """Return whether a chain takes every connection of its listener."""
    if match is None:
        return True
    named = match.server_names and "*" not in match.server_names
    return not (named or match.protocols or match.transport or match.prefixes)
