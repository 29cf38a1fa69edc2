"""A teller that came through any history of changes says, byte for byte, what a fresh one says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pillion.mesh.catalog import Catalog
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.kinds import Resource
from pillion.resources.kubernetes.endpoint_slice import SERVICE_NAME
from pillion.resources.meta import Ref, ref_of
from pillion.xds.cache import inconsistencies
from pillion.xds.resource import View
from pillion.xds.type_urls import PUSH_ORDER

SETTINGS = mesh_settings({})[0]
NAMESPACES = st.sampled_from(["shop", "data", "istio-system"])
NAMES = st.sampled_from(["s0", "s1", "s2"])
HOSTS = st.sampled_from(["s0", "s1.data.svc.cluster.local", "x.com", "*.com", "s2.shop.svc.cluster.local"])
VISIBLE = st.sampled_from([[], ["."], ["*"], ["shop"], ["~"]])
ADDRESSES = st.sampled_from([f"10.1.0.{number}" for number in range(6, 12)])
LABELS = st.sampled_from([{"app": "client"}, {"app": "client", "v": "1"}, {"v": "2"}, {"app": "db", "v": "1"}])
HTTP = {"number": 80, "name": "http", "protocol": "HTTP"}
NETWORKING = "networking.istio.io/v1"


def document(api_version: str, kind: str, name: str, namespace: str, **body: Any) -> Resource:
    second = len(f"{kind}{name}{namespace}") % 3
    metadata = {"name": name, "namespace": namespace, "creationTimestamp": f"2024-01-01T00:00:0{second}Z"}
    metadata |= body.pop("metadata", {})
    resource, found = decode({"apiVersion": api_version, "kind": kind, "metadata": metadata, **body})
    assert resource is not None, found
    return resource


@st.composite
def services(draw: st.DrawFn) -> Resource:
    port = {"name": draw(st.sampled_from(["http", "tcp"])), "port": draw(st.sampled_from([80, 81]))}
    port |= {"targetPort": draw(st.sampled_from([8080, "http"]))}
    spec: dict[str, Any] = {"ports": [port], "clusterIP": draw(st.sampled_from(["None", "10.0.1.1", "10.0.1.2"]))}
    spec |= draw(st.sampled_from([{}, {"selector": {"app": "client"}}, {"selector": {"app": "db"}}]))
    if draw(st.integers(0, 9)) == 0:
        spec = {"type": "ExternalName", "externalName": draw(HOSTS), "ports": [port]}
    return document("v1", "Service", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def slices(draw: st.DrawFn) -> Resource:
    name = draw(NAMES)
    endpoints = [{"addresses": [address]} for address in draw(st.lists(ADDRESSES, max_size=3))]
    ports = [{"name": draw(st.sampled_from(["http", "tcp"])), "port": 8080}]
    labels = {"labels": {SERVICE_NAME: name}}
    body: dict[str, Any] = {"metadata": labels, "addressType": "IPv4", "endpoints": endpoints, "ports": ports}
    return document("discovery.k8s.io/v1", "EndpointSlice", f"{name}-1", draw(NAMESPACES), **body)


@st.composite
def sidecars(draw: st.DrawFn) -> Resource:
    hosts = st.sampled_from(["./*", "*/*", "data/*", "*/s1.data.svc.cluster.local", "~/*"])
    spec: dict[str, Any] = {"egress": [{"hosts": draw(st.lists(hosts, min_size=1, max_size=2))}]}
    if draw(st.booleans()):
        spec["workloadSelector"] = {"labels": draw(LABELS)}
    if draw(st.integers(0, 2)) == 0:
        spec["ingress"] = [{"port": HTTP, "defaultEndpoint": "127.0.0.1:80"}]
    return document(NETWORKING, "Sidecar", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def virtual_services(draw: st.DrawFn) -> Resource:
    route = {"route": [{"destination": {"host": draw(HOSTS).replace("*", "a")}}]}
    matched = {"match": [{"sourceLabels": {"v": draw(st.sampled_from("12"))}}], **route}
    http = [matched, draw(st.sampled_from([route, {"delegate": {"name": "s1"}}, {"delegate": {"name": "s2"}}]))]
    spec: dict[str, Any] = {"hosts": [draw(HOSTS)], "http": http, "exportTo": draw(VISIBLE)}
    if draw(st.integers(0, 3)) == 0:
        spec = {"http": [route]}
    return document(NETWORKING, "VirtualService", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def destination_rules(draw: st.DrawFn) -> Resource:
    locality = {"enabled": True, "failoverPriority": [draw(st.sampled_from(["v", "app"]))]}
    balancer = st.sampled_from([{"localityLbSetting": locality}, {"simple": "PASSTHROUGH"}, {"simple": "RANDOM"}])
    policy: dict[str, Any] = {"loadBalancer": draw(balancer)}
    policy["outlierDetection"] = {"consecutive5xxErrors": draw(st.integers(1, 2))}
    spec: dict[str, Any] = {"host": draw(HOSTS), "exportTo": draw(VISIBLE), "trafficPolicy": policy}
    if draw(st.booleans()):
        spec["subsets"] = [{"name": "one", "labels": {"v": "1"}, "trafficPolicy": policy}]
    if draw(st.integers(0, 3)) == 0:
        spec["workloadSelector"] = {"matchLabels": draw(LABELS)}
    return document(NETWORKING, "DestinationRule", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def service_entries(draw: st.DrawFn) -> Resource:
    spec: dict[str, Any] = {"hosts": [draw(st.sampled_from(["x.com", "*.com"]))], "ports": [HTTP]}
    spec |= {"resolution": draw(st.sampled_from(["STATIC", "DNS"])), "location": "MESH_INTERNAL"}
    if draw(st.booleans()):
        labels = {"v": draw(st.sampled_from("12"))}
        spec["endpoints"] = [{"address": each, "labels": labels} for each in draw(st.lists(ADDRESSES, max_size=2))]
    else:
        spec["workloadSelector"] = {"labels": draw(LABELS)}
    return document(NETWORKING, "ServiceEntry", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def workload_entries(draw: st.DrawFn) -> Resource:
    spec = {"address": draw(ADDRESSES), "labels": draw(LABELS)}
    return document(NETWORKING, "WorkloadEntry", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def pods(draw: st.DrawFn) -> Resource:
    ports = [{"name": "http", "containerPort": draw(st.integers(1, 2))}]
    ready = {"type": "Ready", "status": draw(st.sampled_from(["True", "False"]))}
    status = {"podIP": draw(ADDRESSES), "conditions": [ready]}
    spec = {"containers": [{"name": "c", "ports": ports}]}
    name, labels = draw(st.sampled_from(["c1", "c2"])), {"labels": draw(LABELS)}
    return document("v1", "Pod", name, draw(NAMESPACES), metadata=labels, spec=spec, status=status)


@st.composite
def policies(draw: st.DrawFn) -> Resource:
    selector = draw(st.sampled_from([{}, {"selector": {"matchLabels": {"app": "client"}}}]))
    if draw(st.booleans()):
        spec = {"mtls": {"mode": draw(st.sampled_from(["STRICT", "DISABLE", "PERMISSIVE"]))}, **selector}
        return document("security.istio.io/v1", "PeerAuthentication", draw(NAMES), draw(NAMESPACES), spec=spec)
    spec = {"accessLogging": [{"disabled": draw(st.booleans())}], **selector}
    return document("telemetry.istio.io/v1", "Telemetry", draw(NAMES), draw(NAMESPACES), spec=spec)


@st.composite
def patches(draw: st.DrawFn) -> Resource:
    value = {"perConnectionBufferLimitBytes": draw(st.sampled_from([1, 2, "1", "no number"]))}
    patch = {"applyTo": "CLUSTER", "patch": {"operation": "MERGE", "value": value}}
    spec = {"configPatches": [patch]}
    return document("networking.istio.io/v1alpha3", "EnvoyFilter", draw(NAMES), draw(NAMESPACES), spec=spec)


ANYTHING = st.one_of(
    services(),
    slices(),
    slices(),
    sidecars(),
    virtual_services(),
    destination_rules(),
    service_entries(),
    workload_entries(),
    pods(),
    policies(),
    patches(),
)
STEPS = st.lists(
    st.tuples(
        st.lists(ANYTHING, min_size=1, max_size=4), st.integers(0, 40), st.sets(st.integers(0, 3)), st.booleans()
    ),
    min_size=2,
    max_size=9,
)


def proxy(name: str, address: str, namespace: str, version: str) -> Proxy:
    labels = {"app": "client", "v": version}
    metadata = {"NAMESPACE": namespace, "LABELS": labels, "INSTANCE_IPS": address}
    found = read_proxy(f"sidecar~{address}~{name}.{namespace}~{namespace}.svc.cluster.local", metadata)
    assert found is not None
    return found


PROXIES = (
    proxy("c1", "10.1.0.7", "shop", "1"),
    proxy("c2", "10.1.0.8", "shop", "2"),
    proxy("c3", "10.1.0.9", "data", "1"),
    proxy("c4", "10.1.0.10", "data", "1"),
)


def bytes_of(view: View) -> dict[tuple[str, str], bytes]:
    return {(kind, each.name): each.body for kind in PUSH_ORDER for each in view.resources(kind) or ()}


def without_one(catalog: Catalog, number: int) -> list[Ref]:
    """Choose a resource that goes, for small numbers."""
    every = [ref_of(each) for each in catalog.resources()]
    return [every[number]] if number < len(every) else []


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_a_warm_teller_says_what_a_cold_one_says(
    steps: list[tuple[list[Resource], int, set[int], bool]],
) -> None:
    warm, catalog = Teller(), Catalog()
    for changed, gone, asking, swept in steps:
        catalog = catalog.with_changes(changed, without_one(catalog, gone))
        world, _ = warm.build(catalog, SETTINGS)
        cold = Teller()
        fresh, _ = cold.build(Catalog().with_changes(reversed(list(catalog.resources()))), SETTINGS)
        for index in asking:
            view = warm.view(world, PROXIES[index])
            assert bytes_of(view) == bytes_of(cold.view(fresh, PROXIES[index]))
            assert inconsistencies(view) == ()
        if swept:
            warm.sweep()


@settings(max_examples=40, deadline=None)
@given(STEPS)
def test_whom_a_change_is_not_said_to_concern_is_told_what_a_cold_teller_says(
    steps: list[tuple[list[Resource], int, set[int], bool]],
) -> None:
    warm, catalog = Teller(), Catalog()
    held: dict[Proxy, View] = {}
    for changed, gone, coming_or_going, swept in steps:
        catalog = catalog.with_changes(changed, without_one(catalog, gone))
        world, _ = warm.build(catalog, SETTINGS)
        held |= {each: warm.view(world, each) for each in warm.turn_to(world) if each in held}
        for each in (PROXIES[index] for index in coming_or_going):
            if held.pop(each, None) is None:
                held[each] = warm.view(world, each)
            else:
                warm.forget(each)
        if swept:
            warm.sweep()
        cold = Teller()
        fresh, _ = cold.build(catalog, SETTINGS)
        for each, view in held.items():
            assert bytes_of(view) == bytes_of(cold.view(fresh, each))
            assert warm.view(world, each) is view
