"""The listeners of calls to a workload: `virtualInbound` for all redirected ones, others for ports with a socket.

Mirrors `buildInboundListeners` and `populateListenerFilters`.
"""

from collections.abc import Callable

from pillion.ir.inbound.chains import black_hole_chain, passthrough_chains, port_chains
from pillion.ir.inbound.inputs import InboundInputs
from pillion.ir.inbound.ports import INBOUND_PORT, inbound_ports
from pillion.ir.model.key import ListenerKey
from pillion.ir.model.listener import PLAIN_HTTP, Chain, Inspection, Listener
from pillion.ir.policy.logging import Logs, access_logs
from pillion.ir.policy.pool import nanoseconds


def inbound_listeners(inputs: InboundInputs) -> tuple[Listener, ...]:
    """Return all listeners of the inbound half."""
    logs = access_logs(inputs.config, inputs.traits.telemetry, "SERVER")
    listeners: list[Listener] = []
    shared: list[Chain] = []
    for port in inbound_ports(inputs):
        chains = port_chains(port, inputs, logs)
        if port.bound:
            key = ListenerKey(address=port.binds[0], port=port.number)
            listeners.append(_listener(key, port.binds, port.number, chains, inputs, logs, bound=True))
        else:
            shared += chains
    if inputs.traits.interception != "NONE":
        listeners.insert(0, _virtual_inbound(shared, inputs, logs))
    return tuple(listeners)


def _virtual_inbound(shared: list[Chain], inputs: InboundInputs, logs: Logs) -> Listener:
    port = inputs.config.proxy_inbound_listen_port or INBOUND_PORT
    chains = (black_hole_chain(port), *passthrough_chains(inputs, logs), *shared)
    key = ListenerKey(kind="virtual-inbound")
    return _listener(key, inputs.traits.wildcards, port, chains, inputs, logs, bound=False)


def _listener(  # noqa: PLR0913  # what a listener is made of
    key: ListenerKey,
    addresses: tuple[str, ...],
    port: int,
    chains: tuple[Chain, ...],
    inputs: InboundInputs,
    logs: Logs,
    *,
    bound: bool,
) -> Listener:
    transparent = not bound and inputs.traits.interception == "TPROXY"
    return Listener(
        key=key,
        addresses=addresses if inputs.traits.dual_stack else addresses[:1],
        port=port,
        direction="inbound",
        transparent=transparent,
        recover_destination=not bound,
        keep_source=transparent,
        detect_tls=_tls_inspection(chains),
        detect_http=_http_inspection(chains),
        detection_timeout=nanoseconds(inputs.config.protocol_detection_timeout),
        chains=chains,
        access_logs=logs.listener,
        exact_balance=inputs.traits.exact_balance,
    )


def _needs_tls(chain: Chain) -> bool:
    return chain.match is not None and chain.match.transport == "tls"


def _needs_http(chain: Chain) -> bool:
    return chain.match is not None and not set(PLAIN_HTTP).isdisjoint(chain.match.protocols)


def _by_port(chains: tuple[Chain, ...], needs: Callable[[Chain], bool]) -> dict[int, bool]:
    """Return for each port, 0 for all others, whether one of its chains needs a detector."""
    found: dict[int, bool] = {}
    for chain in chains:
        port = chain.match.port if chain.match else 0
        found[port] = found.get(port, False) or needs(chain)
    return found


def _tls_inspection(chains: tuple[Chain, ...]) -> Inspection | None:
    ports = _by_port(chains, _needs_tls)
    if not any(ports.values()):
        return None
    if ports.get(0):
        return Inspection(except_ports=tuple(sorted(port for port, needed in ports.items() if port and not needed)))
    return Inspection(only_ports=tuple(sorted(port for port, needed in ports.items() if port and needed)))


def _http_inspection(chains: tuple[Chain, ...]) -> Inspection | None:
    ports = _by_port(chains, _needs_http)
    if not any(ports.values()):
        return None
    return Inspection(except_ports=tuple(sorted(port for port, needed in ports.items() if not needed)))
