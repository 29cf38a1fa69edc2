"""Lower a workload's services: the whole inbound half of its proxy, shared by all replicas."""

from pillion.ir.inbound.backends import inbound_backends
from pillion.ir.inbound.chains import effective_mode
from pillion.ir.inbound.inputs import InboundInputs, inbound_inputs, is_reachable
from pillion.ir.inbound.listeners import inbound_listeners
from pillion.ir.inbound.ports import inbound_ports
from pillion.ir.memo import Memo
from pillion.ir.model.proxy import InboundIR
from pillion.ir.policy.client_tls import MutualMode
from pillion.ir.traits import InboundTraits
from pillion.mesh.workload import ServiceTarget, Workload
from pillion.scope.model import SidecarScope
from pillion.value import Diagnostic, Diagnostics, Where


def lower_inbound(
    scope: SidecarScope,
    workload: Workload,
    targets: tuple[ServiceTarget, ...],
    traits: InboundTraits,
    memo: Memo | None = None,
) -> tuple[InboundIR, Diagnostics]:
    """Return what a proxy does with calls to its workload."""
    remember = memo if memo is not None else Memo()
    return remember(_lower, inbound_inputs(scope, workload, targets, traits))


def _lower(inputs: InboundInputs) -> tuple[InboundIR, Diagnostics]:
    built = InboundIR(
        backends=inbound_backends(inputs),
        listeners=inbound_listeners(inputs),
        capabilities=inputs.traits.capabilities,
    )
    return built, (*_unreachable(inputs), *_refusals(inputs))


def _unreachable(inputs: InboundInputs) -> Diagnostics:
    """Tell which ports have no listener, because what they say they lead to is no place."""
    return tuple(
        Diagnostic(
            code="invalid-address",
            severity="error",
            message=f"the defaultEndpoint of Sidecar {inputs.sidecar} is {listener.default_endpoint!r}, "
            f"which is no place: port {listener.port.number} has no listener of its own",
            where=Where(path=("spec", "ingress", index, "defaultEndpoint")),
            hint="write 127.0.0.1:PORT, 0.0.0.0:PORT, [::1]:PORT, [::]:PORT or unix://PATH",
        )
        for index, listener in enumerate(inputs.ingress)
        if listener.port is not None and not is_reachable(listener)
    )


def _refusals(inputs: InboundInputs) -> Diagnostics:
    """Tell what traffic is refused, or goes in plain text, because this proxy has no certificate."""
    if inputs.traits.certificates:
        return ()
    ports = [0, *(port.number for port in inbound_ports(inputs))]
    modes: dict[int, MutualMode] = {port: inputs.modes.for_port(port) for port in ports}
    closed = [port for port, mode in modes.items() if effective_mode(mode, certificates=False) is None]
    demands: dict[Where, list[int]] = {}
    for port in closed:
        demands.setdefault(inputs.modes.where(port), []).append(port)
    found = [_closed(where, demanded) for where, demanded in demands.items()]
    if any(mode == "PERMISSIVE" for mode in modes.values()):
        found.append(
            Diagnostic(
                code="plain-text-fallback",
                severity="info",
                message="this proxy has no certificate: its PERMISSIVE ports take plain text only",
            )
        )
    return tuple(found)


def _closed(where: Where, ports: list[int]) -> Diagnostic:
    names = ", ".join([*(f"port {port}" for port in ports if port), *(["all other ports"] if 0 in ports else [])])
    return Diagnostic(
        code="strict-without-certificate",
        severity="error",
        message=f"asks for STRICT mutual TLS, and this proxy has no certificate: calls to {names} are refused",
        where=where,
        hint="set up a certificate provider, or make the policy PERMISSIVE",
    )
