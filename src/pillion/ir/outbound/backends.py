"""Services and the rules for them, as backends: one for each port, one more for each subset of it.

Mirrors `buildOutboundClusters`, `applyDestinationRule` and `cluster_builder.go`.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from pillion.ir.model.backend import (
    AddressFamily,
    Backend,
    Discovery,
    Dns,
    Limits,
    MemberTerms,
    ServiceName,
    UpstreamHttp,
)
from pillion.ir.model.balancing import Balancing
from pillion.ir.model.key import BLACK_HOLE, DYNAMIC_DNS, PASSTHROUGH, BackendKey
from pillion.ir.outbound.endpoints import ANYWHERE, NO_RULES, ClientView, PeerRules, member_groups
from pillion.ir.outbound.unknown import unknown_names, wildcard_names
from pillion.ir.policy.balancing import balancing, is_passthrough, outlier
from pillion.ir.policy.client_tls import ClientTlsInputs, MutualMode, client_tls
from pillion.ir.policy.cluster_local import is_cluster_local
from pillion.ir.policy.pool import connect_timeout, keepalive, limits, nanoseconds, upgrades_to_http2, upstream_http
from pillion.ir.policy.traffic import port_policy, subset_policy, with_defaults
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.endpoint import Endpoint
from pillion.mesh.service import Service, ServicePort, named_members, port_override
from pillion.resources.host import is_wildcard
from pillion.resources.istio.destination_rule import Subset, TrafficPolicy
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.value import NO_LABELS, Diagnostic, Diagnostics, FrozenMap, Labels, Value, Where

PASSTHROUGH_IDLE = 300 * 10**9
_BY_NAME = frozenset({"HTTP", "TLS", "GRPC", "HTTP2"})
_DNS = frozenset({"strict-dns", "logical-dns"})
_BY_DNS = frozenset({"DNS", "DNS_ROUND_ROBIN"})


class BackendInputs(Value):
    """Everything that the backends of one service are made from."""

    service: Service
    rule: ConsolidatedRule | None
    config: MeshConfig
    server_mode: MutualMode
    """What the mesh's clients may expect of the service's namespace."""
    certificates: bool = True
    preserve_case: bool = False
    family: AddressFamily = "v4"
    client: ClientView = ANYWHERE
    peers: PeerRules = NO_RULES
    cluster_local: FrozenMap[bool] = FrozenMap()
    """Which hosts' members stay within their cluster."""


def service_backends(inputs: BackendInputs) -> tuple[tuple[Backend, ...], Diagnostics]:
    """Return the backends of a service, and what is wrong with them."""
    service = inputs.service
    if service.resolution == "ALIAS":
        return (), ()
    dynamic = service.resolution == "DYNAMIC_DNS" and is_wildcard(service.hostname)
    found: list[Backend] = []
    for port in service.ports:
        if port.protocol == "UDP" or (dynamic and port.protocol not in _BY_NAME):
            continue
        found += _port_backends(inputs, port, dynamic=dynamic)
    return tuple(found), _refusals(inputs, found)


def _port_backends(inputs: BackendInputs, port: ServicePort, *, dynamic: bool) -> Iterable[Backend]:
    rule = inputs.rule.rule.spec if inputs.rule else None
    whole = rule.traffic_policy if rule else None
    policy = with_defaults(port_policy(whole, port.number)[0], inputs.config.default_traffic_policy)
    mode = _server_mode(inputs, whole, port)
    main = _backend(_Part(inputs=inputs, port=port, policy=policy, mode=mode, dynamic=dynamic))
    if main is None:
        return
    yield main
    if rule is None or dynamic:
        return
    for subset in rule.subsets:
        part = _Part(
            inputs=inputs,
            port=port,
            policy=subset_policy(policy, subset, port.number),
            mode=_server_mode(inputs, subset.traffic_policy, port),
            subset=subset,
            passed_through=main.discovery == "original-destination" or _is_passed_through(subset),
        )
        backend = _backend(part)
        if backend is not None:
            yield backend


def _is_passed_through(subset: Subset) -> bool:
    return is_passthrough(subset.traffic_policy.load_balancer if subset.traffic_policy else None)


class _Part(Value):
    """One port of a service, or of one subset of it, with the policy in force."""

    inputs: BackendInputs
    port: ServicePort
    policy: TrafficPolicy | None
    mode: MutualMode
    subset: Subset | None = None
    dynamic: bool = False
    passed_through: bool = False
    """A subset of a backend whose members are not chosen: its own are not either, whatever its policy says."""

    @property
    def key(self) -> BackendKey:
        """Return the backend's name."""
        subset = self.subset.name if self.subset else ""
        return BackendKey(port=self.port.number, subset=subset, host=self.inputs.service.hostname)

    @property
    def labels(self) -> Labels:
        """Return what a member must carry."""
        return self.subset.labels if self.subset else NO_LABELS


def _members(service: Service, port: ServicePort, labels: Labels) -> tuple[Endpoint, ...]:
    return tuple(item for item in named_members(service, port) if item.labels.covers(labels))


def _server_mode(inputs: BackendInputs, policy: TrafficPolicy | None, port: ServicePort) -> MutualMode:
    """Return whether servers take mutual TLS; where members are not chosen, all of them must."""
    service = inputs.service
    if service.external:
        return "UNKNOWN"
    if service.resolution == "PASSTHROUGH" or is_passthrough(policy.load_balancer if policy else None):
        members = _members(service, port, NO_LABELS)
        if not members or not all(member.mtls for member in members):
            return "DISABLE"
    return inputs.server_mode


def _discovery(part: _Part) -> Discovery:
    if part.dynamic:
        return "dynamic"
    if part.passed_through or is_passthrough(part.policy.load_balancer if part.policy else None):
        return "original-destination"
    match part.inputs.service.resolution:
        case "DNS":
            return "strict-dns"
        case "DNS_ROUND_ROBIN":
            return "logical-dns"
        case "PASSTHROUGH":
            return "original-destination"
        case "EDS" | "ALIAS" | "DYNAMIC_DNS":
            return "eds"


def _backend(part: _Part) -> Backend | None:
    inputs, service, policy, config = part.inputs, part.inputs.service, part.policy, part.inputs.config
    discovery = _discovery(part)
    pool = policy.connection_pool if policy else None
    upgrade = upgrades_to_http2(config, part.port.protocol, pool)
    ejection = policy.outlier_detection if policy else None
    http = upstream_http(
        part.port.protocol,
        pool,
        upgrade=upgrade,
        preserve_case=inputs.preserve_case,
        error_codes=bool(ejection and ejection.outlier_detection_http_error_codes),
    )
    chosen = balancing(policy.load_balancer if policy else None, ejection, service, config)
    if part.dynamic:
        chosen = Balancing(algorithm="provided")
    elif discovery == "original-destination":
        chosen = replace(chosen, algorithm="provided", ring_size=None, table_size=None, warmup=None)
    terms = _terms(part)
    groups = ()
    if discovery in _DNS:
        groups = member_groups(
            terms, chosen.locality, named_members(service, part.port), inputs.client, inputs.peers, by_name=True
        )
        if not groups:
            return None
    tls = client_tls(
        ClientTlsInputs(
            key=part.key,
            settings=policy.tls if policy else None,
            server_mode=part.mode,
            selected=inputs.rule is not None and inputs.rule.rule.spec.workload_selector is not None,
            http2=http is not None and http.version == "http2",
            dynamic=part.dynamic,
            certificates=inputs.certificates,
        ),
        service,
        config,
    )
    return Backend(
        key=part.key,
        discovery=discovery,
        services=(ServiceName(host=service.hostname, name=_shown_name(service), namespace=service.namespace),),
        external=service.external,
        connect_timeout=connect_timeout(config, pool),
        balancing=chosen,
        limits=limits(pool, policy.retry_budget if policy else None),
        http=_with_host_checks(http, checks=tls.host_sni or tls.host_san),
        keepalive=keepalive(config, pool),
        outlier=outlier(ejection),
        tls=replace(tls, automatic=tls.automatic and discovery != "original-destination"),
        proxy_protocol=policy.proxy_protocol.version if policy and policy.proxy_protocol else "",
        members=groups,
        terms=terms if discovery == "eds" else None,
        dns=_dns(part, discovery),
        port_override=port_override(service, part.port) if discovery == "original-destination" else None,
        rule=_rule_name(inputs.rule),
        subset=part.key.subset,
    )


def _shown_name(service: Service) -> str:
    return service.hostname if service.registry == "External" else service.name


def _with_host_checks(http: UpstreamHttp | None, *, checks: bool) -> UpstreamHttp | None:
    return UpstreamHttp(version="http1") if http is None and checks else http


def _rule_name(rule: ConsolidatedRule | None) -> str:
    return f"{rule.rule.metadata.namespace}/{rule.rule.metadata.name}" if rule else ""


def _dns(part: _Part, discovery: Discovery) -> Dns | None:
    family = part.inputs.family
    if discovery == "dynamic":
        return wildcard_names(part.inputs.service.hostname, family)
    if part.inputs.service.resolution in _BY_DNS and not part.passed_through:
        return Dns(family=family, refresh=nanoseconds(part.inputs.config.dns_refresh_rate))
    return None


def _terms(part: _Part) -> MemberTerms:
    service, rule = part.inputs.service, part.inputs.rule
    mode = _declared_mode(rule.rule.spec.traffic_policy if rule else None, part.port.number)
    if part.subset is not None:
        mode = _declared_mode(part.subset.traffic_policy, part.port.number) or mode
    ejection = part.policy.outlier_detection if part.policy else None
    forced = bool(service.traffic_distribution)
    return MemberTerms(
        host=service.hostname,
        namespace=service.namespace,
        port_name=part.port.name,
        labels=part.labels,
        node_local=service.node_local,
        cluster_local=is_cluster_local(part.inputs.service.hostname, part.inputs.cluster_local),
        mtls=None if mode is None else mode == "ISTIO_MUTUAL",
        unhealthy=forced or ejection is None or ejection.min_health_percent <= 0,
        addresses=service.addresses,
    )


def _declared_mode(policy: TrafficPolicy | None, port: int) -> str | None:
    """Return what a rule says about TLS for a port; a port's own settings without TLS leave the rule's."""
    if policy is None:
        return None
    for own in policy.port_level_settings:
        if own.port is not None and own.port.number == port and own.tls is not None:
            return own.tls.mode
    return policy.tls.mode if policy.tls else None


def _refusals(inputs: BackendInputs, backends: list[Backend]) -> Diagnostics:
    """Tell which backends cannot be reached because a rule wants a certificate that is not there."""
    if inputs.certificates or not any(backend.tls.mode == "mesh" for backend in backends):
        return ()
    return (
        Diagnostic(
            code="no-workload-certificate",
            severity="error",
            message=f"a DestinationRule wants ISTIO_MUTUAL towards {inputs.service.hostname}, "
            "but this proxy has no certificate: its requests there fail",
            where=Where(resource=f"DestinationRule {_rule_name(inputs.rule)}"),
            hint="set up a certificate provider, or leave `tls` out of the rule",
        ),
    )


def refuse(backend: Backend) -> Backend:
    """Return a backend without members: a connection that must be secured and cannot be is not made."""
    return Backend(
        key=backend.key,
        discovery="static",
        services=backend.services,
        external=backend.external,
        connect_timeout=backend.connect_timeout,
        rule=backend.rule,
        subset=backend.subset,
    )


def base_backends(config: MeshConfig, preserve_case: bool) -> tuple[Backend, ...]:
    """Return the backends that every proxy has: closed, and passed through."""
    timeout = nanoseconds(config.connect_timeout)
    pool = config.default_traffic_policy.connection_pool if config.default_traffic_policy else None
    http = upstream_http("Unsupported", pool, upgrade=False, preserve_case=False, error_codes=False)
    return (
        Backend(key=BLACK_HOLE, discovery="static", connect_timeout=timeout),
        Backend(
            key=PASSTHROUGH,
            discovery="original-destination",
            connect_timeout=connect_timeout(config, pool),
            balancing=Balancing(algorithm="provided"),
            limits=limits(pool),
            http=UpstreamHttp(version="downstream", idle_timeout=PASSTHROUGH_IDLE, preserve_case=preserve_case)
            if http is None or http.idle_timeout is None or pool is None
            else replace(http, preserve_case=preserve_case),
            keepalive=keepalive(config, pool),
        ),
    )


def dynamic_backend(config: MeshConfig, family: AddressFamily, *, capture: bool, preserve_case: bool) -> Backend:
    """Return the backend that resolves whatever name a caller asked for (ALLOW_ANY_DYNAMIC_DNS)."""
    return Backend(
        key=DYNAMIC_DNS,
        discovery="dynamic",
        connect_timeout=nanoseconds(config.connect_timeout),
        balancing=Balancing(algorithm="provided"),
        limits=Limits(),
        http=UpstreamHttp(version="downstream", idle_timeout=PASSTHROUGH_IDLE, preserve_case=preserve_case),
        keepalive=keepalive(config, None),
        dns=unknown_names(family, capture=capture),
    )
