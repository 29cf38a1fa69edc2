"""The traffic policy in force for one port of a host, and for one port of a subset.

Mirrors `pilot/pkg/networking/util` and `model.MergeTrafficPolicy`: a port's own settings replace the rule's, they do
not inherit; a subset's override field by field; the mesh's default fills what nobody set.
"""

from msgspec.structs import replace

from pillion.resources.istio.destination_rule import Subset, TrafficPolicy
from pillion.resources.istio.mesh_config import DefaultTrafficPolicy

EMPTY = TrafficPolicy()


def port_policy(policy: TrafficPolicy | None, port: int) -> tuple[TrafficPolicy | None, bool]:
    """Return the policy of one port, and whether the port has settings of its own."""
    if policy is None:
        return None, False
    for own in policy.port_level_settings:
        if own.port is not None and own.port.number == port:
            return TrafficPolicy(
                load_balancer=own.load_balancer,
                connection_pool=own.connection_pool,
                outlier_detection=own.outlier_detection,
                tls=own.tls,
            ), True
    return policy, False


def with_defaults(policy: TrafficPolicy | None, default: DefaultTrafficPolicy | None) -> TrafficPolicy | None:
    """Fill connection pool and outlier detection from the mesh's default."""
    if default is None or (default.connection_pool is None and default.outlier_detection is None):
        return policy
    base = policy or EMPTY
    return replace(
        base,
        connection_pool=base.connection_pool or default.connection_pool,
        outlier_detection=base.outlier_detection or default.outlier_detection,
    )


def subset_policy(policy: TrafficPolicy | None, subset: Subset, port: int) -> TrafficPolicy | None:
    """Lay a subset's settings over the host's for one port."""
    base, _ = port_policy(policy, port)
    if subset.traffic_policy is None:
        return base
    over, own_port = port_policy(subset.traffic_policy, port)
    if base is None or over is None:
        return over or base
    return replace(
        base,
        connection_pool=over.connection_pool if own_port else over.connection_pool or base.connection_pool,
        outlier_detection=over.outlier_detection if own_port else over.outlier_detection or base.outlier_detection,
        load_balancer=over.load_balancer if own_port else over.load_balancer or base.load_balancer,
        tls=over.tls if own_port else over.tls or base.tls,
        tunnel=over.tunnel or base.tunnel,
        proxy_protocol=over.proxy_protocol or base.proxy_protocol,
        retry_budget=over.retry_budget or base.retry_budget,
    )
