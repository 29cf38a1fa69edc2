"""Cluster load assignments: the members of a cluster, inside it or by endpoint discovery."""

from envoy.config.core.v3 import base_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from pillion.envoy.messages.wellknown import address, optional_uint32
from pillion.ir.model.assignment import Group, Member, Place

SOCKET_MATCH = "envoy.transport_socket_match"
_HEALTH = {"healthy": "HEALTHY", "unhealthy": "UNHEALTHY", "draining": "DRAINING", "unknown": "UNKNOWN"}
HEAVIEST = 2**32 - 1
"""What a place can weigh at most; the weights of its members add up to more, if a user says so."""


def render_assignment(name: str, groups: tuple[Group, ...]) -> bytes:
    """Return the assignment of a cluster in deterministic bytes; without members it is empty, an answer too."""
    return group_assignment(name, groups).SerializeToString(deterministic=True)


def group_assignment(name: str, groups: tuple[Group, ...]) -> endpoint_pb2.ClusterLoadAssignment:
    """Return the assignment of a cluster."""
    return endpoint_pb2.ClusterLoadAssignment(cluster_name=name, endpoints=[_group(group) for group in groups])


def _group(group: Group) -> endpoint_components_pb2.LocalityLbEndpoints:
    return endpoint_components_pb2.LocalityLbEndpoints(
        locality=_place(group.place) if group.place is not None else None,
        lb_endpoints=[_member(member) for member in group.members],
        load_balancing_weight=optional_uint32(None if group.weight is None else min(group.weight, HEAVIEST)),
        priority=group.priority,
    )


def _place(place: Place) -> base_pb2.Locality:
    return base_pb2.Locality(region=place.region, zone=place.zone, sub_zone=place.sub_zone)


def _member(member: Member) -> endpoint_components_pb2.LbEndpoint:
    endpoint = endpoint_components_pb2.LbEndpoint(
        endpoint=endpoint_components_pb2.Endpoint(
            address=address(member.address, member.port),
            hostname=member.hostname,
            additional_addresses=[
                endpoint_components_pb2.Endpoint.AdditionalAddress(address=address(other, member.port))
                for other in member.alternatives
            ],
        ),
        load_balancing_weight=optional_uint32(member.weight),
        health_status=None if member.weight is None else _HEALTH[member.health],
    )
    if member.mtls:
        endpoint.metadata.filter_metadata[SOCKET_MATCH].update({"tlsMode": "istio"})
    if member.workload:
        endpoint.metadata.filter_metadata["istio"].update({"workload": member.workload})
    return endpoint
