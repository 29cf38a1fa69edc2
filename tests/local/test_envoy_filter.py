"""An EnvoyFilter that is applied to a running mesh changes real answers, of the workloads that it selects alone."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.load import deployment, joined, namespace, service
from local.meshes import RunningMesh, pillion, running_mesh, until

pytestmark = [pytest.mark.root, pytest.mark.envoy]

CALLER = "shop/caller"
ASK = """
import json, sys, urllib.request
answers = {}
for host in sys.argv[1:]:
    with urllib.request.urlopen(f"http://{host}:8080/", timeout=10) as answer:
        answers[host] = answer.headers.get("x-patched", "")
print(json.dumps(answers))
"""
LUA = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: header, namespace: shop}
spec:
  workloadSelector: {labels: {app: one}}
  configPatches:
  - applyTo: HTTP_FILTER
    match:
      context: SIDECAR_INBOUND
      listener:
        filterChain:
          filter:
            name: envoy.filters.network.http_connection_manager
            subFilter: {name: envoy.filters.http.router}
    patch:
      operation: INSERT_BEFORE
      value:
        name: acme.header
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.http.lua.v3.Lua
          default_source_code:
            inline_string: |
              function envoy_on_response(handle) handle:headers():add("x-patched", "by-lua") end
"""
ROUTE = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: route, namespace: shop}
spec:
  workloadSelector: {labels: {app: caller}}
  configPatches:
  - applyTo: HTTP_ROUTE
    match:
      context: SIDECAR_OUTBOUND
      routeConfiguration: {vhost: {name: two.shop.svc.cluster.local:8080}}
    patch:
      operation: MERGE
      value:
        response_headers_to_add: [{header: {key: x-patched, value: by-route}}]
"""
LOST = """
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: lost, namespace: shop}
spec:
  configPatches:
  - applyTo: CLUSTER
    match:
      context: SIDECAR_OUTBOUND
      cluster: {service: two.shop.svc.cluster.local}
    patch: {operation: REMOVE}
  - applyTo: CLUSTER
    match: {context: SIDECAR_OUTBOUND}
    patch: {operation: MERGE, value: {connect_timeout: [no, duration]}}
"""

POLICY = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: shut, namespace: shop}
spec: {selector: {matchLabels: {app: one}}}
"""


@pytest.fixture(scope="module")
def mesh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningMesh]:
    folder = tmp_path_factory.mktemp("patches")
    (folder / "world.yaml").write_text(
        joined(
            namespace("shop"),
            *(each for name in ("one", "two") for each in (service("shop", name), deployment("shop", name))),
            deployment("shop", "caller"),
        )
    )
    with running_mesh("test-patches", folder) as running:
        yield running


def headers(mesh: RunningMesh, *hosts: str) -> dict[str, str]:
    """Ask from the caller; give what header each answer has."""
    key = mesh.mesh.pods.find(CALLER)
    assert key is not None
    done = mesh.do(mesh.mesh.kubelet.exec_captured(key, "", [sys.executable, "-c", ASK, *hosts], b""))
    return json.loads(done.stdout)


def test_a_filter_is_inserted_where_the_labels_select(mesh: RunningMesh) -> None:
    until(lambda: headers(mesh, "one", "two") == {"one": "", "two": ""})
    mesh.apply(LUA)
    try:
        # a connection that is kept to the listener of before ends when that listener has drained
        until(lambda: headers(mesh, "one", "two") == {"one": "by-lua", "two": ""})
    finally:
        mesh.delete(LUA)
    until(lambda: headers(mesh, "one", "two") == {"one": "", "two": ""})


def test_a_callers_routes_are_patched(mesh: RunningMesh) -> None:
    mesh.apply(ROUTE)
    try:
        answers = headers(mesh, "one", "two")
        # not that it is empty: a kept connection may still meet a draining listener that another test had patched
        assert answers["one"] != "by-route"
        assert answers["two"] == "by-route"
    finally:
        mesh.delete(ROUTE)


def test_what_is_wrong_with_a_patch_is_told_and_the_rest_goes_on(mesh: RunningMesh) -> None:
    mesh.apply(LOST)
    try:
        seen = {each.target: each.status for each in mesh.ask(CALLER, "one.shop:8080", "two.shop:8080")}
        assert seen == {"one.shop:8080": 200, "two.shop:8080": 503}
        told = [str(each) for each in mesh.mesh.world_diagnostics if each.code == "bad-patch"]
        assert len(told) == 1
        assert "applied.yaml: EnvoyFilter shop/lost: spec.configPatches[1].patch.value" in told[0]
        assert all(not push.refused for push in mesh.mesh.plane.pushes)
        assert all(not client.refusals for client in mesh.mesh.plane.clients)
    finally:
        mesh.delete(LOST)
    assert mesh.ask(CALLER, "two.shop:8080")[0].status == 200


def test_a_policy_that_is_not_evaluated_is_an_error_on_every_surface(mesh: RunningMesh, tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(POLICY)
    applied = pillion("apply", "-f", str(file), mesh="test-patches")
    try:
        assert "AuthorizationPolicy shop/shut: spec: error: it selects shop/one" in applied.stderr
        assert applied.returncode == 1
        shown = pillion("get", "authorizationpolicies", mesh="test-patches")
        assert "[policy-not-evaluated]" in shown.stderr
        assert "shut" in shown.stdout
        told = mesh.look(lambda it: [it.plane.teller.told(it.plane.world, each.proxy) for each in it.plane.clients])
        assert sum(any(one.code == "policy-not-evaluated" for one in each.diagnostics) for each in told) == 1
    finally:
        mesh.delete(POLICY)
    assert mesh.mesh.world_diagnostics == ()
