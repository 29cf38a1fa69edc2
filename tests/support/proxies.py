"""What a proxy is told in a world written as YAML: the whole road without a network."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from pillion.envoy.rendered import Rendered
from pillion.envoy.text import to_json
from pillion.mesh.catalog import Catalog
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller, Told
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.value import Diagnostics


def sidecar(name: str, namespace: str, address: str, **metadata: object) -> Proxy:
    """Give a proxy; `metadata` is laid over the usual."""
    usual: dict[str, Any] = {
        "NAMESPACE": namespace,
        "LABELS": {"app": name},
        "INSTANCE_IPS": address,
        "SERVICE_ACCOUNT": name,
        "CLUSTER_ID": "Kubernetes",
    }
    found = read_proxy(f"sidecar~{address}~{name}.{namespace}~{namespace}.svc.cluster.local", usual | dict(metadata))
    assert found is not None
    return found


def told(text: str, proxy: Proxy, mesh: Mapping[str, Any] | None = None) -> tuple[Told, tuple[Rendered, ...]]:
    """Give the stages and the resources of a proxy in a world."""
    teller = Teller()
    resources = [found for each in read(text).documents if (found := decode(each.content)[0]) is not None]
    settings, _ = mesh_settings(mesh or {})
    world, _ = teller.build(Catalog().with_changes(resources), settings)
    view = teller.view(world, proxy)
    rendered = tuple(
        Rendered(type_url=each.type_url, name=each.name, body=each.body, needs=each.needs)
        for group in view
        for each in group
    )
    return teller.told(world, proxy), rendered


def by_name(rendered: Iterable[Rendered]) -> dict[str, dict[str, Any]]:
    """Give each kind of resource as JSON, by name."""
    found = to_json(rendered)
    return {
        "clusters": {each["name"]: each for each in found["clusters"]},
        "listeners": {each["name"]: each for each in found["listeners"]},
        "routes": {each["name"]: each for each in found["routes"]},
        "endpoints": {each["clusterName"]: each for each in found["endpoints"]},
    }


def texts(diagnostics: Diagnostics) -> list[str]:
    """Give what was told to the user."""
    return [str(each) for each in diagnostics]


def dumped(value: object) -> str:
    """Give JSON with sorted keys."""
    return json.dumps(value, sort_keys=True)
