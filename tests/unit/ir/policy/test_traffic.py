from typing import Any

from pillion.ir.policy.traffic import port_policy, subset_policy, with_defaults
from pillion.resources.istio.destination_rule import (
    ConnectionPoolSettings,
    DestinationRuleSpec,
    OutlierDetection,
    TCPSettings,
)
from pillion.resources.istio.mesh_config import DefaultTrafficPolicy
from support.scopes import rule


def _spec(**policy: Any) -> DestinationRuleSpec:
    return rule({"host": "a", **policy}).rule.spec


LEVELS = _spec(
    trafficPolicy={
        "loadBalancer": {"simple": "RANDOM"},
        "tls": {"mode": "SIMPLE"},
        "portLevelSettings": [{"port": {"number": 80}, "loadBalancer": {"simple": "ROUND_ROBIN"}}],
    },
    subsets=[
        {"name": "v1", "trafficPolicy": {"outlierDetection": {"interval": "1s"}}},
        {"name": "v2", "trafficPolicy": {"portLevelSettings": [{"port": {"number": 90}, "tls": {"mode": "DISABLE"}}]}},
        {"name": "v3"},
    ],
)


def test_a_port_does_not_inherit() -> None:
    policy, own = port_policy(LEVELS.traffic_policy, 80)
    assert own
    assert policy is not None
    assert policy.load_balancer is not None
    assert policy.load_balancer.simple == "ROUND_ROBIN"
    assert policy.tls is None
    assert port_policy(LEVELS.traffic_policy, 81) == (LEVELS.traffic_policy, False)
    assert port_policy(None, 80) == (None, False)


def test_a_subset_overrides_field_by_field() -> None:
    merged = subset_policy(LEVELS.traffic_policy, LEVELS.subsets[0], 81)
    assert merged is not None
    assert merged.outlier_detection is not None
    assert merged.tls is not None
    assert merged.load_balancer is not None


def test_a_subsets_port_clears_what_it_does_not_say() -> None:
    merged = subset_policy(LEVELS.traffic_policy, LEVELS.subsets[1], 90)
    assert merged is not None
    assert merged.load_balancer is None
    assert merged.tls is not None
    assert merged.tls.mode == "DISABLE"


def test_a_subset_that_says_nothing_has_the_hosts_policy() -> None:
    assert subset_policy(LEVELS.traffic_policy, LEVELS.subsets[2], 81) == LEVELS.traffic_policy
    assert subset_policy(None, LEVELS.subsets[2], 81) is None


def test_the_meshs_default_fills_what_nobody_set() -> None:
    default = DefaultTrafficPolicy(
        connection_pool=ConnectionPoolSettings(tcp=TCPSettings(max_connections=3)), outlier_detection=OutlierDetection()
    )
    filled = with_defaults(LEVELS.traffic_policy, default)
    assert filled is not None
    assert filled.connection_pool == default.connection_pool
    assert filled.tls == (LEVELS.traffic_policy and LEVELS.traffic_policy.tls)
    assert with_defaults(None, DefaultTrafficPolicy()) is None
