"""Where calls to a workload end: its own ports by their original destination, or a Sidecar's `defaultEndpoint`.

Mirrors `buildInboundClusters` and `buildInboundCluster`.
"""

from msgspec.structs import replace

from pillion.ir.inbound.inputs import UNIX, InboundInputs, is_reachable
from pillion.ir.model.assignment import Group, Member
from pillion.ir.model.backend import Backend, ServiceName, UpstreamHttp
from pillion.ir.model.balancing import Balancing
from pillion.ir.model.key import INBOUND_PASSTHROUGH, BackendKey
from pillion.ir.policy.connection import preserves_case
from pillion.ir.policy.pool import connect_timeout, keepalive, limits, upstream_http
from pillion.ir.policy.traffic import EMPTY, port_policy, with_defaults
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.service import Service, ServicePort, port_override
from pillion.mesh.workload import ServiceTarget
from pillion.resources.istio.sidecar import IstioIngressListener
from pillion.resources.protocol import parse_protocol
from pillion.value import Value

PASSTHROUGH_IDLE = 300 * 10**9
FOREVER = 9_223_372_035 * 10**9
"""Members by original destination are never forgotten: there is only one."""
SOURCE_V4, SOURCE_V6 = "127.0.0.6", "::6"
"""The proxy's own calls to its workload come from here, so that they are not captured."""


def inbound_backends(inputs: InboundInputs) -> tuple[Backend, ...]:
    """Return the backends of the inbound half, sorted by name."""
    found: dict[BackendKey, Backend] = {}
    if inputs.ingress:
        for listener in inputs.ingress:
            backend = _declared(listener, inputs)
            if backend is not None:
                found.setdefault(backend.key, backend)
    elif inputs.traits.interception != "NONE":
        for port, targets in _by_target(inputs.targets).items():
            found[BackendKey(kind="inbound", port=port)] = _of_services(port, targets, inputs)
    passthrough = _passthrough(inputs)
    return (*(found[key] for key in sorted(found)), passthrough)


def _by_target(targets: tuple[ServiceTarget, ...]) -> dict[int, list[ServiceTarget]]:
    found: dict[int, list[ServiceTarget]] = {}
    for target in targets:
        found.setdefault(target.target_port, []).append(target)
    return found


def _of_services(number: int, targets: list[ServiceTarget], inputs: InboundInputs) -> Backend:
    first = targets[0]
    names = dict.fromkeys(
        ServiceName(host=item.service.hostname, name=item.service.name, namespace=item.service.namespace)
        for item in targets
        if item.port.number == first.port.number
    )
    policy = inputs.config.inbound_traffic_policy
    local = policy is not None and policy.mode == "LOCALHOST"
    end = _End(
        number=number,
        port=first.port,
        service=first.service,
        address=inputs.traits.loopbacks[0] if local else "",
        target=number,
        services=() if first.service.external else tuple(names),
    )
    return _backend(end, inputs)


class _End(Value):
    """Where one port's calls end."""

    number: int
    port: ServicePort
    service: Service | None
    address: str = ""
    """Empty: where the caller wanted to go."""
    target: int = 0
    services: tuple[ServiceName, ...] = ()


def _backend(end: _End, inputs: InboundInputs) -> Backend:
    rule = inputs.rules.get(end.service.hostname) if end.service else None
    policy = _policy(rule, end.port.number)
    policy = with_defaults(policy, inputs.config.default_traffic_policy)
    own = inputs.pool_for(end.number)
    if own is not None:
        policy = replace(policy or EMPTY, connection_pool=own)
    pool = policy.connection_pool if policy else None
    preserve = preserves_case(inputs.config, inputs.traits)
    static = bool(end.address)
    member = Member(address=end.address, port=end.target, weight=None)
    return Backend(
        key=BackendKey(kind="inbound", port=end.number),
        discovery="static" if static else "original-destination",
        services=end.services,
        connect_timeout=connect_timeout(inputs.config, pool),
        balancing=Balancing(algorithm="round-robin" if static else "provided"),
        limits=limits(pool, policy.retry_budget if policy else None),
        http=upstream_http(end.port.protocol, pool, upgrade=False, preserve_case=preserve, error_codes=False),
        keepalive=keepalive(inputs.config, pool),
        members=(Group(members=(member,)),) if static else (),
        source_addresses=() if end.address in {"127.0.0.1", "::1"} else _sources(inputs),
        cleanup_interval=None if static else FOREVER,
        port_override=port_override(end.service, end.port) if end.service and not static else None,
    )


def _policy(rule: ConsolidatedRule | None, port: int):
    return port_policy(rule.rule.spec.traffic_policy, port)[0] if rule else None


def _sources(inputs: InboundInputs) -> tuple[str, ...]:
    traits = inputs.traits
    if traits.v4:
        return (SOURCE_V4, SOURCE_V6) if traits.v6 and traits.dual_stack else (SOURCE_V4,)
    return (SOURCE_V6,)


def _declared(listener: IstioIngressListener, inputs: InboundInputs) -> Backend | None:
    declared = listener.port
    if declared is None or not is_reachable(listener):
        return None
    address, target = default_endpoint(listener.default_endpoint, inputs)
    own = next((item.service for item in inputs.targets if item.target_port == declared.number), None)
    names = (ServiceName(host=own.hostname, name=own.name, namespace=own.namespace),) if own else ()
    end = _End(
        number=declared.number,
        port=ServicePort(name=declared.name, number=declared.number, protocol=parse_protocol(declared.protocol)),
        service=own,
        address=address,
        target=target,
        services=() if own is not None and own.external else names,
    )
    return _backend(end, inputs)


def default_endpoint(text: str, inputs: InboundInputs) -> tuple[str, int]:
    """Return the address and port that a `defaultEndpoint` names; an empty address is the caller's destination.

    `0.0.0.0` and `[::]` stand for the pod's own address, a loopback for the one of a family that the pod has.
    """
    if not text:
        return "", 0
    if text.startswith(UNIX):
        return text, 0
    host, _, port = text.rpartition(":")
    return _address(host.strip("[]"), inputs), int(port)


def _address(host: str, inputs: InboundInputs) -> str:
    traits = inputs.traits
    own = {4: "", 6: ""}
    for address in traits.addresses:
        version = 6 if ":" in address else 4
        own[version] = own[version] or address
    match host:
        case "0.0.0.0":  # noqa: S104  # the API's word for the pod's address
            return own[4] or "127.0.0.1"
        case "::":
            return own[6] or "::1"
        case "127.0.0.1":
            return traits.loopbacks[0]
        case "::1":
            return traits.loopbacks[-1]
        case _:
            return ""


def _passthrough(inputs: InboundInputs) -> Backend:
    config = inputs.config
    pool = config.default_traffic_policy.connection_pool if config.default_traffic_policy else None
    sources = (SOURCE_V4, SOURCE_V6) if inputs.traits.v4 and inputs.traits.v6 else (SOURCE_V4,)
    return Backend(
        key=INBOUND_PASSTHROUGH,
        discovery="original-destination",
        connect_timeout=connect_timeout(config, pool),
        balancing=Balancing(algorithm="provided"),
        limits=limits(pool),
        http=UpstreamHttp(
            version="downstream", idle_timeout=PASSTHROUGH_IDLE, preserve_case=preserves_case(config, inputs.traits)
        ),
        keepalive=keepalive(config, pool),
        source_addresses=sources if inputs.traits.v4 else (SOURCE_V6,),
    )
