"""The ports on which a workload is called, and who asked for them: its services, or its Sidecar's `ingress`.

Mirrors `buildInboundChainConfigs`: of two services on one port the first counts; with `ingress`, services do not.
"""

from ipaddress import ip_address

from pillion.ir.inbound.inputs import InboundInputs, is_reachable
from pillion.ir.model.key import BackendKey
from pillion.mesh.service import ServicePort
from pillion.resources.istio.gateway import ServerTLSSettings
from pillion.resources.protocol import Protocol, is_http, parse_protocol
from pillion.value import Value

PRIVILEGED = 1024
LISTEN_PORT, INBOUND_PORT = 15001, 15006
_AFTER_TLS: dict[Protocol, Protocol] = {"HTTPS": "HTTP", "TLS": "TCP"}


class InboundPort(Value):
    """A port on which a workload is called."""

    number: int
    """The port that the workload listens on."""
    port: ServicePort
    """The service's, or the one that `ingress` declares."""
    host: str = ""
    binds: tuple[str, ...]
    bound: bool = False
    """It has a socket of its own."""
    tls: ServerTLSSettings | None = None

    @property
    def backend(self) -> BackendKey:
        """Return where its calls end."""
        return BackendKey(kind="inbound", port=self.number)


def after_tls(protocol: Protocol) -> Protocol:
    """Return what a protocol is once TLS was taken off."""
    return _AFTER_TLS.get(protocol, protocol)


def inbound_ports(inputs: InboundInputs) -> tuple[InboundPort, ...]:
    """Return the ports, lowest first."""
    if inputs.ingress:
        found = _declared(inputs)
    elif inputs.traits.interception == "NONE":
        return ()
    else:
        found = _of_services(inputs)
    return tuple(found[number] for number in sorted(found))


def _of_services(inputs: InboundInputs) -> dict[int, InboundPort]:
    found: dict[int, InboundPort] = {}
    config, traits = inputs.config, inputs.traits
    own = {config.proxy_listen_port or LISTEN_PORT, config.proxy_inbound_listen_port or INBOUND_PORT}
    for target in inputs.targets:
        if target.target_port in own | traits.reserved_ports:
            continue
        port = InboundPort(
            number=target.target_port, port=target.port, host=target.service.hostname, binds=traits.wildcards
        )
        found.setdefault(target.target_port, port)
    return found


def _declared(inputs: InboundInputs) -> dict[int, InboundPort]:
    found: dict[int, InboundPort] = {}
    traits = inputs.traits
    for listener in inputs.ingress:
        declared = listener.port
        if declared is None or not is_reachable(listener):
            continue
        none = traits.interception == "NONE"
        bound = none if listener.capture_mode == "DEFAULT" else listener.capture_mode == "NONE"
        protocol = parse_protocol(declared.protocol)
        if not _can_bind(inputs, listener.bind, declared.number, protocol, bound=bound):
            continue
        tls = listener.tls if traits.ingress_tls else None
        port = ServicePort(
            name=declared.name, number=declared.number, protocol=after_tls(protocol) if tls is not None else protocol
        )
        found.setdefault(
            declared.number,
            InboundPort(
                number=declared.number,
                port=port,
                host=inputs.sidecar,
                binds=(listener.bind,) if listener.bind else pod_binds(inputs),
                bound=bound,
                tls=tls,
            ),
        )
    return found


def _can_bind(inputs: InboundInputs, bind: str, port: int, protocol: Protocol, *, bound: bool) -> bool:
    traits = inputs.traits
    if bound and traits.unprivileged and port < PRIVILEGED:
        return False
    at_wildcard = bind == traits.wildcards[0] if bind else is_http(protocol)
    return not (at_wildcard and port in traits.reserved_ports)


def pod_binds(inputs: InboundInputs) -> tuple[str, ...]:
    """Return the address that a port without `bind` listens on: the pod's, else all of them."""
    for address in inputs.traits.addresses:
        own = ip_address(address)
        if not (own.is_loopback or own.is_link_local or own.is_multicast or own.is_unspecified):
            return (address,)
    return inputs.traits.wildcards
