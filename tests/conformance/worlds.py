"""A world and a proxy of a case, as the suites write them: YAML texts, custom resources, Go's names for proxies."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from conformance.istiod import SWITCHES
from pillion.envoy.rendered import Rendered
from pillion.envoy.text import to_json
from pillion.mesh.catalog import Catalog
from pillion.mesh.snapshot import World
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read

Json = Mapping[str, Any]
METADATA = {
    "Labels": "LABELS",
    "Namespace": "NAMESPACE",
    "ClusterID": "CLUSTER_ID",
    "DNSCapture": "DNS_CAPTURE",
    "DNSAutoAllocate": "DNS_AUTO_ALLOCATE",
}
"""Go's names of node metadata, and those on the wire."""


def documents(text: str) -> list[Json]:
    """Read the documents of a YAML text."""
    return [each.content for each in read(text).documents]


def build(teller: Teller, found: Iterable[Json], mesh: Json, features: Mapping[str, bool] | None = None) -> World:
    """Build the world of these documents. `features` are environment variables of istiod that are set."""
    resources = [resource for document in found if (resource := decode(document)[0]) is not None]
    settings, _ = mesh_settings(mesh)
    switched = {SWITCHES[name]: value for name, value in (features or {}).items() if name in SWITCHES}
    world, _ = teller.build(Catalog().with_changes(resources), msgspec.structs.replace(settings, **switched))
    return world


def features_of(data: Path, group: Json) -> dict[str, bool]:
    """Give the features of a group by environment variable."""
    variables: Mapping[str, Json | None] = json.loads((data / "feature_env_map.json").read_text())
    return {
        variable["env"]: value
        for name, value in (group.get("features") or {}).items()
        if (variable := variables.get(name)) is not None
    }


def proxy_of(described: Json | None) -> Proxy:
    """Give the proxy that Go's struct describes; a sidecar, unless the name of its type is wrong."""
    described = described or {}
    metadata: Json = described.get("Metadata") or {}
    namespace = described.get("ConfigNamespace") or metadata.get("Namespace") or "default"
    addresses: list[str] = described.get("IPAddresses") or ["1.1.1.1"]
    sent = {METADATA.get(name, name): value for name, value in metadata.items()}
    sent = {"LABELS": described.get("Labels") or {}, "ISTIO_VERSION": "1.23.0"} | sent
    sent |= {"NAMESPACE": namespace, "INSTANCE_IPS": ",".join(addresses)}
    found = read_proxy(f"sidecar~{addresses[0]}~app.test~{namespace}.svc.cluster.local", sent)
    assert found is not None
    return found


def told(teller: Teller, world: World, proxy: Proxy) -> dict[str, list[dict[str, Any]]]:
    """Give what a proxy is told, as proto3 JSON: listeners, clusters, routes, endpoints."""
    view = teller.view(world, proxy)
    return to_json(
        Rendered(type_url=each.type_url, name=each.name, body=each.body) for resources in view for each in resources
    )
