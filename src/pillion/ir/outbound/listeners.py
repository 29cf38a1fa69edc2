"""The listeners of a workload's calls: for each egress entry, its services' ports and who listens where.

Mirrors `buildSidecarOutboundListeners` and `buildVirtualOutboundListener`.
"""

from collections.abc import Iterator

from msgspec.structs import replace

from pillion.ir.model.backend import Dns
from pillion.ir.model.connection import HttpSettings
from pillion.ir.model.key import BLACK_HOLE, BackendKey, ListenerKey, TableKey
from pillion.ir.model.listener import PLAIN_HTTP, Chain, ChainMatch, Http, Inspection, Listener, Tcp, TcpTarget
from pillion.ir.model.table import InlineTable
from pillion.ir.outbound.addresses import UNSPECIFIED, is_address, is_cidr, listen_addresses, service_addresses
from pillion.ir.outbound.entries import Entry, matches_all
from pillion.ir.outbound.listener_slice import EgressSlice, ListenerSlice
from pillion.ir.outbound.tcp import TcpContext, TcpPlace, tcp_chains
from pillion.ir.outbound.unknown import (
    ALLOW_ANY_DYNAMIC_DNS,
    catch_all_host,
    egress_backend,
    unknown_names,
    wildcard_names,
)
from pillion.ir.policy.connection import counts_attempts, forwards_host, outbound_settings
from pillion.ir.policy.logging import Logs, access_logs
from pillion.ir.policy.pool import nanoseconds
from pillion.ir.traits import OutboundTraits
from pillion.mesh.service import Service, ServicePort, named_members
from pillion.resources.host import is_wildcard
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.resources.protocol import Protocol, is_http, is_sniffed, is_tcp, parse_protocol
from pillion.value import Value

UNIX = "unix://"
LISTEN_PORT, INBOUND_PORT = 15001, 15006
PRIVILEGED = 1024
PASSTHROUGH_CHAIN = "PassthroughFilterChain"
BLACK_HOLE_CHAIN = "virtualOutbound-blackhole"
CATCH_ALL_CHAIN = "virtualOutbound-catchall-tcp"
Places = dict[tuple[str, int], Entry]


class Claim(Value):
    """A port of a service that wants a place."""

    service: Service
    port: ServicePort
    """The listener's: the service's own, or the one that an egress entry declares."""
    binds: tuple[str, ...] = ()
    bound: bool = False


class _Builder:
    """Collects places for one scope and one kind of proxy."""

    def __init__(self, cut: ListenerSlice) -> None:
        self.cut: ListenerSlice = cut
        self.traits: OutboundTraits = cut.traits
        self.config: MeshConfig = cut.config
        self.logs: Logs = access_logs(cut.config, cut.traits.telemetry, "CLIENT")
        self.settings: HttpSettings = outbound_settings(cut.config, cut.traits, self.logs.http)
        self.places: Places = {}

    def http_chain(self, claim: Claim, *, alone: bool) -> Chain:
        """Return a chain that routes by the table of the port, or by one of this service alone."""
        key = TableKey(port=claim.port.number, host=claim.service.hostname if alone else "")
        if claim.port.number == 0:
            key = TableKey(socket=claim.binds[0])
        settings = replace(self.settings, grpc_web=claim.port.protocol == "GRPC-Web")
        handler = Http(table=key, settings=settings, dynamic=(*self.names_of(claim.service), *self.unknown_names()))
        return Chain(handler=handler, handshake_timeout=True)

    def names_of(self, service: Service) -> tuple[Dns, ...]:
        """Return how the names of a wildcard host are resolved for whoever asks, if they are."""
        if service.resolution != "DYNAMIC_DNS" or not is_wildcard(service.hostname):
            return ()
        return (wildcard_names(service.hostname, self.traits.dns_family),)

    def unknown_names(self) -> tuple[Dns, ...]:
        """Return how names that nobody declared are resolved, if they are."""
        if self.cut.policy.mode != "ALLOW_ANY_DYNAMIC_DNS":
            return ()
        return (unknown_names(self.traits.dns_family, capture=self.traits.dns_capture),)

    def detected(self, chain: Chain) -> Chain:
        """Let a chain take only what was found to be plain text HTTP."""
        return replace(chain, match=ChainMatch(transport="raw", protocols=PLAIN_HTTP))


def outbound_listeners(cut: ListenerSlice) -> tuple[Listener, ...]:
    """Return all listeners of the outbound half."""
    config, traits = cut.config, cut.traits
    if config.proxy_listen_port < 0:
        return ()
    builder = _Builder(cut)
    for egress in cut.egress:
        if egress.catch_all:
            for entry in builder.places.values():
                entry.locked = True
            _catch_all(builder, egress)
        else:
            _declared(builder, egress)
    listeners = [_listener(builder, entry) for _, entry in sorted(builder.places.items())]
    proxy_port = traits.http_proxy_port or config.proxy_http_port
    if proxy_port:
        listeners.append(_http_proxy(builder, proxy_port))
    if traits.interception != "NONE":
        listeners.append(_virtual_outbound(builder))
    return tuple(listeners)


def _binding(egress: EgressSlice, traits: OutboundTraits) -> tuple[tuple[str, ...], bool]:
    """Return the addresses that an egress entry asks for, and whether it has sockets of its own."""
    declared = egress.declared
    bound = traits.interception == "NONE" or (
        declared is not None and (declared.capture_mode == "NONE" or declared.bind.startswith(UNIX))
    )
    if declared is not None and declared.bind:
        return (declared.bind,), bound
    return (traits.loopbacks if bound else ()), bound


def _can_bind(builder: _Builder, port: ServicePort, binds: tuple[str, ...], *, bound: bool) -> bool:
    """Return whether a port is free: not the proxy's own, and not privileged where that matters."""
    traits, config = builder.traits, builder.config
    if bound and traits.unprivileged and 0 < port.number < PRIVILEGED:
        return False
    if binds:
        if binds[0] != traits.wildcards[0]:
            return True
    elif not is_http(port.protocol):
        return True
    own = {config.proxy_listen_port or LISTEN_PORT, config.proxy_inbound_listen_port or INBOUND_PORT}
    return port.number not in own | traits.reserved_ports


def _declared(builder: _Builder, egress: EgressSlice) -> None:
    declared = egress.declared
    if declared is None or declared.port is None:
        return
    binds, bound = _binding(egress, builder.traits)
    port = ServicePort(
        name=declared.port.name, number=declared.port.number, protocol=parse_protocol(declared.port.protocol)
    )
    if not _can_bind(builder, port, binds, bound=bound):
        return
    context = _context(builder, egress)
    for service in egress.services:
        _claim(builder, Claim(service=service, port=port, binds=binds, bound=bound), context)


def _catch_all(builder: _Builder, egress: EgressSlice) -> None:
    binds, bound = _binding(egress, builder.traits)
    context = _context(builder, egress)
    for service in egress.services:
        for port in service.ports:
            if not _can_bind(builder, port, binds, bound=bound):
                continue
            claim = Claim(service=service, port=port, binds=binds, bound=bound)
            for place in _member_places(claim, builder.traits):
                _claim(builder, place, context)


def _context(builder: _Builder, egress: EgressSlice) -> TcpContext:
    return TcpContext(cut=builder.cut, virtual_services=egress.virtual_services, logs=builder.logs.tcp)


def _member_places(claim: Claim, traits: OutboundTraits) -> Iterator[Claim]:
    """Yield a place for each member of a headless TCP port: there is no address of the service to listen on."""
    service, port = claim.service, claim.port
    raw = is_tcp(port.protocol) or is_sniffed(port.protocol)
    if claim.binds or service.resolution != "PASSTHROUGH" or not raw or not _anywhere(service, traits):
        yield claim
        return
    members = named_members(service, port)
    if not members and service.registry != "Kubernetes" and not service.selector:
        yield claim
        return
    for member in members:
        if is_address(member.address) and member.address != traits.own_address:
            yield replace(claim, binds=(member.address,))


def _anywhere(service: Service, traits: OutboundTraits) -> bool:
    return service_addresses(service, traits)[0] == UNSPECIFIED


def _claim(builder: _Builder, claim: Claim, context: TcpContext) -> None:
    if claim.service.resolution == "ALIAS":
        return
    protocol = claim.port.protocol
    if is_http(protocol):
        _claim_http(builder, replace(claim, binds=claim.binds or builder.traits.wildcards))
    elif is_tcp(protocol) or is_sniffed(protocol):
        for binds in (claim.binds,) if claim.binds else listen_addresses(claim.service, builder.traits):
            ranged = is_cidr(binds[0])
            placed = replace(claim, binds=builder.traits.wildcards if ranged else binds)
            _claim_raw(builder, placed, binds if ranged else (), context)


def _claim_http(builder: _Builder, claim: Claim) -> None:
    key = (claim.binds[0], claim.port.number)
    entry = builder.places.get(key)
    if entry is not None and (entry.locked or not is_tcp(entry.protocol)):
        if not entry.locked:
            entry.resolve(builder.names_of(claim.service))
        return
    chain = builder.http_chain(claim, alone=False)
    protocol: Protocol = claim.port.protocol
    if claim.binds[0] == builder.traits.wildcards[0] and protocol != "HTTP_PROXY":
        chain, protocol = builder.detected(chain), "Unsupported"
    if entry is None:
        builder.places[key] = _entry(claim, protocol, [chain])
    elif entry.accepts(claim.port.protocol):
        entry.join([chain])
        entry.protocol = "Unsupported"


def _claim_raw(builder: _Builder, claim: Claim, prefixes: tuple[str, ...], context: TcpContext) -> None:
    key = (claim.binds[0], claim.port.number)
    protocol = claim.port.protocol
    entry = builder.places.get(key)
    if entry is not None and (entry.locked or not entry.accepts(protocol)):
        return
    place = TcpPlace(service=claim.service, port=claim.port, binds=claim.binds, prefixes=prefixes)
    chains = tcp_chains(place, context)
    sniffed = is_sniffed(protocol)
    if sniffed and (entry is None or not is_sniffed(entry.protocol)):
        alone = claim.binds[0] != builder.traits.wildcards[0]
        chains.append(builder.detected(builder.http_chain(claim, alone=alone)))
    if entry is None or (sniffed and is_http(entry.protocol)):
        builder.places[key] = _entry(claim, protocol, chains)
    else:
        entry.claim(protocol, chains)


def _entry(claim: Claim, protocol: Protocol, chains: list[Chain]) -> Entry:
    return Entry(binds=claim.binds, port=claim.port, bound=claim.bound, protocol=protocol, chains=chains)


def _listener(builder: _Builder, entry: Entry) -> Listener:
    chains = [chain for chain in entry.chains if not matches_all(chain.match)]
    whole = [replace(chain, match=None) for chain in entry.chains if matches_all(chain.match)]
    default = whole[-1] if whole else None
    if default is not None and not chains:
        chains, default = [default], None
    elif default is None:
        default = Chain(name=PASSTHROUGH_CHAIN, handler=_unknown(builder))
    needs_tls = any(
        (chain.match and chain.match.server_names) or (isinstance(chain.handler, Tcp) and chain.handler.sni_port)
        for chain in entry.chains
    )
    needs_http = any(chain.match and chain.match.protocols for chain in entry.chains)
    timeout = nanoseconds(builder.config.protocol_detection_timeout)
    return Listener(
        key=ListenerKey(address=entry.binds[0], port=entry.port.number),
        addresses=entry.binds,
        port=entry.port.number,
        bound=entry.bound,
        detect_tls=Inspection() if needs_tls else None,
        detect_http=Inspection() if needs_http else None,
        detection_timeout=timeout if needs_http else 0,
        chains=tuple(chains),
        default=default,
        exact_balance=builder.traits.exact_balance,
    )


def _tcp(backend: BackendKey, *, logs: Logs | None = None, idle: int | None = None) -> Tcp:
    return Tcp(targets=(TcpTarget(backend=backend),), access_logs=logs.tcp if logs else (), idle_timeout=idle)


def _unknown(builder: _Builder) -> Tcp:
    backend = egress_backend(builder.cut.policy)
    return _tcp(backend, logs=builder.logs, idle=builder.traits.idle_timeout)


def _http_proxy(builder: _Builder, port: int) -> Listener:
    settings = replace(builder.settings, absolute_url=True, continue_100=False)
    chain = Chain(handler=Http(table=TableKey(socket="http_proxy"), settings=settings), handshake_timeout=True)
    addresses = builder.traits.loopbacks
    return Listener(
        key=ListenerKey(address=addresses[0], port=port),
        addresses=addresses,
        port=port,
        detection_timeout=0,
        chains=(chain,),
        exact_balance=builder.traits.exact_balance,
    )


def _virtual_outbound(builder: _Builder) -> Listener:
    port = builder.config.proxy_listen_port or LISTEN_PORT
    chains = [Chain(name=BLACK_HOLE_CHAIN, match=ChainMatch(port=port), handler=_tcp(BLACK_HOLE))]
    dynamic = builder.cut.policy.mode == "ALLOW_ANY_DYNAMIC_DNS"
    if dynamic:
        chains.append(_dynamic_chain(builder))
    chains.append(Chain(name=CATCH_ALL_CHAIN, handler=_unknown(builder)))
    wildcards = builder.traits.wildcards
    return Listener(
        key=ListenerKey(kind="virtual-outbound"),
        addresses=wildcards if builder.traits.dual_stack else wildcards[:1],
        port=port,
        transparent=builder.traits.interception == "TPROXY",
        hand_off=True,
        detect_http=Inspection() if dynamic else None,
        chains=tuple(chains),
        access_logs=builder.logs.listener,
    )


def _dynamic_chain(builder: _Builder) -> Chain:
    host = catch_all_host(
        builder.cut.policy,
        attempt_count=counts_attempts(builder.config, builder.traits),
        forwarded_host=forwards_host(builder.config, builder.traits),
    )
    table = InlineTable(name=ALLOW_ANY_DYNAMIC_DNS, hosts=(host,), ignore_port=True, outbound=True)
    return Chain(
        name=f"{CATCH_ALL_CHAIN}-http",
        match=ChainMatch(protocols=PLAIN_HTTP),
        handler=Http(
            inline=table,
            settings=replace(builder.settings, continue_100=False),
            dynamic=builder.unknown_names(),
            statistics="outbound_virtualOutbound_allow_any_dynamic_dns",
        ),
    )
