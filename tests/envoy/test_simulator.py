"""The simulator against the real Envoy: the same calls through the same configurations end in the same places."""

import json
from pathlib import Path

import pytest
import yaml

from pillion.analysis.call import Call, Result
from pillion.analysis.simulate import simulate
from pillion.envoy.text import to_json
from pillion.envoy.view.read import read_configuration
from support.proxies import sidecar, told
from support.random_mesh import CLIENT, World
from support.replay import Seen, replaying

ENVOY = Path(pytest.__file__).parents[1] / "envoy" / "_bin" / "envoy"
CALLS = 40


@pytest.mark.envoy
@pytest.mark.parametrize("seed", range(20))
def test_a_call_ends_where_envoy_sends_it(seed: int, tmp_path: Path) -> None:
    world = World(seed)
    rendered = told(yaml.safe_dump_all(world.documents), sidecar(*CLIENT), world.mesh)[1]
    config = read_configuration(to_json(rendered))
    wrong: list[tuple[Call, Result, Seen]] = []
    with replaying(rendered, ENVOY, tmp_path) as envoy:
        for call in world.calls(CALLS):
            result, seen = simulate(config, call), envoy.call(call)
            if not _agree(result, seen):
                wrong.append((call, result, seen))
    assert wrong == [], json.dumps(world.documents)


FAULTY = """
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {clusterIP: 10.96.0.1, selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: web, namespace: shop}
spec:
  hosts: [web]
  http:
  - match: [{uri: {prefix: /all}}]
    name: all
    fault: {abort: {httpStatus: 418, percentage: {value: 100}}}
    route: [{destination: {host: web}}]
  - match: [{uri: {prefix: /none}}]
    name: none
    fault: {abort: {httpStatus: 418, percentage: {value: 0}}}
    route: [{destination: {host: web}}]
"""


@pytest.mark.envoy
def test_an_abort_is_what_envoy_answers(tmp_path: Path) -> None:
    rendered = told(FAULTY, sidecar("client", "shop", "10.1.0.9"))[1]
    config = read_configuration(to_json(rendered))
    with replaying(rendered, ENVOY, tmp_path) as envoy:
        for path, abort in (("/all/x", "status 418"), ("/none", "")):
            call = Call(address="10.96.0.1", port=80, host="web", path=path)
            result, seen = simulate(config, call), envoy.call(call)
            assert (result.abort, result.route) == (abort, seen["route"])
            assert (seen["status"] == "418") is bool(abort)
            assert ("FI" in seen["flags"]) is bool(abort)


@pytest.mark.envoy
def test_a_dump_of_envoy_reads_as_what_it_was_started_with(tmp_path: Path) -> None:
    world = World(3)
    rendered = told(yaml.safe_dump_all(world.documents), sidecar(*CLIENT), world.mesh)[1]
    with replaying(rendered, ENVOY, tmp_path) as envoy:
        started, dumped = read_configuration(envoy.bootstrap), read_configuration(envoy.dump())
    assert len(started.listeners) > 5
    assert {each.name: each for each in dumped.listeners} == {each.name: each for each in started.listeners}
    assert dumped.clusters == started.clusters


def _agree(result: Result, seen: Seen) -> bool:
    if (seen.get("listener", ""), seen.get("chain", "")) != (result.listener, result.filter_chain):
        return False
    if result.tls is not None:
        return True  # the replayed Envoy has no certificates
    match result.error:
        case None:
            return _ends_alike(result, seen)
        case "no filter chains matched":
            return "tcp_cluster" not in seen and "status" not in seen
        case "no virtual host matched" | "no route matched":
            return seen["status"] == "404" and seen["flags"] == "NR" and "cluster" not in seen
        case "protocol error":
            return "route" not in seen and "tcp_cluster" not in seen and seen.get("flags", "DPE") == "DPE"
        case _:
            return False


def _ends_alike(result: Result, seen: Seen) -> bool:
    if (seen.get("route_config", ""), seen.get("route", "")) != (result.route_config, result.route):
        return False
    if result.redirect:
        return f"{seen['status']} {seen.get('location', '')}".strip() in {result.redirect, result.redirect.split()[0]}
    if result.direct_response:
        return seen["status"] == str(result.direct_response)
    got = seen.get("cluster", seen.get("tcp_cluster", ""))
    if got == "":
        return bool(result.missing_clusters) and (seen.get("status") == "503" or "NC" in seen["connection_flags"])
    return got == result.cluster or result.weighted.get(got, 0) > 0
