"""All patches on all resources: contexts, additions, and a set that is complete afterwards."""

from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.listener.v3 import listener_pb2
from envoy.config.route.v3 import route_pb2
from google.protobuf.json_format import ParseDict
from google.protobuf.message import Message

from pillion.envoy.patch.apply import Patched, apply_patches
from pillion.envoy.patch.filters import HTTP_CONNECTION_MANAGER
from pillion.envoy.patch.references import references
from pillion.envoy.rendered import CLUSTER, EXTENSION, LISTENER, ROUTES, Rendered, TypeUrl
from pillion.ir.memo import Memo
from pillion.ir.model.proxy import EnvoyPatch
from pillion.value import FrozenMap
from support.patches import lua, written

MANAGER = "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"


def rendered(type_url: TypeUrl, message: Message, document: dict[str, Any]) -> Rendered:
    made = ParseDict(document, message)
    body = made.SerializeToString(deterministic=True)
    return Rendered(type_url=type_url, name=document["name"], body=body, needs=tuple(sorted(references(made))))


def cluster(name: str) -> Rendered:
    return rendered(CLUSTER, cluster_pb2.Cluster(), {"name": name, "type": "STATIC"})


def manager(table: str, *filters: dict[str, Any]) -> dict[str, Any]:
    config = {"@type": MANAGER, "rds": {"route_config_name": table}, "http_filters": [*filters, lua("router")]}
    return {"filters": [{"name": HTTP_CONNECTION_MANAGER, "typed_config": config}]}


def listener(name: str, table: str) -> Rendered:
    return rendered(LISTENER, listener_pb2.Listener(), {"name": name, "filter_chains": [manager(table)]})


def routes(name: str, target: str) -> Rendered:
    host = {"name": "h", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": target}}]}
    return rendered(ROUTES, route_pb2.RouteConfiguration(), {"name": name, "virtual_hosts": [host]})


A, B, IN = cluster("outbound|80||a"), cluster("outbound|80||b"), cluster("inbound|80||")
OUT = (A, B, listener("0.0.0.0_80", "80"), routes("80", A.name))


def applied(*patches: EnvoyPatch) -> Patched:
    return apply_patches(OUT, (IN,), FrozenMap({IN.name: ("a",)}), patches, Memo())


def names(found: Patched, type_url: str) -> list[str]:
    return [each.name for each in found.resources if each.type_url == type_url]


def unmet(found: Patched) -> set[str]:
    present = {(each.type_url, each.name) for each in found.resources}
    return {need.name for each in found.resources for need in each.needs if (need.type_url, need.name) not in present}


def codes(found: Patched) -> list[str]:
    return [each.code for each in found.diagnostics]


def test_what_no_patch_is_about_is_the_very_same() -> None:
    found = applied(written("CLUSTER", "MERGE", {"alt_stat_name": "x"}, cluster={"name": A.name}))
    assert [each.name for each in found.resources] == [each.name for each in (*OUT, IN)]
    changed = [new for new, old in zip(found.resources, (*OUT, IN), strict=True) if new is not old]
    assert [each.name for each in changed] == [A.name]
    assert found.diagnostics == ()


def test_a_context_is_one_half() -> None:
    change = {"alt_stat_name": "x"}
    for context, wanted in (
        ("SIDECAR_INBOUND", {IN.name}),
        ("SIDECAR_OUTBOUND", {A.name, B.name}),
        ("ANY", {A.name, B.name, IN.name}),
    ):
        found = applied(written("CLUSTER", "MERGE", change, context=context))
        same = {*OUT, IN}
        assert {each.name for each in found.resources if each not in same} == wanted


def test_an_inbound_cluster_is_found_by_its_services() -> None:
    found = applied(written("CLUSTER", "REMOVE", cluster={"service": "a"}, context="SIDECAR_INBOUND"))
    assert names(found, CLUSTER) == [A.name, B.name]


def test_an_addition_for_any_context_happens_once() -> None:
    for context in ("ANY", "SIDECAR_INBOUND", "SIDECAR_OUTBOUND"):
        found = applied(written("CLUSTER", "ADD", {"name": "new"}, context=context))
        assert names(found, CLUSTER).count("new") == 1
        assert not found.diagnostics


def test_a_name_that_is_taken_is_told() -> None:
    found = applied(written("CLUSTER", "ADD", {"name": A.name, "alt_stat_name": "mine"}))
    assert found.resources == (*OUT, IN)
    assert codes(found) == ["patch-name-taken"]


def test_a_removed_cluster_may_be_made_anew() -> None:
    remove = written("CLUSTER", "REMOVE", cluster={"name": A.name})
    found = applied(remove, written("CLUSTER", "ADD", {"name": A.name, "alt_stat_name": "mine"}))
    assert sorted(names(found, CLUSTER)) == sorted([A.name, B.name, IN.name])
    assert codes(found) == []
    assert unmet(found) == set()


def test_routes_to_a_removed_cluster_stay_and_are_told() -> None:
    found = applied(written("CLUSTER", "REMOVE", cluster={"name": A.name}, index=4))
    assert names(found, ROUTES) == ["80"]
    assert unmet(found) == set()
    assert codes(found) == ["patch-reference"]
    assert found.diagnostics[0].where.field == "spec.configPatches[4]"
    assert A.name in found.diagnostics[0].message


def test_a_route_to_a_cluster_that_nobody_has_is_told() -> None:
    value = {"name": "x", "match": {"prefix": "/x"}, "route": {"cluster": "nobody"}}
    found = applied(written("HTTP_ROUTE", "INSERT_FIRST", value))
    assert unmet(found) == set()
    assert codes(found) == ["patch-reference"]
    with_it = applied(written("HTTP_ROUTE", "INSERT_FIRST", value), written("CLUSTER", "ADD", {"name": "nobody"}))
    assert codes(with_it) == []
    table = next(each for each in with_it.resources if each.type_url == ROUTES)
    assert "nobody" in {need.name for need in table.needs}


def test_what_was_incomplete_before_stays_so() -> None:
    broken = (*OUT, routes("81", "lost"))
    patch = written("CLUSTER", "MERGE", {"alt_stat_name": "x"})
    assert unmet(apply_patches(broken, (), FrozenMap(), (patch,), Memo())) == {"lost"}


def test_a_listener_that_would_wait_for_ever_stays_as_it_was() -> None:
    value = {"typed_config": {"@type": MANAGER, "rds": {"route_config_name": "nobody"}}}
    found = applied(written("NETWORK_FILTER", "MERGE", value))
    assert found.resources == (*OUT, IN)
    assert codes(found) == ["patch-waits"]
    added = applied(written("LISTENER", "ADD", {"name": "mine", "filter_chains": [manager("nobody")]}))
    assert names(added, LISTENER) == ["0.0.0.0_80"]
    assert codes(added) == ["patch-waits"]


def test_a_configuration_that_is_discovered_is_served_to_those_who_name_it() -> None:
    discovery = {"config_source": {"ads": {}}, "type_urls": [lua("x")["typed_config"]["@type"]]}
    ask = written("HTTP_FILTER", "INSERT_FIRST", {"name": "acme", "config_discovery": discovery})
    offer = written("EXTENSION_CONFIG", "ADD", lua("acme"), context="GATEWAY")
    found = applied(ask, offer)
    assert names(found, EXTENSION) == ["acme"]
    assert unmet(found) == set()
    assert not found.diagnostics
    assert names(applied(offer), EXTENSION) == []
    alone = applied(ask)
    assert codes(alone) == ["patch-reference"]
    assert unmet(alone) == set()


def test_a_bad_patch_is_told_and_the_others_apply() -> None:
    bad = written("CLUSTER", "MERGE", {"connect_timeout": ["no"]})
    found = applied(bad, written("CLUSTER", "REMOVE", cluster={"name": B.name}, index=1))
    assert names(found, CLUSTER) == [A.name, IN.name]
    assert codes(found) == ["bad-patch"]


def test_equal_patches_are_applied_once() -> None:
    memo = Memo()
    patch = (written("CLUSTER", "MERGE", {"alt_stat_name": "x"}),)
    first = apply_patches(OUT, (IN,), FrozenMap(), patch, memo)
    misses = memo.misses
    second = apply_patches((*OUT, cluster("outbound|80||c")), (IN,), FrozenMap(), patch, memo)
    assert memo.misses == misses + 1
    assert first.resources[0] is second.resources[0]
