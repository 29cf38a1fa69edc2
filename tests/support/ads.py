"""A control plane for one Envoy: run inside a namespace, it publishes one listener when it reads a line."""

import asyncio
import sys

from envoy.config.cluster.v3.cluster_pb2 import Cluster
from envoy.config.listener.v3.listener_pb2 import Listener
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf import json_format
from google.protobuf.message import Message

from pillion.xds import type_urls
from pillion.xds.cache import Cache
from pillion.xds.resource import Resource, View, versioned
from pillion.xds.server import Server

HELLO_PORT = 18080
ROUTER = f"type.googleapis.com/{router_pb2.Router.DESCRIPTOR.full_name}"
MANAGER = f"type.googleapis.com/{http_connection_manager_pb2.HttpConnectionManager.DESCRIPTOR.full_name}"


def resource(type_url: str, message: Message, document: object) -> Resource:
    json_format.ParseDict(document, message)
    return versioned(type_url, document["name"], message.SerializeToString(deterministic=True))  # type: ignore[index]


def view() -> View:
    answer = {"status": 200, "body": {"inline_string": "hello"}}
    manager = {
        "@type": MANAGER,
        "stat_prefix": "hello",
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "direct_response": answer}],
                }
            ]
        },
        "http_filters": [{"name": "router", "typed_config": {"@type": ROUTER}}],
    }
    listener = {
        "name": "virtualInbound",
        "traffic_direction": "INBOUND",
        "address": {"socket_address": {"address": "0.0.0.0", "port_value": HELLO_PORT}},
        "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
    }
    cluster = {"name": "BlackHoleCluster", "type": "STATIC"}
    return View.of(
        (
            resource(type_urls.CLUSTER, Cluster(), cluster),
            resource(type_urls.LISTENER, Listener(), listener),
        )
    )


async def main(address: str) -> None:
    cache = Cache(lambda _node, _peer: "everybody")
    server = Server(cache)
    server.listen(address)
    await server.start()
    sys.stdout.write("listening\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    assert cache.publish("everybody", view()) == ()
    sys.stdout.write("published\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    await server.stop(0)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
