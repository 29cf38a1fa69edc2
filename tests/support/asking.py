"""A client of real gRPC that asks for clusters."""

from typing import Any

from envoy.service.discovery.v3.discovery_pb2 import DeltaDiscoveryRequest, DeltaDiscoveryResponse

from pillion.xds.type_urls import CLUSTER

NODE = "sidecar~10.0.0.1~a.b~b.svc.cluster.local"


def question() -> bytes:
    """Write the first request of a stream."""
    request = DeltaDiscoveryRequest(type_url=CLUSTER)
    request.node.id = NODE
    return request.SerializeToString()


async def asked(call: Any) -> list[str]:
    """Ask on a fresh call; return the names of the clusters."""
    await call.write(question())
    return [each.name for each in DeltaDiscoveryResponse.FromString(await call.read()).resources]
