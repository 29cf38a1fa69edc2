"""Lower a scope: the whole outbound half of a proxy, its parts remembered by what they are made from.

One changed service rebuilds its own backends and the tables of its ports; nothing else.
"""

from msgspec.structs import replace

from pillion.ir.memo import Memo
from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BackendKey, TableKey
from pillion.ir.model.listener import Http, Listener
from pillion.ir.model.proxy import OutboundIR
from pillion.ir.model.table import RouteTable
from pillion.ir.outbound.all_backends import all_backends, backend_slice
from pillion.ir.outbound.destinations import DestinationField, place_of
from pillion.ir.outbound.listener_slice import listener_slice
from pillion.ir.outbound.listeners import outbound_listeners
from pillion.ir.outbound.routing.defaults import Naming, defaults_for
from pillion.ir.outbound.routing.hosts import HostInputs
from pillion.ir.outbound.routing.routes import Registry, RouteContext
from pillion.ir.outbound.routing.tables import (
    TableInputs,
    egress_listener_for,
    route_table,
    rules_on,
    services_on,
    sticky_rules,
    sticky_rules_in_force,
)
from pillion.ir.outbound.shadowed import shadowed
from pillion.ir.outbound.unknown import catch_all_host
from pillion.ir.policy.connection import counts_attempts, forwards_host
from pillion.ir.traits import OutboundTraits
from pillion.scope.model import SidecarScope
from pillion.value import Diagnostic, Diagnostics, Where


def lower_outbound(
    scope: SidecarScope, traits: OutboundTraits, memo: Memo | None = None
) -> tuple[OutboundIR, Diagnostics]:
    """Return what a proxy does with its workload's calls."""
    remember = memo if memo is not None else Memo()
    return remember(_lower, scope, traits, remember)


def _lower(scope: SidecarScope, traits: OutboundTraits, memo: Memo) -> tuple[OutboundIR, Diagnostics]:
    backends, diagnostics = memo(all_backends, backend_slice(scope, traits, memo), memo)
    listeners = memo(outbound_listeners, listener_slice(scope, traits))
    inputs = tuple(_table_inputs(scope, traits, key, memo) for key in memo(_table_keys, listeners))
    tables = tuple(memo(route_table, each, memo) for each in inputs)
    missing = _missing(backends, listeners, tables, memo)
    return OutboundIR(
        backends=backends, listeners=listeners, tables=tables, capabilities=traits.capabilities, missing=missing
    ), (*diagnostics, *_unknown(missing, memo(_keys, backends), scope), *shadowed(inputs, scope, memo))


def _missing(
    backends: tuple[Backend, ...], listeners: tuple[Listener, ...], tables: tuple[RouteTable, ...], memo: Memo
) -> frozenset[BackendKey]:
    """Return the backends that something is sent to and that are not there."""
    named = memo(_named_by_listeners, listeners).union(*(memo(_named_by_table, table) for table in tables))
    return named - memo(_keys, backends)


def _named_by_listeners(listeners: tuple[Listener, ...]) -> frozenset[BackendKey]:
    return frozenset(key for each in listeners for key in each.targets)


def _named_by_table(table: RouteTable) -> frozenset[BackendKey]:
    return table.targets


def _keys(backends: tuple[Backend, ...]) -> frozenset[BackendKey]:
    return frozenset(backend.key for backend in backends)


def _unknown(missing: frozenset[BackendKey], known: frozenset[BackendKey], scope: SidecarScope) -> Diagnostics:
    return tuple(
        Diagnostic(
            code="unknown-destination",
            severity="warning",
            message=f"requests are sent to port {key.port} of {key.host or 'no host'}"
            + (f", subset {key.subset}" if key.subset else "")
            + ", which this proxy knows no backend for: they fail",
            where=where,
            hint="name a host, port and subset that exist, and that the Sidecar imports",
        )
        for key in sorted(missing)
        for where in _senders(key, _lost_field(key, known), scope)
    )


def _lost_field(key: BackendKey, known: frozenset[BackendKey]) -> DestinationField:
    """Say which field of a destination it is that nobody has."""
    if all(each.host != key.host for each in known):
        return "host"
    return "subset" if key.subset and replace(key, subset="") in known else "port"


def _senders(key: BackendKey, field: DestinationField, scope: SidecarScope) -> tuple[Where, ...]:
    """Name the VirtualServices that send there; one that says nothing where something else does."""
    rules = (rule for listener in scope.egress for rule in listener.virtual_services)
    return tuple(dict.fromkeys(place for rule in rules if (place := place_of(rule, key, field)))) or (Where(),)


def _table_keys(listeners: tuple[Listener, ...]) -> tuple[TableKey, ...]:
    """Return the tables that the listeners name, each once."""
    keys = {
        chain.handler.table
        for listener in listeners
        for chain in (*listener.chains, *((listener.default,) if listener.default else ()))
        if isinstance(chain.handler, Http) and chain.handler.table is not None
    }
    return tuple(sorted(keys))


def _table_inputs(scope: SidecarScope, traits: OutboundTraits, key: TableKey, memo: Memo) -> TableInputs:
    config = scope.settings.config
    attempts = counts_attempts(config, traits)
    forwarded = forwards_host(config, traits)
    catch_all = catch_all_host(scope.outbound_policy, attempt_count=attempts, forwarded_host=forwarded)
    egress = egress_listener_for(scope, key)
    if egress is None:
        return TableInputs(key=key, hosts=None, catch_all=catch_all)
    port = key.port
    if egress.declared is not None and egress.declared.port is not None:
        port = 0 if egress.declared.port.protocol.upper() == "HTTP_PROXY" else port
    services = memo(services_on, egress.services, port)
    context = RouteContext(
        port=port,
        namespace=scope.namespace,
        labels=traits.labels,
        default_retry=config.default_http_retry_policy,
        forwarded_host=forwarded,
    )
    naming = Naming(
        proxy_domain=f"{scope.namespace}.svc.{scope.settings.domain}",
        traits=_naming_traits(traits),
        with_port=port == 0,
    )
    sticky = sticky_rules_in_force(scope, memo(sticky_rules, scope.destination_rules), traits.labels)
    return TableInputs(
        key=key,
        hosts=HostInputs(
            context=context,
            registry=Registry(services=services, sticky_rules=sticky),
            shared=defaults_for(context, naming, attempt_count=attempts),
            virtual_services=rules_on(egress.virtual_services, services, port),
            most_specific=egress.most_specific,
        ),
        catch_all=catch_all,
    )


def _naming_traits(traits: OutboundTraits) -> OutboundTraits:
    """Return what of the traits names depend on, so that others do not change them."""
    return OutboundTraits(families=traits.families, dns_capture=traits.dns_capture, dual_stack=traits.dual_stack)
