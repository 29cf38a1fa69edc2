from typing import Any

import pytest

from pillion.mesh.catalog import Catalog
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.kinds import Resource
from pillion.xds.type_urls import CLUSTER

LOCALITY = {"enabled": True, "failoverPriority": ["tier"]}
OUTLIER = {"consecutive5xxErrors": 3}
POLICY = {"loadBalancer": {"localityLbSetting": LOCALITY}, "outlierDetection": OUTLIER}
SUBSET = {"name": "v1", "labels": {"v": "1"}}
PORT = {"port": {"number": 80}, **POLICY}
LEVELS = {
    "rule": {"trafficPolicy": POLICY},
    "port": {"trafficPolicy": {"portLevelSettings": [PORT]}},
    "subset": {"subsets": [{**SUBSET, "trafficPolicy": POLICY}]},
    "port of a subset": {"subsets": [{**SUBSET, "trafficPolicy": {"portLevelSettings": [PORT]}}]},
}


def read(kind: str, spec: dict[str, Any]) -> Resource:
    head = {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": {"name": "d", "namespace": "shop"}}
    found, diagnostics = decode({**head, "spec": spec})
    assert found is not None, diagnostics
    return found


def by_name(*labels: dict[str, str]) -> Resource:
    endpoints = [{"address": f"{number}.example.com", "labels": each} for number, each in enumerate(labels)]
    ports = [{"number": 80, "name": "http", "protocol": "HTTP"}]
    return read("ServiceEntry", {"hosts": ["d.com"], "ports": ports, "resolution": "DNS", "endpoints": endpoints})


def proxy(**metadata: Any) -> Proxy:
    found = read_proxy("sidecar~10.1.0.7~c.shop~shop.svc.cluster.local", {"NAMESPACE": "shop", **metadata})
    assert found is not None
    return found


def told(rule: dict[str, Any], mesh: dict[str, Any], labels: str, *proxies: Proxy) -> list[dict[str, str]]:
    """Give the versions of the clusters of a host with two named members, for each proxy."""
    entry = by_name({"v": "1", labels: "a"}, {"v": "1", labels: "b"})
    catalog = Catalog().with_changes([entry, read("DestinationRule", {"host": "d.com", **rule})])
    teller = Teller()
    world, _ = teller.build(catalog, mesh_settings(mesh)[0])
    views = [teller.view(world, each).resources(CLUSTER) or () for each in proxies]
    return [{each.name: each.version for each in view if "d.com" in each.name} for view in views]


@pytest.mark.parametrize("level", LEVELS)
def test_proxies_that_a_policy_at_any_level_tells_apart_are_told_apart(level: str) -> None:
    first, second = told(LEVELS[level], {}, "tier", proxy(LABELS={"tier": "a"}), proxy(LABELS={"tier": "b"}))
    assert first
    assert first != second


def test_proxies_that_the_mesh_s_default_tells_apart_are_told_apart() -> None:
    rule = {"trafficPolicy": {"outlierDetection": OUTLIER}}
    mesh = {"localityLbSetting": LOCALITY}
    first, second = told(rule, mesh, "tier", proxy(LABELS={"tier": "a"}), proxy(LABELS={"tier": "b"}))
    assert first
    assert first != second


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("NETWORK", "topology.istio.io/network"),
        ("NODE_NAME", "kubernetes.io/hostname"),
        ("CLUSTER_ID", "topology.istio.io/cluster"),
    ],
)
def test_where_a_proxy_runs_tells_it_apart_as_a_label_does(key: str, label: str) -> None:
    policy = {"loadBalancer": {"localityLbSetting": {"enabled": True, "failoverPriority": [label]}}}
    rule = {"trafficPolicy": {**policy, "outlierDetection": OUTLIER}}
    first, second = told(rule, {}, label, proxy(**{key: "a"}), proxy(**{key: "b"}))
    assert first
    assert first != second


def test_proxies_that_no_policy_tells_apart_are_told_the_same() -> None:
    first, second = told({}, {}, "tier", proxy(LABELS={"tier": "a"}, NODE_NAME="a"), proxy(LABELS={"tier": "b"}))
    assert first == second != {}
