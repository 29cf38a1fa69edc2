"""The whole of an IR as resources. Each node is rendered once: its bytes are remembered by the node itself."""

from pillion.envoy import clusters, endpoints, listeners, names, needs, routes
from pillion.envoy.capabilities import Capabilities, capabilities
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, LISTENER, ROUTES, Rendered
from pillion.ir.memo import Memo
from pillion.ir.model.assignment import Assignment
from pillion.ir.model.backend import Backend
from pillion.ir.model.listener import Listener
from pillion.ir.model.proxy import InboundIR, OutboundIR
from pillion.ir.model.table import RouteTable

NOTHING_MISSING: needs.Missing = frozenset()


def render_outbound(outbound: OutboundIR, memo: Memo | None = None) -> tuple[Rendered, ...]:
    """Return the clusters, listeners and route tables of a workload's calls."""
    remember = memo if memo is not None else Memo()
    able = capabilities(outbound.capabilities)
    return (
        *(remember(render_backend, backend, able) for backend in outbound.backends),
        *(
            remember(render_listener, listener, able, outbound.missing & listener.targets)
            for listener in outbound.listeners
        ),
        *(remember(render_table, table, outbound.missing & table.targets) for table in outbound.tables),
    )


def render_inbound(inbound: InboundIR, memo: Memo | None = None) -> tuple[Rendered, ...]:
    """Return the clusters and listeners of calls to a workload."""
    remember = memo if memo is not None else Memo()
    able = capabilities(inbound.capabilities)
    return (
        *(remember(render_backend, backend, able) for backend in inbound.backends),
        *(remember(render_listener, listener, able, NOTHING_MISSING) for listener in inbound.listeners),
    )


def render_backend(backend: Backend, able: Capabilities) -> Rendered:
    """Return a cluster."""
    message = clusters.cluster(backend, able)
    return Rendered(
        type_url=CLUSTER,
        name=message.name,
        body=message.SerializeToString(deterministic=True),
        needs=needs.of_backend(backend),
    )


def render_listener(listener: Listener, able: Capabilities, missing: needs.Missing) -> Rendered:
    """Return a listener; `missing` are the backends that it names in vain."""
    message = listeners.listener(listener, able)
    return Rendered(
        type_url=LISTENER,
        name=message.name,
        body=message.SerializeToString(deterministic=True),
        needs=needs.of_listener(listener, missing),
    )


def render_table(table: RouteTable, missing: needs.Missing) -> Rendered:
    """Return a route configuration; `missing` are the backends that it names in vain."""
    message = routes.route_configuration(table)
    return Rendered(
        type_url=ROUTES,
        name=message.name,
        body=message.SerializeToString(deterministic=True),
        needs=needs.of_table(table, missing),
    )


def render_assignment(assignment: Assignment) -> Rendered:
    """Return the members of one cluster."""
    name = names.cluster(assignment.backend)
    return Rendered(type_url=ASSIGNMENT, name=name, body=endpoints.render_assignment(name, assignment.groups))
