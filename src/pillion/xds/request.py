"""What a client says, parsed from the wire into values: the node, and the two kinds of discovery request."""

import sys
from typing import Any

from envoy.config.core.v3.base_pb2 import Node as NodeMessage
from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DiscoveryRequest

from pillion.value import FrozenMap, Value

Json = Any
"""None, bool, float, str, tuple of these, FrozenMap of these."""


class Node(Value):
    """Who is calling, in its own words. Nothing of it is proved."""

    id: str = ""
    cluster: str = ""
    metadata: FrozenMap[Json] = FrozenMap()
    region: str = ""
    zone: str = ""
    sub_zone: str = ""
    user_agent: str = ""
    """`envoy/1.40.0`, or empty."""
    extensions: tuple[str, ...] = ()
    """The names of the extensions that the client has, sorted."""


class Refusal(Value):
    """Why a client did not take a response (a NACK)."""

    code: int
    message: str


class DeltaRequest(Value):
    """A DeltaDiscoveryRequest."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_resource_versions: FrozenMap[str] = FrozenMap()
    response_nonce: str = ""
    refusal: Refusal | None = None


class StateRequest(Value):
    """A DiscoveryRequest (state of the world)."""

    type_url: str
    version_info: str = ""
    resource_names: tuple[str, ...] = ()
    response_nonce: str = ""
    refusal: Refusal | None = None


def parse_delta(data: bytes) -> tuple[DeltaRequest, NodeMessage | None]:
    """Parse a DeltaDiscoveryRequest; raises `google.protobuf.message.DecodeError` when it is none."""
    message = DeltaDiscoveryRequest.FromString(data)
    request = DeltaRequest(
        type_url=sys.intern(message.type_url),
        subscribe=tuple(message.resource_names_subscribe),
        unsubscribe=tuple(message.resource_names_unsubscribe),
        initial_resource_versions=FrozenMap(dict(message.initial_resource_versions)),
        response_nonce=message.response_nonce,
        refusal=_refusal(message),
    )
    return request, message.node if message.HasField("node") else None


def parse_state(data: bytes) -> tuple[StateRequest, NodeMessage | None]:
    """Parse a DiscoveryRequest; raises `google.protobuf.message.DecodeError` when it is none."""
    message = DiscoveryRequest.FromString(data)
    request = StateRequest(
        type_url=sys.intern(message.type_url),
        version_info=message.version_info,
        resource_names=tuple(message.resource_names),
        response_nonce=message.response_nonce,
        refusal=_refusal(message),
    )
    return request, message.node if message.HasField("node") else None


def _refusal(message: DeltaDiscoveryRequest | DiscoveryRequest) -> Refusal | None:
    if not message.HasField("error_detail"):
        return None
    return Refusal(code=message.error_detail.code, message=message.error_detail.message)


def read_node(message: NodeMessage) -> Node:
    """Turn the node of a first request into a value."""
    agent = message.user_agent_name
    build = message.user_agent_build_version.version
    version = message.user_agent_version or f"{build.major_number}.{build.minor_number}.{build.patch}"
    return Node(
        id=message.id,
        cluster=message.cluster,
        metadata=_struct(message.metadata),
        region=message.locality.region,
        zone=message.locality.zone,
        sub_zone=message.locality.sub_zone,
        user_agent=f"{agent}/{version}" if agent else "",
        extensions=tuple(sorted({sys.intern(extension.name) for extension in message.extensions})),
    )


def _struct(struct: Any) -> FrozenMap[Json]:
    return FrozenMap({sys.intern(key): _json(value) for key, value in struct.fields.items()})


def _json(value: Any) -> Json:
    kind = value.WhichOneof("kind")
    if kind == "struct_value":
        return _struct(value.struct_value)
    if kind == "list_value":
        return tuple(_json(item) for item in value.list_value.values)
    return None if kind in (None, "null_value") else getattr(value, kind)
