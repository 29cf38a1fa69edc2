from typing import Any

import pytest

from pillion.ir.model.balancing import Balancing
from pillion.ir.policy.balancing import SAME_ZONE, balancing, is_passthrough, outlier
from pillion.resources.istio.destination_rule import TrafficPolicy
from support.scopes import CONFIG, rule, service

WEB = service("web", {80: "HTTP"})


def _policy(**policy: Any) -> TrafficPolicy:
    found = rule({"host": "a", "trafficPolicy": policy}).rule.spec.traffic_policy
    assert found is not None
    return found


def _balancing(**policy: Any) -> Balancing:
    found = _policy(**policy)
    return balancing(found.load_balancer, found.outlier_detection, WEB, CONFIG)


@pytest.mark.parametrize(
    ("settings", "algorithm", "size"),
    [
        ({}, "least-request", None),
        ({"simple": "RANDOM"}, "random", None),
        ({"simple": "LEAST_CONN"}, "least-request", None),
        ({"consistentHash": {"useSourceIp": True}}, "ring-hash", 1024),
        ({"consistentHash": {"useSourceIp": True, "ringHash": {"minimumRingSize": 7}}}, "ring-hash", 7),
        ({"consistentHash": {"useSourceIp": True, "maglev": {"tableSize": 11}}}, "maglev", 11),
    ],
)
def test_algorithms(settings: dict[str, Any], algorithm: str, size: int | None) -> None:
    found = _balancing(loadBalancer=settings)
    assert found.algorithm == algorithm
    assert (found.ring_size or found.table_size) == size


def test_warm_up_has_istios_defaults() -> None:
    found = _balancing(loadBalancer={"simple": "ROUND_ROBIN", "warmup": {"duration": "3s"}}).warmup
    assert found is not None
    assert (found.window, found.minimum_percent, found.aggression) == (3 * 10**9, 10.0, 1.0)


def test_failover_needs_outlier_detection() -> None:
    place = {"localityLbSetting": {"failover": [{"from": "a", "to": "b"}]}}
    without = _balancing(loadBalancer=place)
    assert not without.locality_weighted
    assert without.locality is not None
    assert not without.locality.failover_enabled
    found = _balancing(loadBalancer=place, outlierDetection={})
    assert found.locality_weighted
    assert found.locality is not None
    assert found.locality.failover_enabled


def test_panic_follows_the_health_that_is_asked_for() -> None:
    assert _balancing().panic_threshold == 0
    assert _balancing(outlierDetection={"minHealthPercent": 30}).panic_threshold == 30


def test_kubernetes_traffic_distribution_fails_over_by_itself() -> None:
    near = service("near", {80: "HTTP"}, traffic_distribution="PreferClose")
    found = balancing(None, None, near, CONFIG).locality
    assert found is not None
    assert found.failover_priority == SAME_ZONE
    assert found.failover_enabled


def test_the_mesh_decides_where_nobody_else_does() -> None:
    assert balancing(None, None, WEB, CONFIG).locality is not None
    disabled = _balancing(loadBalancer={"localityLbSetting": {"enabled": False}})
    assert disabled.locality is None


def test_passthrough() -> None:
    assert is_passthrough(_policy(loadBalancer={"simple": "PASSTHROUGH"}).load_balancer)
    assert not is_passthrough(None)


def test_outliers() -> None:
    assert outlier(None) is None
    policy = _policy(outlierDetection={"consecutive5xxErrors": 0, "consecutiveLocalOriginFailures": 3})
    found = outlier(policy.outlier_detection)
    assert found is not None
    assert (found.consecutive_5xx, found.consecutive_gateway, found.consecutive_local) == (0, None, 0)
