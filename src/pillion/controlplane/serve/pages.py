"""What the debug pages show, as JSON-like values; the paths and the fields of Istio's pages that people know."""

from collections.abc import Iterable
from typing import Any

import msgspec

from pillion.controlplane.client import Client
from pillion.controlplane.plane import ControlPlane
from pillion.controlplane.serve.dump import content
from pillion.scope.model import SidecarScope
from pillion.xds.status import StreamStatus, TypeStatus
from pillion.xds.type_urls import CLUSTER, ENDPOINT, EXTENSION_CONFIG, LISTENER, ROUTE

SYNC_NAMES = {
    CLUSTER: "cluster",
    LISTENER: "listener",
    ROUTE: "route",
    ENDPOINT: "endpoint",
    EXTENSION_CONFIG: "extensionconfig",
}


def syncz(streams: Iterable[StreamStatus], clients: Iterable[Client], cluster: str) -> list[dict[str, Any]]:
    """Show what each proxy was sent and what it acknowledged, as nonces."""
    versions = {each.node_id: each.proxy.version for each in clients}
    return [_sync(each, versions.get(each.node, ""), cluster) for each in streams]


def _sync(stream: StreamStatus, version: str, cluster: str) -> dict[str, Any]:
    parts = stream.node.split("~")
    shown: dict[str, Any] = {
        "cluster_id": cluster,
        "proxy": parts[2] if len(parts) == 4 else stream.node,
        "proxy_type": parts[0] if len(parts) == 4 else "",
        "proxy_version": version,
        "peer": stream.peer,
        "dialect": stream.dialect,
        "bytes_sent": stream.bytes,
    }
    for each in stream.types:
        name = SYNC_NAMES.get(each.type_url)
        if name is not None:
            shown |= _sync_type(each, name)
    return shown


def _sync_type(status: TypeStatus, name: str) -> dict[str, Any]:
    shown: dict[str, Any] = {f"{name}_sent": status.sent_nonce, f"{name}_acked": status.acked_nonce}
    if status.nack:
        shown[f"{name}_rejected"] = {"nonce": status.nack_nonce, "message": status.nack, "names": status.nacked_names}
    return shown


def sidecarz(plane: ControlPlane, clients: Iterable[Client]) -> list[dict[str, Any]]:
    """Show which Sidecar is in force for each proxy, and what it imports."""
    return [{"proxy": each.node_id, **_scope(plane.teller.told(plane.world, each.proxy).scope)} for each in clients]


def _scope(scope: SidecarScope) -> dict[str, Any]:
    sidecar = scope.sidecar
    return {
        "sidecar": None if sidecar is None else f"{sidecar.metadata.namespace}/{sidecar.metadata.name}",
        "namespace": scope.namespace,
        "egress": [
            {
                "hosts": list(each.declared.hosts) if each.declared is not None else ["*/*"],
                "services": [service.hostname for service in each.services],
                "virtualServices": [
                    f"{virtual.metadata.namespace}/{virtual.metadata.name}" for virtual in each.virtual_services
                ],
            }
            for each in scope.egress
        ],
    }


def endpointz(plane: ControlPlane) -> list[dict[str, Any]]:
    """Show the endpoints of every service of the mesh."""
    return [
        {"service": key, "endpoints": [msgspec.to_builtins(each, enc_hook=dict) for each in members]}
        for key, members in plane.world.endpoints.items()
    ]


def endpoints_of(client: Client) -> list[dict[str, Any]]:
    """Show the endpoints that one proxy is told."""
    assigned = client.view.resources(ENDPOINT) if client.view is not None else None
    return [content(each) for each in assigned or ()]


def named(clients: Iterable[Client], proxy: str) -> Client | None:
    """Find a proxy by its id, or by `NAME.NAMESPACE`."""
    return next((each for each in clients if proxy in {each.node_id, *each.node_id.split("~")[2:3]}), None)
