"""Lower a scope: the whole outbound half of a proxy, its parts remembered by what they are made from.

One changed service rebuilds its own backends and the tables of its ports; nothing else.
"""

from pillion.ir.memo import Memo
from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BackendKey, TableKey
from pillion.ir.model.listener import Http, Listener
from pillion.ir.model.proxy import OutboundIR
from pillion.ir.model.table import RouteTable
from pillion.ir.outbound.backends import BackendInputs, base_backends, dynamic_backend, refuse, service_backends
from pillion.ir.outbound.hosts import HostInputs
from pillion.ir.outbound.listeners import outbound_listeners
from pillion.ir.outbound.routes import Registry, RouteContext
from pillion.ir.outbound.tables import (
    TableInputs,
    egress_listener_for,
    registry,
    route_table,
    rules_on,
    services_on,
)
from pillion.ir.outbound.unknown import catch_all_host
from pillion.ir.policy.client_tls import MutualMode
from pillion.ir.policy.connection import counts_attempts, forwards_host, preserves_case
from pillion.ir.policy.peer import namespace_mode
from pillion.ir.traits import OutboundTraits
from pillion.mesh.endpoint import NOWHERE
from pillion.mesh.service import Service
from pillion.scope.model import SidecarScope
from pillion.value import NO_LABELS, Diagnostic, Diagnostics


def lower_outbound(
    scope: SidecarScope, traits: OutboundTraits, memo: Memo | None = None
) -> tuple[OutboundIR, Diagnostics]:
    """Return what a proxy does with its workload's calls."""
    remember = memo if memo is not None else Memo()
    return remember(_lower, scope, traits, _Remembering(remember))


class _Remembering:
    """Carries a memo through a memo: all of them are equal, so it never tells inputs apart."""

    __slots__: tuple[str, ...] = ("memo",)

    def __init__(self, memo: Memo) -> None:
        self.memo: Memo = memo

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Remembering)

    def __hash__(self) -> int:
        return 0


def _lower(scope: SidecarScope, traits: OutboundTraits, remembering: _Remembering) -> tuple[OutboundIR, Diagnostics]:
    memo = remembering.memo
    backends, diagnostics = _backends(scope, traits, memo)
    listeners = outbound_listeners(scope, traits)
    tables = tuple(memo(route_table, _table_inputs(scope, traits, key)) for key in _table_keys(listeners))
    missing = _missing(backends, listeners, tables)
    return OutboundIR(
        backends=backends, listeners=listeners, tables=tables, capabilities=traits.capabilities, missing=missing
    ), (*diagnostics, *_unknown(missing))


def _missing(
    backends: tuple[Backend, ...], listeners: tuple[Listener, ...], tables: tuple[RouteTable, ...]
) -> frozenset[BackendKey]:
    """Return the backends that something is sent to and that are not there."""
    named = {key for table in tables for key in table.targets} | {key for each in listeners for key in each.targets}
    return frozenset(named) - {backend.key for backend in backends}


def _unknown(missing: frozenset[BackendKey]) -> Diagnostics:
    return tuple(
        Diagnostic(
            code="unknown-destination",
            severity="warning",
            message=f"requests are sent to port {key.port} of {key.host or 'no host'}"
            + (f", subset {key.subset}" if key.subset else "")
            + ", which this proxy knows no backend for: they fail",
            hint="name a host, port and subset that exist, and that the Sidecar imports",
        )
        for key in sorted(missing)
    )


def _backends(scope: SidecarScope, traits: OutboundTraits, memo: Memo) -> tuple[tuple[Backend, ...], Diagnostics]:
    found: dict[BackendKey, Backend] = {}
    diagnostics: list[Diagnostic] = []
    modes: dict[str, MutualMode] = {}
    preserve = preserves_case(scope.settings.config, traits)
    for service in scope.services:
        inputs = _backend_inputs(scope, traits, service, modes, preserve_case=preserve)
        backends, wrong = memo(service_backends, inputs)
        diagnostics += wrong
        for backend in backends:
            closed = backend.tls.mode == "mesh" and not traits.certificates
            found.setdefault(backend.key, refuse(backend) if closed else backend)
    config = scope.settings.config
    for backend in memo(base_backends, config, preserve):
        found.setdefault(backend.key, backend)
    if scope.outbound_policy.mode == "ALLOW_ANY_DYNAMIC_DNS":
        dynamic = dynamic_backend(config, traits.dns_family, capture=traits.dns_capture, preserve_case=preserve)
        found.setdefault(dynamic.key, dynamic)
    return tuple(found[key] for key in sorted(found)), tuple(diagnostics)


def _backend_inputs(
    scope: SidecarScope, traits: OutboundTraits, service: Service, modes: dict[str, MutualMode], *, preserve_case: bool
) -> BackendInputs:
    namespace = service.namespace
    if namespace not in modes:
        modes[namespace] = namespace_mode(scope.peer_authentications, namespace, scope.settings.root_namespace)
    placed = service.resolution in {"DNS", "DNS_ROUND_ROBIN"}
    return BackendInputs(
        service=service,
        rule=scope.destination_rule(service.hostname, traits.labels),
        config=scope.settings.config,
        server_mode=modes[namespace],
        certificates=traits.certificates,
        preserve_case=preserve_case,
        family=traits.dns_family if placed or service.resolution == "DYNAMIC_DNS" else "v4",
        locality=traits.locality if placed else NOWHERE,
        labels=traits.labels if placed else NO_LABELS,
    )


def _table_keys(listeners: tuple[Listener, ...]) -> tuple[TableKey, ...]:
    """Return the tables that the listeners name, each once."""
    keys = {
        chain.handler.table
        for listener in listeners
        for chain in (*listener.chains, *((listener.default,) if listener.default else ()))
        if isinstance(chain.handler, Http) and chain.handler.table is not None
    }
    return tuple(sorted(keys))


def _table_inputs(scope: SidecarScope, traits: OutboundTraits, key: TableKey) -> TableInputs:
    config = scope.settings.config
    attempts = counts_attempts(config, traits)
    forwarded = forwards_host(config, traits)
    catch_all = catch_all_host(scope.outbound_policy, attempt_count=attempts, forwarded_host=forwarded)
    context = RouteContext(
        port=key.port,
        namespace=scope.namespace,
        labels=traits.labels,
        default_retry=config.default_http_retry_policy,
        forwarded_host=forwarded,
    )
    egress = egress_listener_for(scope, key)
    if egress is None:
        return TableInputs(key=key, hosts=HostInputs(context=context, registry=Registry()), catch_all=catch_all)
    port = key.port
    if egress.declared is not None and egress.declared.port is not None:
        port = 0 if egress.declared.port.protocol.upper() == "HTTP_PROXY" else port
    services = services_on(egress.services, port)
    rules = rules_on(egress.virtual_services, services, port)
    return TableInputs(
        key=key,
        hosts=HostInputs(
            context=RouteContext(
                port=port,
                namespace=context.namespace,
                labels=context.labels,
                default_retry=context.default_retry,
                forwarded_host=forwarded,
            ),
            registry=registry(scope, rules, services, traits.labels),
            virtual_services=rules,
            most_specific=egress.most_specific,
            proxy_domain=f"{scope.namespace}.svc.{scope.settings.domain}",
            traits=_host_traits(traits),
            attempt_count=attempts,
        ),
        catch_all=catch_all,
    )


def _host_traits(traits: OutboundTraits) -> OutboundTraits:
    """Return what of the traits virtual hosts depend on, so that others do not change them."""
    return OutboundTraits(families=traits.families, dns_capture=traits.dns_capture)
