from envoy.config.endpoint.v3 import endpoint_pb2
from google.protobuf import json_format

from pillion.envoy.endpoints import group_assignment, render_assignment
from pillion.ir.model.assignment import Group, Member, Place


def test_members_by_place() -> None:
    group = Group(
        place=Place(region="a", zone="1"),
        priority=2,
        weight=3,
        members=(Member(address="10.0.0.1", port=80, mtls=True, workload="w;n;s;;c"), Member(address="unix:///s")),
    )
    found = json_format.MessageToDict(group_assignment("c", (group,)))
    (place,) = found["endpoints"]
    assert (place["locality"], place["priority"], place["loadBalancingWeight"]) == ({"region": "a", "zone": "1"}, 2, 3)
    first, second = place["lbEndpoints"]
    assert first["metadata"]["filterMetadata"] == {
        "envoy.transport_socket_match": {"tlsMode": "istio"}, "istio": {"workload": "w;n;s;;c"},
    }  # fmt: skip
    assert first["healthStatus"] == "HEALTHY"
    assert second["endpoint"]["address"] == {"pipe": {"path": "/s"}}


def test_nobody() -> None:
    made = endpoint_pb2.ClusterLoadAssignment.FromString(render_assignment("c", ()))
    assert (made.cluster_name, list(made.endpoints)) == ("c", [])


def test_a_fixed_member_has_no_weight() -> None:
    found = json_format.MessageToDict(group_assignment("c", (Group(members=(Member(address="a", weight=None),)),)))
    assert set(found["endpoints"][0]["lbEndpoints"][0]) == {"endpoint"}
