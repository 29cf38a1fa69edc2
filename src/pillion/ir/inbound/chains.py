"""The filter chains of an inbound port, by what peer authentication lets in.

Mirrors `filterchain_options.go` and `listener_inbound.go`. Without a certificate provider, PERMISSIVE falls back to
plain text and STRICT refuses all traffic: the chain ends in the black hole.
"""

from pillion.ir.inbound.inputs import InboundInputs, is_reachable
from pillion.ir.inbound.ports import InboundPort, after_tls
from pillion.ir.inbound.server_tls import mesh_tls, own_tls
from pillion.ir.model.key import BLACK_HOLE, INBOUND_PASSTHROUGH, BackendKey
from pillion.ir.model.listener import (
    MESH_ALL,
    MESH_HTTP,
    MESH_TCP,
    PLAIN_HTTP,
    Chain,
    ChainMatch,
    Http,
    Tcp,
    TcpTarget,
    Transport,
)
from pillion.ir.model.route import Forward, Route, Weighted
from pillion.ir.model.table import InlineTable, VirtualHost
from pillion.ir.policy.client_tls import MutualMode
from pillion.ir.policy.connection import inbound_settings
from pillion.ir.policy.logging import Logs
from pillion.ir.policy.retries import inbound_retry
from pillion.mesh.service import ServicePort
from pillion.resources.protocol import Protocol, is_grpc, is_http, is_sniffed
from pillion.value import Value

BLACK_HOLE_CHAIN = "virtualInbound-blackhole"
CATCH_ALL, CATCH_ALL_HTTP = "virtualInbound", "virtualInbound-catchall-http"


class ChainShape(Value):
    """One chain that a mode of peer authentication asks for."""

    http: bool
    transport: Transport = ""
    protocols: tuple[str, ...] = ()
    tls: bool = False


_MTLS_HTTP = ChainShape(http=True, transport="tls", protocols=MESH_HTTP, tls=True)
_MTLS_TCP = ChainShape(http=False, transport="tls", protocols=MESH_TCP, tls=True)
_ANY_TLS_HTTP = ChainShape(http=True, transport="tls", tls=True)
_ANY_TLS_TCP = ChainShape(http=False, transport="tls", tls=True)
_PLAIN_HTTP = ChainShape(http=True, transport="raw", protocols=PLAIN_HTTP)
_RAW_HTTP = ChainShape(http=True, transport="raw")
_RAW_TCP = ChainShape(http=False, transport="raw")
_FOREIGN_TLS = ChainShape(http=False, transport="tls")
_ALL_HTTP = ChainShape(http=True, transport="tls", protocols=MESH_ALL, tls=True)
_ALL_TCP = ChainShape(http=False, transport="tls", protocols=MESH_ALL, tls=True)

_DETECTED: dict[str, tuple[ChainShape, ...]] = {
    "STRICT": (_MTLS_HTTP, _ANY_TLS_TCP),
    "PERMISSIVE": (_MTLS_HTTP, _PLAIN_HTTP, _MTLS_TCP, _RAW_TCP, _FOREIGN_TLS),
    "DISABLE": (_PLAIN_HTTP, _RAW_TCP),
}
_HTTP: dict[str, tuple[ChainShape, ...]] = {
    "STRICT": (_ANY_TLS_HTTP,),
    "PERMISSIVE": (_ALL_HTTP, _RAW_HTTP),
    "DISABLE": (_RAW_HTTP,),
}
_TCP: dict[str, tuple[ChainShape, ...]] = {
    "STRICT": (_ANY_TLS_TCP,),
    "PERMISSIVE": (_ALL_TCP, _FOREIGN_TLS, _RAW_TCP),
    "DISABLE": (_RAW_TCP,),
}


def shapes(mode: MutualMode, protocol: Protocol) -> tuple[ChainShape, ...]:
    """Return the chains that a port needs."""
    table = _HTTP if is_http(protocol) else _DETECTED if is_sniffed(protocol) else _TCP
    return table.get(mode, table["DISABLE"])


def effective_mode(mode: MutualMode, *, certificates: bool) -> MutualMode | None:
    """Return the mode that a proxy can keep, `None` when it must refuse all traffic."""
    if certificates or mode in {"DISABLE", "UNKNOWN"}:
        return mode
    return None if mode == "STRICT" else "DISABLE"


def black_hole_chain(port: int) -> Chain:
    """Return the chain that ends connections to the proxy's own port, which would go in circles."""
    return Chain(
        name=BLACK_HOLE_CHAIN,
        match=ChainMatch(port=port),
        handler=Tcp(targets=(TcpTarget(backend=BLACK_HOLE),)),
        inbound=True,
    )


def port_chains(port: InboundPort, inputs: InboundInputs, logs: Logs) -> tuple[Chain, ...]:
    """Return the chains of one port."""
    mode = inputs.modes.for_port(port.number)
    name = f"{port.binds[0]}_{port.number}"
    part = _Part(
        number=port.number, port=port.port, host=port.host, backend=port.backend, http_name=name, tcp_name=name
    )
    if port.tls is not None and mode == "DISABLE":
        served = after_tls(port.port.protocol)
        tls = own_tls(port.tls, inputs.config)
        shape = _ANY_TLS_HTTP if is_http(served) else _ANY_TLS_TCP
        chain = _chain(part, shape, inputs, logs)
        return (Chain(name=chain.name, match=chain.match, handler=chain.handler, tls=tls, inbound=True),)
    return _chains(part, mode, inputs, logs)


def passthrough_chains(inputs: InboundInputs, logs: Logs) -> tuple[Chain, ...]:
    """Return the chains of ports that no service has: of all of them, and of those with a mode of their own."""
    known = (
        {port.port.number for port in inputs.ingress if port.port and is_reachable(port)}
        if inputs.ingress
        else {target.target_port for target in inputs.targets}
    )
    ports = (0, *(number for number, _ in inputs.modes.ports if number not in known))
    return tuple(chain for number in ports for chain in _passthrough(number, inputs, logs))


def _passthrough(number: int, inputs: InboundInputs, logs: Logs) -> tuple[Chain, ...]:
    part = _Part(
        number=number,
        port=ServicePort(name=CATCH_ALL, number=0),
        backend=INBOUND_PASSTHROUGH,
        http_name=CATCH_ALL_HTTP,
        tcp_name=CATCH_ALL,
    )
    return _chains(part, inputs.modes.for_port(number), inputs, logs)


class _Part(Value):
    """A port, as its chains see it."""

    number: int
    """0: every port that no other chain names."""
    port: ServicePort
    host: str = ""
    backend: BackendKey
    http_name: str
    tcp_name: str


def _chains(part: _Part, mode: MutualMode, inputs: InboundInputs, logs: Logs) -> tuple[Chain, ...]:
    kept = effective_mode(mode, certificates=inputs.traits.certificates)
    if kept is None:
        closed = Tcp(targets=(TcpTarget(backend=BLACK_HOLE),), access_logs=logs.tcp)
        return (Chain(name=part.tcp_name, match=ChainMatch(port=part.number), handler=closed, inbound=True),)
    return tuple(_chain(part, shape, inputs, logs) for shape in shapes(kept, part.port.protocol))


def _chain(part: _Part, shape: ChainShape, inputs: InboundInputs, logs: Logs) -> Chain:
    return Chain(
        name=part.http_name if shape.http else part.tcp_name,
        match=ChainMatch(port=part.number, transport=shape.transport, protocols=shape.protocols),
        handler=_http(part, inputs, logs) if shape.http else _tcp(part, inputs, logs),
        tls=mesh_tls(inputs, http=shape.http) if shape.tls else None,
        inbound=True,
    )


def _tcp(part: _Part, inputs: InboundInputs, logs: Logs) -> Tcp:
    return Tcp(
        targets=(TcpTarget(backend=part.backend),),
        access_logs=logs.tcp,
        idle_timeout=inputs.traits.idle_timeout,
        inspect="mongo" if part.port.protocol == "Mongo" else "",
    )


def _http(part: _Part, inputs: InboundInputs, logs: Logs) -> Http:
    protocol = part.port.protocol
    retries = None if is_grpc(protocol) else inbound_retry(None)
    action = Forward(backends=(Weighted(backend=part.backend, weight=0),), retry=retries, inbound=True)
    route = Route(name="default", action=action, operation=f"{part.host}:{part.port.number}/*")
    host = VirtualHost(name=f"inbound|http|{part.port.number}", domains=("*",), routes=(route,))
    return Http(
        inline=InlineTable(name="", backend=part.backend, hosts=(host,)),
        settings=inbound_settings(inputs.config, inputs.traits, logs.http, protocol),
        statistics="" if part.number == 0 or part.backend == INBOUND_PASSTHROUGH else f"inbound_{part.http_name}",
        outbound=False,
    )
