"""The names that a part of the IR refers to: a set is consistent when all of them are in it."""

from collections.abc import Iterable

from pillion.envoy import names
from pillion.envoy.rendered import ASSIGNMENT, CLUSTER, ROUTES, Need
from pillion.ir.model.backend import Backend
from pillion.ir.model.key import BackendKey
from pillion.ir.model.listener import Http, Listener
from pillion.ir.model.table import RouteTable

Missing = frozenset[BackendKey]
"""Destinations of rules that nobody has: known to be missing, and told to the user."""


def of_backend(backend: Backend) -> tuple[Need, ...]:
    """Return a cluster's own assignment, where it comes apart."""
    return (Need(ASSIGNMENT, names.cluster(backend.key)),) if backend.discovery == "eds" else ()


def of_table(table: RouteTable, missing: Missing) -> tuple[Need, ...]:
    """Return the clusters that a table's routes name."""
    return _clusters(table.targets - missing)


def of_listener(listener: Listener, missing: Missing) -> tuple[Need, ...]:
    """Return the clusters and route tables that a listener names."""
    tables = {
        Need(ROUTES, names.route_table(chain.handler.table))
        for chain in listener.all_chains
        if isinstance(chain.handler, Http) and chain.handler.table is not None
    }
    return (*_clusters(listener.targets - missing), *sorted(tables))


def _clusters(keys: Iterable[BackendKey]) -> tuple[Need, ...]:
    return tuple(sorted(Need(CLUSTER, names.cluster(key)) for key in keys))
