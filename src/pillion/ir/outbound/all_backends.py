"""All backends of a scope, remembered service by service."""

from pillion.ir.memo import Memo
from pillion.ir.model.backend import AddressFamily, Backend
from pillion.ir.model.key import BackendKey
from pillion.ir.outbound.backends import BackendInputs, base_backends, dynamic_backend, refuse, service_backends
from pillion.ir.outbound.endpoints import ANYWHERE, NO_RULES, ClientView, PeerRules
from pillion.ir.policy.client_tls import MutualMode
from pillion.ir.policy.cluster_local import cluster_local_hosts
from pillion.ir.policy.connection import preserves_case
from pillion.ir.policy.peer import namespace_mode
from pillion.ir.traits import OutboundTraits
from pillion.mesh.destination_rules import ConsolidatedRule
from pillion.mesh.service import Service
from pillion.resources.istio.mesh_config import MeshConfig
from pillion.scope.model import SidecarScope
from pillion.value import Diagnostic, Diagnostics, FrozenMap, Labels, Value

_BY_DNS = frozenset({"DNS", "DNS_ROUND_ROBIN"})


class BackendSlice(Value):
    """What of a scope and a proxy its backends are made from."""

    services: tuple[Service, ...]
    rules: FrozenMap[ConsolidatedRule]
    """The DestinationRules in force, by host."""
    modes: FrozenMap[MutualMode]
    """What clients may expect of the servers of a namespace."""
    config: MeshConfig
    dynamic: bool = False
    """Unknown hosts are resolved for whoever asks."""
    certificates: bool = True
    preserve_case: bool = False
    family: AddressFamily = "v4"
    dns_capture: bool = False
    cluster_local: FrozenMap[bool] = FrozenMap()
    """Which hosts' members stay within their cluster."""
    client: ClientView = ANYWHERE
    """Whose preferences count among members that Envoy resolves by name."""
    peers: PeerRules = NO_RULES
    """Which of those members take mutual TLS; only where some say that they do."""


def backend_slice(scope: SidecarScope, traits: OutboundTraits, memo: Memo) -> BackendSlice:
    """Cut out what backends are made from."""
    namespaces = {service.namespace for service in scope.services}
    root = scope.settings.root_namespace
    return BackendSlice(
        services=scope.services,
        rules=rules_in_force(scope, traits.labels),
        modes=FrozenMap({each: namespace_mode(scope.peer_authentications, each, root) for each in namespaces}),
        config=scope.settings.config,
        dynamic=scope.outbound_policy.mode == "ALLOW_ANY_DYNAMIC_DNS",
        certificates=traits.certificates,
        preserve_case=preserves_case(scope.settings.config, traits),
        family=traits.dns_family,
        dns_capture=traits.dns_capture,
        cluster_local=memo(cluster_local_hosts, scope.settings.config, scope.settings.domain),
        client=ClientView(
            locality=traits.locality,
            network=traits.network,
            cluster=traits.cluster,
            node=traits.node,
            labels=traits.labels,
        ),
        peers=PeerRules(policies=scope.peer_authentications, root_namespace=root)
        if any(_takes_mtls_by_name(service) for service in scope.services)
        else NO_RULES,
    )


def _takes_mtls_by_name(service: Service) -> bool:
    return service.resolution in _BY_DNS and any(member.mtls for member in service.members)


def rules_in_force(scope: SidecarScope, labels: Labels) -> FrozenMap[ConsolidatedRule]:
    """Return the DestinationRule that counts for each host, for a caller with these labels."""
    return FrozenMap(
        {host: rule for host in scope.destination_rules if (rule := scope.destination_rule(host, labels)) is not None}
    )


def all_backends(cut: BackendSlice, memo: Memo) -> tuple[tuple[Backend, ...], Diagnostics]:
    """Return the backends, sorted by name, and what is wrong with them."""
    found: dict[BackendKey, Backend] = {}
    diagnostics: list[Diagnostic] = []
    for service in cut.services:
        backends, wrong = memo(service_backends, _inputs(cut, service))
        diagnostics += wrong
        for backend in backends:
            closed = backend.tls.mode == "mesh" and not cut.certificates
            found.setdefault(backend.key, refuse(backend) if closed else backend)
    for backend in memo(base_backends, cut.config, cut.preserve_case):
        found.setdefault(backend.key, backend)
    if cut.dynamic:
        dynamic = dynamic_backend(cut.config, cut.family, capture=cut.dns_capture, preserve_case=cut.preserve_case)
        found.setdefault(dynamic.key, dynamic)
    return tuple(found[key] for key in sorted(found)), tuple(diagnostics)


def _inputs(cut: BackendSlice, service: Service) -> BackendInputs:
    placed = service.resolution in _BY_DNS
    return BackendInputs(
        service=service,
        rule=cut.rules.get(service.hostname),
        config=cut.config,
        server_mode=cut.modes.get(service.namespace, "UNKNOWN"),
        certificates=cut.certificates,
        preserve_case=cut.preserve_case,
        family=cut.family if placed or service.resolution == "DYNAMIC_DNS" else "v4",
        client=cut.client if placed else ANYWHERE,
        peers=cut.peers if _takes_mtls_by_name(service) else NO_RULES,
        cluster_local=cut.cluster_local,
    )
