import pytest
from envoy.config.core.v3.base_pb2 import Node as NodeMessage
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest
from google.protobuf import json_format
from google.protobuf.message import DecodeError

from pillion.value import FrozenMap
from pillion.xds.request import DeltaRequest, Node, Refusal, StateRequest, parse_delta, parse_state, read_node


def test_a_delta_request_is_a_value() -> None:
    message = DeltaDiscoveryRequest(
        type_url="t", resource_names_subscribe=["a"], resource_names_unsubscribe=["b"], response_nonce="1"
    )
    message.initial_resource_versions["a"] = "v"
    message.error_detail.code, message.error_detail.message = 3, "no"
    request, node = parse_delta(message.SerializeToString())
    assert request == DeltaRequest(
        type_url="t",
        subscribe=("a",),
        unsubscribe=("b",),
        initial_resource_versions=FrozenMap({"a": "v"}),
        response_nonce="1",
        refusal=Refusal(code=3, message="no"),
    )
    assert node is None


def test_a_state_request_is_a_value_and_may_say_who_asks() -> None:
    message = DiscoveryRequest(type_url="t", resource_names=["a", "b"], version_info="v", response_nonce="1")
    message.node.id = "n"
    request, node = parse_state(message.SerializeToString())
    assert request == StateRequest(type_url="t", resource_names=("a", "b"), version_info="v", response_nonce="1")
    assert node is not None
    assert node.id == "n"


def test_what_is_no_request_is_not_parsed() -> None:
    with pytest.raises(DecodeError):
        parse_delta(b"\xff")


def test_a_node_keeps_what_it_says() -> None:
    message = NodeMessage()
    metadata = {"NAMESPACE": "b", "LABELS": {"app": "a"}, "N": 1, "L": [True, None, "x"]}
    document = {
        "id": "n",
        "cluster": "c",
        "metadata": metadata,
        "locality": {"region": "r", "zone": "z", "sub_zone": "s"},
        "user_agent_name": "envoy",
        "user_agent_build_version": {"version": {"major_number": 1, "minor_number": 40}},
        "extensions": [{"name": "y"}, {"name": "x"}, {"name": "y"}],
    }
    json_format.ParseDict(document, message)
    assert read_node(message) == Node(
        id="n",
        cluster="c",
        metadata=FrozenMap(
            {"NAMESPACE": "b", "LABELS": FrozenMap({"app": "a"}), "N": 1.0, "L": (True, None, "x")},
        ),
        region="r",
        zone="z",
        sub_zone="s",
        user_agent="envoy/1.40.0",
        extensions=("x", "y"),
    )
