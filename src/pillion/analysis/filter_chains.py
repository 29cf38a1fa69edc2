"""What a listener reads ahead of a connection, and which filter chain it then takes.

Envoy matches in steps, each among what the one before left: destination port, destination network, server name,
transport, application protocol, and the source. In a step the best of the chains that set the field is kept; only
when none of them fits, those that do not set it.
"""

from collections.abc import Callable, Iterable, Sequence
from ipaddress import ip_address, ip_network
from typing import Final

from pillion.analysis.call import Call, Error, Profile
from pillion.envoy.view.listener import (
    Always,
    ChainMatch,
    Every,
    FilterChain,
    Listener,
    Not,
    PortRange,
    Predicate,
    Some,
)
from pillion.value import Value

TLS_INSPECTOR: Final = "envoy.filters.listener.tls_inspector"
HTTP_INSPECTOR: Final = "envoy.filters.listener.http_inspector"
BEST: Final = 1 << 30
Score = Callable[[ChainMatch], int | None]
"""None: the field is not set; 0: it does not fit; more is better."""

OFFERED: Final = {
    ("mtls", "http"): ("istio-http/1.1",),
    ("mtls", "http2"): ("istio-h2",),
    ("mtls", "tcp"): ("istio",),
    ("tls", "http"): ("http/1.1",),
    ("tls", "http2"): ("h2",),
}
READ_AS: Final = {"http": ("http/1.1",), "http2": ("h2c",)}


class Sniffed(Value):
    """What the listener knows of a connection when it chooses a chain."""

    transport: str
    server_name: str
    protocols: tuple[str, ...]


def sniff(listener: Listener, call: Call, profile: Profile) -> Sniffed:
    """Read the first bytes as the listener's filters do.

    A filter that is absent, or disabled for the port, reads nothing: without a TLS inspector TLS goes unnoticed.
    """
    encrypted = call.encryption != "plaintext"
    inspects_tls = _active(listener, TLS_INSPECTOR, call.port)
    name = call.sni if call.sni is not None else call.host if call.encryption == "tls" else ""
    protocols: tuple[str, ...] = ()
    if encrypted and inspects_tls:
        protocols = call.alpn if call.alpn is not None else OFFERED.get((call.encryption, call.protocol), ())
    elif not encrypted and _active(listener, HTTP_INSPECTOR, call.port):
        protocols = READ_AS.get(call.protocol, ())
    reads_name = profile == "istio_test" or (encrypted and inspects_tls)
    return Sniffed(
        transport="tls" if encrypted and inspects_tls else "raw_buffer",
        server_name=name.lower() if reads_name else "",
        protocols=protocols,
    )


def choose_chain(listener: Listener, call: Call, sniffed: Sniffed) -> FilterChain | Error:
    """Give the filter chain for a connection, the listener's default chain when none matches, or why there is none."""
    left: Sequence[FilterChain] = listener.chains
    for score in _steps(call, sniffed):
        left = _kept(left, score)
    if len(left) == 1:
        return left[0]
    if left:
        return "multiple filter chains matched"
    return listener.default_chain or "no filter chains matched"


def _kept(chains: Sequence[FilterChain], score: Score) -> Sequence[FilterChain]:
    best = 0
    fitting: list[FilterChain] = []
    indifferent: list[FilterChain] = []
    for chain in chains:
        found = score(chain.match)
        if found is None:
            indifferent.append(chain)
        elif found > best:
            best = found
            fitting = [chain]
        elif found == best and found:
            fitting.append(chain)
    return fitting or indifferent


def _steps(call: Call, sniffed: Sniffed) -> tuple[Score, ...]:
    return *_destination_steps(call), *_sniffed_steps(sniffed), *_source_steps(call)


def _destination_steps(call: Call) -> tuple[Score, ...]:
    def port(match: ChainMatch) -> int | None:
        return int(match.port == call.port) if match.port else None

    def network(match: ChainMatch) -> int | None:
        return _covering(match.prefixes, call.address)

    return port, network


def _sniffed_steps(sniffed: Sniffed) -> tuple[Score, ...]:
    def name(match: ChainMatch) -> int | None:
        return _naming(match.server_names, sniffed.server_name) if match.server_names else None

    def transport(match: ChainMatch) -> int | None:
        return int(match.transport == sniffed.transport) if match.transport else None

    def protocol(match: ChainMatch) -> int | None:
        if not match.application_protocols:
            return None
        places = (at for at, each in enumerate(sniffed.protocols) if each in match.application_protocols)
        first = next(places, None)
        return 0 if first is None else BEST - first

    return name, transport, protocol


def _source_steps(call: Call) -> tuple[Score, ...]:
    def direct(match: ChainMatch) -> int | None:
        return _covering(match.direct_source_prefixes, call.source)

    def kind(match: ChainMatch) -> int | None:
        if match.source_type == "ANY" or not call.source:
            return None
        local = call.source == call.address or ip_address(call.source).is_loopback
        return int(local == (match.source_type == "SAME_IP_OR_LOOPBACK"))

    def network(match: ChainMatch) -> int | None:
        return _covering(match.source_prefixes, call.source)

    def port(match: ChainMatch) -> int | None:
        return int(call.source_port in match.source_ports) if match.source_ports else None

    return direct, kind, network, port


def _covering(prefixes: Iterable[str], address: str) -> int | None:
    """Give the length of the longest prefix that holds the address. One of all addresses is as good as none."""
    narrow = [prefix for prefix in prefixes if not prefix.endswith("/0")]
    if not narrow:
        return None
    if not address:
        return 0
    place = ip_address(address)
    networks = (ip_network(prefix, strict=False) for prefix in narrow)
    return max((each.prefixlen for each in networks if each.version == place.version and place in each), default=0)


def _naming(names: Iterable[str], server_name: str) -> int:
    """Give how well server names fit: exactly, or by how much of the name a wildcard's suffix covers."""
    best = 0
    for name in names:
        if name == server_name:
            return BEST
        if name.startswith("*") and len(server_name) >= len(name) and server_name.endswith(name[1:]):
            best = max(best, len(name))
    return best


def _active(listener: Listener, name: str, port: int) -> bool:
    found = next((each for each in reversed(listener.filters) if each.name == name), None)
    return found is not None and (found.disabled is None or not _holds(found.disabled, port))


def _holds(predicate: Predicate, port: int) -> bool:
    match predicate:
        case Always():
            return True
        case PortRange(start=start, end=end):
            return start <= port < end
        case Every(rules=rules):
            return all(_holds(rule, port) for rule in rules)
        case Some(rules=rules):
            return any(_holds(rule, port) for rule in rules)
        case Not(rule=rule):
            return not _holds(rule, port)
