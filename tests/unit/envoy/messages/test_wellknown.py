from envoy.config.cluster.v3 import cluster_pb2
from google.protobuf import json_format

from pillion.envoy.messages import wellknown


def test_durations_are_exact() -> None:
    made = wellknown.duration(1_500_000_001)
    assert (made.seconds, made.nanos) == (1, 500_000_001)
    assert wellknown.optional_duration(None) is None


def test_numbers_that_may_be_absent() -> None:
    assert wellknown.uint32(0).value == 0
    assert wellknown.optional_uint32(None) is None
    assert wellknown.uint64(2**40).value == 2**40
    assert wellknown.boolean(True).value


def test_any_holds_the_type() -> None:
    packed = wellknown.packed(cluster_pb2.Cluster(name="a"))
    assert packed.type_url == "type.googleapis.com/envoy.config.cluster.v3.Cluster"
    assert wellknown.extension("x", cluster_pb2.Cluster(name="a")).typed_config == packed


def test_addresses() -> None:
    assert wellknown.address("10.0.0.1", 80).socket_address.port_value == 80
    assert wellknown.address("unix:///a/b", 0).pipe.path == "/a/b"


def test_structs_and_metadata() -> None:
    made = wellknown.metadata("istio", {"a": [1, "b"]})
    assert json_format.MessageToDict(made) == {"filterMetadata": {"istio": {"a": [1.0, "b"]}}}
    foreign = wellknown.typed_struct("a.B", {"x": True})
    assert foreign.type_url == "type.googleapis.com/udpa.type.v1.TypedStruct"


def test_everything_comes_from_the_control_plane() -> None:
    assert wellknown.ads().HasField("ads")
    assert wellknown.ads().HasField("initial_fetch_timeout")
