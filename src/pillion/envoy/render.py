"""The whole of an IR as resources. Each node is rendered once: its bytes are remembered by the node itself."""

from pillion.envoy import clusters, endpoints, names, needs
from pillion.envoy.capabilities import Capabilities, capabilities
from pillion.envoy.listeners import listener as listener_message
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, LISTENER, ROUTES, Rendered
from pillion.envoy.routing import routes
from pillion.ir.memo import Memo
from pillion.ir.model.assignment import Assignment
from pillion.ir.model.backend import Backend
from pillion.ir.model.listener import Listener
from pillion.ir.model.proxy import InboundIR, OutboundIR
from pillion.ir.model.table import RouteTable

NOTHING_MISSING: needs.Missing = frozenset()


def outbound_parts(outbound: OutboundIR, memo: Memo) -> tuple[tuple[Rendered, ...], ...]:
    """Return the clusters, listeners and route tables of a workload's calls, type by type.

    A part that did not change is the same object as before.
    """
    able = capabilities(outbound.capabilities)
    return (
        memo(render_backends, outbound.backends, able, memo),
        memo(render_listeners, outbound.listeners, able, outbound.missing, memo),
        memo(render_tables, outbound.tables, outbound.missing, memo),
    )


def inbound_parts(inbound: InboundIR, memo: Memo) -> tuple[tuple[Rendered, ...], ...]:
    """Return the clusters and listeners of calls to a workload, type by type; likewise the same object."""
    able = capabilities(inbound.capabilities)
    return (
        memo(render_backends, inbound.backends, able, memo),
        memo(render_listeners, inbound.listeners, able, NOTHING_MISSING, memo),
    )


def render_backends(backends: tuple[Backend, ...], able: Capabilities, memo: Memo) -> tuple[Rendered, ...]:
    """Return clusters in order."""
    return tuple(memo(render_backend, backend, able) for backend in backends)


def render_listeners(
    listeners: tuple[Listener, ...], able: Capabilities, missing: needs.Missing, memo: Memo
) -> tuple[Rendered, ...]:
    """Return listeners in order; `missing` are the backends that some of them name in vain."""
    return tuple(
        memo(render_listener, each, able, missing & each.targets if missing else missing) for each in listeners
    )


def render_tables(tables: tuple[RouteTable, ...], missing: needs.Missing, memo: Memo) -> tuple[Rendered, ...]:
    """Return route configurations in order; `missing` are the backends that some of them name in vain."""
    return tuple(memo(render_table, each, missing & each.targets if missing else missing, memo) for each in tables)


def render_backend(backend: Backend, able: Capabilities) -> Rendered:
    """Return a cluster."""
    message = clusters.cluster(backend, able)
    return Rendered(
        type_url=CLUSTER,
        name=message.name,
        body=message.SerializeToString(deterministic=True),
        needs=needs.of_backend(backend),
    )


def render_listener(value: Listener, able: Capabilities, missing: needs.Missing) -> Rendered:
    """Return a listener; `missing` are the backends that it names in vain."""
    message = listener_message(value, able)
    return Rendered(
        type_url=LISTENER,
        name=message.name,
        body=message.SerializeToString(deterministic=True),
        needs=needs.of_listener(value, missing),
    )


def render_table(table: RouteTable, missing: needs.Missing, memo: Memo) -> Rendered:
    """Return a route configuration; `missing` are the backends that it names in vain."""
    return Rendered(
        type_url=ROUTES,
        name=names.route_table(table.key),
        body=routes.route_configuration(table, memo),
        needs=needs.of_table(table, missing),
    )


def render_assignment(assignment: Assignment) -> Rendered:
    """Return the members of one cluster."""
    name = names.cluster(assignment.backend)
    return Rendered(type_url=ASSIGNMENT, name=name, body=endpoints.render_assignment(name, assignment.groups))
