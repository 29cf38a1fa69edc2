"""No number and no text in a resource makes a mesh fail: it is refused when it is read, or what is told stays whole."""

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from pillion.mesh.catalog import Catalog
from pillion.proxy.node import read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.kinds import Resource
from pillion.resources.validation.validate import validate
from pillion.value import has_errors
from pillion.xds.cache import inconsistencies
from pillion.xds.type_urls import CLUSTER

Document = dict[str, Any]
Path = tuple[str | int, ...]
NETWORKING, WEB = "networking.istio.io/v1", "web.shop.svc.cluster.local"
HTTP = {"number": 80, "name": "http", "protocol": "HTTP"}
CLIENT = {"app": "client"}


def document(api_version: str, kind: str, name: str, spec: Document, **more: Any) -> Document:
    metadata = {"name": name, "namespace": "shop", "labels": more.pop("labels", {"a": "b"})}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, **more}


def service(name: str, address: str) -> Document:
    ports = [{"name": "http", "port": 80, "targetPort": 8080, "nodePort": 30000, "protocol": "TCP"}]
    return document("v1", "Service", name, {"clusterIP": address, "selector": CLIENT, "ports": ports})


def slice_of(name: str) -> Document:
    endpoint = {"addresses": ["10.1.0.55"], "conditions": {"ready": True}, "zone": "z", "nodeName": "n"}
    found = document("discovery.k8s.io/v1", "EndpointSlice", name, {}, labels={"kubernetes.io/service-name": name})
    ports = [{"name": "http", "port": 8080, "protocol": "TCP"}]
    return {**found, "addressType": "IPv4", "endpoints": [endpoint], "ports": ports}


SHARE = {"percentage": {"value": 10}}
MATCH = {
    "uri": {"regex": "/a.*"},
    "headers": {"x": {"prefix": "a"}},
    "port": 80,
    "sourceLabels": CLIENT,
    "queryParams": {"q": {"exact": "a"}},
}
ROUTE = {
    "name": "n",
    "match": [MATCH],
    "route": [
        {"destination": {"host": WEB, "subset": "v1", "port": {"number": 80}}, "weight": 10},
        {"destination": {"host": "x.com"}, "weight": 90, "headers": {"request": {"add": {"a": "b"}, "remove": ["c"]}}},
    ],
    "timeout": "1s",
    "retries": {"attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx,503", "backoff": "1s"},
    "fault": {"delay": {"fixedDelay": "1s", **SHARE}, "abort": {"httpStatus": 500, **SHARE}},
    "mirrors": [{"destination": {"host": WEB}, **SHARE}],
    "corsPolicy": {"allowOrigins": [{"exact": "*"}], "maxAge": "1h", "allowHeaders": ["a"]},
    "rewrite": {"uri": "/b", "authority": "x"},
}
REDIRECT = {"redirect": {"uri": "/x", "redirectCode": 302, "port": 80}}
RULES = {
    "hosts": [WEB],
    "http": [ROUTE, REDIRECT, {"directResponse": {"status": 200, "body": {"string": "x"}}}],
}
STREAMS = {
    "hosts": ["s.com"],
    "tls": [{"match": [{"port": 443, "sniHosts": ["s.com"]}], "route": [{"destination": {"host": "s.com"}}]}],
    "tcp": [
        {
            "match": [{"port": 9000, "destinationSubnets": ["1.2.3.0/24"]}],
            "route": [
                {"destination": {"host": "s.com", "port": {"number": 9000}}, "weight": 1},
                {"destination": {"host": WEB, "port": {"number": 80}}, "weight": 2},
            ],
        }
    ],
}
POOL = {
    "tcp": {
        "maxConnections": 3,
        "connectTimeout": "1s",
        "tcpKeepalive": {"probes": 3, "time": "1s", "interval": "1s"},
        "idleTimeout": "1s",
        "maxConnectionDuration": "1s",
    },
    "http": {
        "http1MaxPendingRequests": 1,
        "http2MaxRequests": 1,
        "maxRequestsPerConnection": 1,
        "maxRetries": 1,
        "idleTimeout": "1s",
        "maxConcurrentStreams": 1,
        "http2KeepAlive": {"interval": "1s", "timeout": "1s"},
    },
}
OUTLIER = {
    "consecutive5xxErrors": 3,
    "consecutiveGatewayErrors": 3,
    "consecutiveLocalOriginFailures": 2,
    "splitExternalLocalOriginErrors": True,
    "interval": "1s",
    "baseEjectionTime": "1s",
    "maxEjectionPercent": 3,
    "minHealthPercent": 3,
    "outlierDetectionHttpErrorCodes": [500],
}
LOCALITY = {"enabled": True, "distribute": [{"from": "a/b/c", "to": {"a/b/c": 60, "a/d": 40}}]}
STICKY = {
    "consistentHash": {"httpCookie": {"name": "a", "ttl": "1s", "path": "/"}, "ringHash": {"minimumRingSize": 12}},
    "localityLbSetting": LOCALITY,
}
TLS = {"mode": "SIMPLE", "sni": "x", "subjectAltNames": ["a"], "caCertificates": "/a"}
POLICY = {"connectionPool": POOL, "outlierDetection": OUTLIER, "loadBalancer": STICKY, "tls": TLS}
SUBSET = {"name": "v1", "labels": {"v": "1"}, "trafficPolicy": {"outlierDetection": OUTLIER}}
BY_PORT = {"portLevelSettings": [{"port": {"number": 80}, "connectionPool": POOL}]}
WARM = {"simple": "LEAST_REQUEST", "warmup": {"duration": "1s", "minimumPercent": 3, "aggression": 2}}
TABLE = {"consistentHash": {"useSourceIp": True, "maglev": {"tableSize": 7}}}
MEMBER = {
    "address": "9.9.9.9",
    "ports": {"http": 8},
    "weight": 3,
    "locality": "a/b/c",
    "labels": {"v": "1"},
    "network": "n",
}
NAMED = {"address": "x.y.com", "ports": {"http": 8}, "weight": 3}
EGRESS = [{"hosts": ["*/*"], "port": HTTP, "bind": "1.2.3.4"}, {"hosts": ["*/*"]}]
INGRESS = {"port": HTTP, "defaultEndpoint": "127.0.0.1:80", "connectionPool": POOL}
LOGGING = {"providers": [{"name": "envoy"}], "filter": {"expression": "response.code >= 400"}}
DOCUMENTS = (
    document(NETWORKING, "VirtualService", "a", RULES),
    document(NETWORKING, "VirtualService", "s", STREAMS),
    document(NETWORKING, "DestinationRule", "a", {"host": WEB, "trafficPolicy": POLICY, "subsets": [SUBSET]}),
    document(NETWORKING, "DestinationRule", "b", {"host": "x.com", "trafficPolicy": {**BY_PORT, "loadBalancer": WARM}}),
    document(NETWORKING, "DestinationRule", "c", {"host": "s.com", "trafficPolicy": {"loadBalancer": TABLE}}),
    document(
        NETWORKING,
        "ServiceEntry",
        "x",
        {"hosts": ["x.com"], "ports": [HTTP], "resolution": "DNS", "endpoints": [NAMED, {**NAMED, "address": "z.com"}]},
    ),
    document(
        NETWORKING,
        "ServiceEntry",
        "s",
        {
            "hosts": ["s.com"],
            "addresses": ["1.2.3.4"],
            "ports": [{**HTTP, "targetPort": 81}, {"number": 9000, "name": "tcp", "protocol": "TCP"}],
            "resolution": "STATIC",
            "endpoints": [MEMBER, {**MEMBER, "address": "9.9.9.8"}],
        },
    ),
    document(NETWORKING, "WorkloadEntry", "w", MEMBER),
    document(
        NETWORKING,
        "Sidecar",
        "a",
        {
            "workloadSelector": {"labels": CLIENT},
            "egress": EGRESS,
            "ingress": [INGRESS, {**INGRESS, "port": {**HTTP, "number": 81}}],
            "inboundConnectionPool": POOL,
        },
    ),
    document("security.istio.io/v1", "PeerAuthentication", "p", {"selector": {"matchLabels": CLIENT}}),
    document("telemetry.istio.io/v1", "Telemetry", "z", {"accessLogging": [LOGGING]}),
    service("z", "10.0.0.5"),
    slice_of("z"),
    document("v1", "Pod", "client-1", {"containers": [{"name": "c", "ports": [{"name": "http", "containerPort": 1}]}]}),
)
ODD = [
    *(0, -1, 1, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63, -(2**31), 1e308, float("nan"), float("-inf")),
    *("99999999999h", "-1s", "1ns", "315576000001s", "9000000000s", "0s", "", "\ud800", "a\x00b", "é", "(" * 5000),
    *("*", "*.*", "1.2.3.4/99", "::1", "unix:///s", "a:b", ":", True, None, [], {}),
]
BYSTANDER = service("bystander", "10.0.0.9")
SETTINGS = mesh_settings({})[0]
PROXY = read_proxy(
    "sidecar~10.1.0.7~client-1.shop~shop.svc.cluster.local",
    {"NAMESPACE": "shop", "LABELS": CLIENT, "INSTANCE_IPS": "10.1.0.7"},
)
assert PROXY is not None


def paths(value: Any, before: Path = ()) -> Iterator[Path]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*before, key)
        yield from paths(inner, (*before, key))


PLACES = [
    (index, path)
    for index, each in enumerate(DOCUMENTS)
    for path in paths(each)
    if path[0] not in {"apiVersion", "kind"} and path[:2] not in {("metadata",), ("metadata", "name")}
]


def with_odd(changes: list[tuple[tuple[int, Path], Any]]) -> list[Document]:
    """Give the documents with odd values at some places, where these places are still there."""
    found = [json.loads(json.dumps(each)) for each in DOCUMENTS]  # what documents share they would change together
    for (index, path), value in changes:
        inside: Any = found[index]
        for step in path[:-1]:
            inside = inside[step] if has(inside, step) else None
        if isinstance(inside, dict) or has(inside, path[-1]):
            inside[path[-1]] = copy.deepcopy(value)
    return found


def has(inside: Any, step: str | int) -> bool:
    if isinstance(inside, dict):
        return step in inside
    return isinstance(inside, list) and isinstance(step, int) and step < len(inside)


def admitted(document: Document, *, judged: bool) -> Resource | None:
    """Read a document as a mesh does that watches a cluster, or that judges files itself."""
    resource, _ = decode(document)
    return None if resource is None or (judged and has_errors(validate(resource))) else resource


def tell(documents: list[Document], *, judged: bool) -> None:
    taken = [found for each in documents if (found := admitted(each, judged=judged)) is not None]
    bystander, _ = decode(BYSTANDER)
    assert bystander is not None
    teller = Teller()
    world, _ = teller.build(Catalog().with_changes([bystander, *taken]), SETTINGS)
    view = teller.view(world, PROXY)
    assert inconsistencies(view) == ()
    clusters = view.resources(CLUSTER)
    assert clusters is not None
    assert "outbound|80||bystander.shop.svc.cluster.local" in clusters.names()


def test_the_documents_are_good_as_they_are() -> None:
    assert [each["kind"] for each in DOCUMENTS if admitted(each, judged=True) is None] == []


@settings(max_examples=120, deadline=None)
@given(changes=st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(ODD)), max_size=4), judged=st.booleans())
@example(
    changes=[
        ((8, ("spec", "inboundConnectionPool", "tcp")), []),
        ((8, ("spec", "inboundConnectionPool", "tcp", "maxConnections")), 0),
    ],
    judged=False,
)
@example(changes=[((6, ("spec", "endpoints", each, "weight")), 2**32 - 1) for each in (0, 1)], judged=False)
def test_no_odd_value_makes_a_mesh_fail(changes: list[tuple[tuple[int, Path], Any]], judged: bool) -> None:
    tell(with_odd(changes), judged=judged)
