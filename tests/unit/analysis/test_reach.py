from typing import Any

import pytest

from pillion.analysis.reach import Asked, Reached, find_workloads, reach
from pillion.mesh.catalog import Catalog
from pillion.mesh.snapshot import World
from pillion.proxy.settings import mesh_settings
from pillion.proxy.telling import Teller
from pillion.resources.decode import decode
from pillion.resources.documents import read
from pillion.value import FrozenMap

WORLD = """
apiVersion: v1
kind: Pod
metadata: {name: client-1, namespace: shop, labels: {app: client}}
spec: {containers: [{name: app}]}
status: {podIP: 10.244.0.1, phase: Running}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  clusterIP: 10.96.0.1
  ports:
  - {name: http, port: 80}
  - {name: grpc, port: 81}
  - {name: tcp, port: 82}
  - {name: tls, port: 443}
  - {name: x, port: 84}
---
apiVersion: v1
kind: Service
metadata: {name: far, namespace: ops}
spec: {clusterIP: 10.96.0.2, ports: [{name: http, port: 80}, {name: tcp, port: 82}]}
---
apiVersion: networking.istio.io/v1
kind: Sidecar
metadata: {name: default, namespace: shop}
spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}, egress: [{hosts: ["./*"]}]}
"""


def _world() -> World:
    resources = [found for each in read(WORLD).documents if (found := decode(each.content)[0]) is not None]
    return Teller().build(Catalog().with_changes(resources), mesh_settings({})[0])[0]


def _reached(host: str, port: int, **more: Any) -> Reached:
    world = _world()
    caller = find_workloads(world.snapshot, "shop", "client")[0]
    captured = more.pop("captured", True)
    found = reach(world, caller, Asked(host=host, port=port, **more), captured=captured)
    assert found is not None
    return found


def test_a_call_within_the_scope_arrives() -> None:
    found = _reached("web", 80)
    assert found.arrives
    assert found.result.cluster == "outbound|80||web.shop.svc.cluster.local"
    assert (found.call.host, found.call.address, found.call.source) == ("web", "10.96.0.1", "10.244.0.1")


@pytest.mark.parametrize(("port", "result"), [(80, "block_all"), (82, "")])
def test_a_call_out_of_the_scope_does_not(port: int, result: str) -> None:
    found = _reached("far.ops", port)
    assert not found.arrives
    assert found.result.route == result


@pytest.mark.parametrize(
    ("port", "protocol", "encryption"),
    [
        (80, "http", "plaintext"),
        (81, "http2", "plaintext"),
        (82, "tcp", "plaintext"),
        (443, "tcp", "tls"),
        (84, "http", "plaintext"),
    ],
)
def test_the_port_says_what_is_spoken(port: int, protocol: str, encryption: str) -> None:
    call = _reached("web", port).call
    assert (call.protocol, call.encryption) == (protocol, encryption)
    assert call.sni == ("web" if encryption == "tls" else None)


def test_what_is_asked_counts_more() -> None:
    call = _reached("web", 81, protocol="tcp", encryption="tls", headers=FrozenMap({"host": "other"})).call
    assert (call.protocol, call.encryption, call.host) == ("tcp", "tls", "other")
    assert _reached("web", 81).call.host == "web:81"


def test_tls_is_spoken_to_port_443_of_strangers() -> None:
    assert _reached("www.example.org", 443).call.encryption == "tls"


def test_a_pod_without_a_sidecar_is_not_held() -> None:
    found = _reached("far.ops", 80, captured=False)
    assert found.arrives
    assert found.result.listener == ""
    assert "no sidecar" in found.result.notes[0]


def test_a_name_of_nobody() -> None:
    world = _world()
    caller = find_workloads(world.snapshot, "shop", "client-1")[0]
    assert reach(world, caller, Asked(host="nobody", port=80)) is None


def test_pods_are_found_by_what_stamped_them_out() -> None:
    snapshot = _world().snapshot
    assert [each.name for each in find_workloads(snapshot, "shop", "client")] == ["client-1"]
    assert find_workloads(snapshot, "shop", "cli") == ()
    assert find_workloads(snapshot, "none", "client") == ()


def test_a_port_that_the_service_does_not_have_is_noted() -> None:
    (note,) = _reached("far.ops", 83).result.notes
    assert note == "far.ops.svc.cluster.local has no port 83, it has 80, 82: behind its address nobody answers there"
    assert not any("has no port" in note for note in _reached("far.ops", 82).result.notes)
    assert not any("has no port" in note for note in _reached("stranger.example", 83).result.notes)


def test_that_nobody_stands_behind_a_cluster_is_noted() -> None:
    assert _reached("web", 80).result.notes == (
        "outbound|80||web.shop.svc.cluster.local has no endpoints: Envoy answers 503 until it has one",
    )
    slices = """
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: shop, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
endpoints: [{addresses: [10.244.0.2], conditions: {ready: true}}]
ports: [{name: http, port: 8080}]
"""
    resources = [found for each in read(f"{WORLD}---{slices}").documents if (found := decode(each.content)[0])]
    world = Teller().build(Catalog().with_changes(resources), mesh_settings({})[0])[0]
    caller = find_workloads(world.snapshot, "shop", "client")[0]
    for port, notes in ((80, 0), (81, 1)):
        found = reach(world, caller, Asked(host="web", port=port))
        assert found is not None
        assert found.arrives
        assert len(found.result.notes) == notes


@pytest.mark.parametrize(
    ("host", "port", "authority"),
    [("web", 80, "web"), ("web", 84, "web:84"), ("10.96.0.1", 84, "10.96.0.1:84"), ("fd00::1", 84, "[fd00::1]:84")],
)
def test_the_authority_is_what_a_program_would_send(host: str, port: int, authority: str) -> None:
    assert _reached(host, port).call.host == authority
