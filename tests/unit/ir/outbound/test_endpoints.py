from typing import Any

import pytest

from pillion.ir.model.assignment import Assignment
from pillion.ir.model.backend import Backend, MemberTerms
from pillion.ir.model.balancing import Balancing, Distribution, Failover, LocalityPolicy
from pillion.ir.model.key import BackendKey
from pillion.ir.outbound.endpoints import ClientView, PeerRules, assign
from pillion.mesh.endpoint import Endpoint, Locality
from pillion.resources.istio.security import PeerAuthentication
from pillion.value import FrozenMap
from support.scopes import member, resource

KEY = BackendKey(port=80, host="web")
HERE, NEAR, FAR = Locality(region="a", zone="1"), Locality(region="a", zone="2"), Locality(region="b", zone="1")
SPREAD = tuple(member(f"10.0.0.{i}", 80, "http", locality=place) for i, place in enumerate((HERE, NEAR, FAR)))


def _assign(*endpoints: Endpoint, view: ClientView | None = None, rules: PeerRules | None = None,
            locality: LocalityPolicy | None = None, **terms: Any) -> Assignment:  # fmt: skip
    backend = Backend(
        key=KEY,
        balancing=Balancing(locality=locality),
        terms=MemberTerms(host="web", namespace="shop", port_name="http", **terms),
    )
    return assign(backend, endpoints, view or ClientView(), rules or PeerRules())


def _addresses(found: Assignment) -> list[list[str]]:
    return [[each.address for each in group.members] for group in found.groups]


def _priorities(found: Assignment) -> dict[str, int]:
    return {group.place.region + group.place.zone: group.priority for group in found.groups if group.place}


def test_nobody_is_an_answer() -> None:
    assert _assign() == Assignment(backend=KEY)


@pytest.mark.parametrize(
    ("endpoint", "terms", "counts"),
    [
        (member("10.0.0.1", 80, "http"), {}, True),
        (member("10.0.0.1", 80, "grpc"), {}, False),
        (member("10.0.0.1", 80, "http"), {"labels": FrozenMap({"version": "v1"})}, False),
        (member("10.0.0.1", 80, "http", health="unhealthy"), {}, True),
        (member("10.0.0.1", 80, "http", health="unhealthy"), {"unhealthy": False}, False),
        (member("10.0.0.1", 80, "http", health="terminating"), {}, False),
        (member("a.example", 80, "http"), {}, False),
        (member("unix:///s", 0, "http"), {}, True),
        (member("10.0.0.1", 80, "http", node="n1"), {"node_local": True}, False),
    ],
)
def test_who_counts(endpoint: Endpoint, terms: dict[str, Any], counts: bool) -> None:
    assert bool(_assign(endpoint, **terms).groups) == counts


def test_members_of_another_cluster() -> None:
    own, other = member("10.0.0.1", 80, "http"), member("10.0.0.2", 80, "http", cluster="other")
    assert _addresses(_assign(own, other, cluster_local=True, view=ClientView(cluster="Kubernetes"))) == [["10.0.0.1"]]
    assert _addresses(_assign(own, other, cluster_local=True, view=ClientView(cluster="other"))) == [["10.0.0.2"]]
    assert len(_addresses(_assign(own, other, view=ClientView(cluster="other")))[0]) == 2


def test_members_stand_together_by_place_with_their_weights() -> None:
    found = _assign(*SPREAD, member("10.0.0.9", 80, "http", locality=HERE, weight=3))
    assert _addresses(found) == [["10.0.0.0", "10.0.0.9"], ["10.0.0.1"], ["10.0.0.2"]]
    assert found.groups[0].weight == 4


def test_mutual_tls_is_what_the_member_takes_and_the_rule_allows() -> None:
    takes = member("10.0.0.1", 80, "http", mtls=True, workload="shop/web-0")
    assert _assign(takes).groups[0].members[0].mtls
    assert not _assign(takes, mtls=False).groups[0].members[0].mtls
    assert not _assign(member("10.0.0.1", 80, "http"), mtls=True).groups[0].members[0].mtls
    off = resource("PeerAuthentication", {"mtls": {"mode": "DISABLE"}})
    assert isinstance(off, PeerAuthentication)
    assert not _assign(takes, rules=PeerRules(policies=(off,))).groups[0].members[0].mtls
    elsewhere = resource("PeerAuthentication", {"mtls": {"mode": "DISABLE"}}, namespace="other")
    assert isinstance(elsewhere, PeerAuthentication)
    assert _assign(takes, rules=PeerRules(policies=(elsewhere,))).groups[0].members[0].mtls


def test_failover_by_distance() -> None:
    policy = LocalityPolicy(failover_enabled=True)
    assert _priorities(_assign(*SPREAD, view=ClientView(locality=HERE), locality=policy)) == {"a1": 0, "a2": 1, "b1": 2}
    off = LocalityPolicy()
    assert set(_priorities(_assign(*SPREAD, view=ClientView(locality=HERE), locality=off)).values()) == {0}


def test_a_region_that_the_rule_does_not_name_comes_last() -> None:
    policy = LocalityPolicy(failover_enabled=True, failover=(Failover(origin="a", target="c"),))
    third = member("10.0.0.5", 80, "http", locality=Locality(region="c"))
    found = _priorities(_assign(*SPREAD, third, view=ClientView(locality=HERE), locality=policy))
    assert found["c"] < found["b1"]


def test_distribution_weighs_places_and_leaves_the_others_out() -> None:
    policy = LocalityPolicy(distribute=(Distribution(origin="a/1", target=FrozenMap({"a/1": 80, "a/2": 20})),))
    found = _assign(*SPREAD, view=ClientView(locality=HERE), locality=policy)
    assert [group.weight for group in found.groups][:2] == [80, 20]
    assert _addresses(found)[2] == []
    elsewhere = _assign(*SPREAD, view=ClientView(locality=FAR), locality=policy)
    assert [group.weight for group in elsewhere.groups] == [1, 1, 1]


def test_failover_by_labels() -> None:
    policy = LocalityPolicy(failover_enabled=True, failover_priority=("version", "tier=gold"))
    endpoints = [
        member("10.0.0.1", 80, "http", labels=FrozenMap({"version": "v1", "tier": "gold"})),
        member("10.0.0.2", 80, "http", labels=FrozenMap({"version": "v1"})),
        member("10.0.0.3", 80, "http", labels=FrozenMap({"version": "v2"})),
    ]
    view = ClientView(labels=FrozenMap({"version": "v1"}))
    found = _assign(*endpoints, view=view, locality=policy)
    assert [(group.priority, group.members[0].address) for group in found.groups] == [
        (0, "10.0.0.1"), (1, "10.0.0.2"), (2, "10.0.0.3"),
    ]  # fmt: skip


def test_zone_awareness_knows_regions_only() -> None:
    policy = LocalityPolicy(failover_enabled=True, zone_aware=True, failover=(Failover(origin="a", target="b"),))
    assert _priorities(_assign(*SPREAD, view=ClientView(locality=HERE), locality=policy)) == {"a1": 0, "a2": 0, "b1": 1}


def test_members_that_are_configuration_stay_as_they_are() -> None:
    assert assign(Backend(key=KEY, discovery="static"), SPREAD) == Assignment(backend=KEY)


def test_places_that_are_spelled_differently_are_two_groups() -> None:
    pod = member("10.0.0.1", 80, "http", locality=HERE, place="a/1/")
    entry = member("10.0.0.2", 80, "http", locality=HERE)
    found = _assign(pod, entry)
    assert [group.place for group in found.groups] == [found.groups[0].place] * 2
    assert sorted(_addresses(found)) == [["10.0.0.1"], ["10.0.0.2"]]
