from typing import Any

import pytest
from google.protobuf import json_format

from pillion.envoy.capabilities import Capabilities
from pillion.envoy.clusters import cluster
from pillion.ir.model.assignment import Group, Member
from pillion.ir.model.backend import Backend, Dns, ServiceName
from pillion.ir.model.balancing import Balancing, Outlier, Warmup, ZoneAware
from pillion.ir.model.key import BackendKey
from pillion.ir.model.tls import ClientTls

KEY = BackendKey(port=80, host="a")
MEMBERS = (Group(members=(Member(address="a.example", port=80),)),)


def _cluster(able: Capabilities | None = None, **backend: Any) -> dict[str, Any]:
    return json_format.MessageToDict(cluster(Backend(key=KEY, **backend), able or Capabilities()))


def test_members_by_discovery() -> None:
    found = _cluster()
    assert (found["name"], found["altStatName"], found["type"]) == ("outbound|80||a", "outbound|80||a;", "EDS")
    assert found["edsClusterConfig"]["serviceName"] == "outbound|80||a"


def test_members_by_dns() -> None:
    found = _cluster(discovery="strict-dns", members=MEMBERS, dns=Dns(family="v6", refresh=60 * 10**9))
    assert (found["type"], found["dnsLookupFamily"], found["dnsRefreshRate"], found["respectDnsTtl"]) == (
        "STRICT_DNS", "V6_ONLY", "60s", True,
    )  # fmt: skip
    assert found["loadAssignment"]["clusterName"] == "outbound|80||a"


def test_the_callers_destination() -> None:
    found = _cluster(discovery="original-destination", balancing=Balancing(algorithm="provided"), port_override=9)
    assert (found["type"], found["lbPolicy"]) == ("ORIGINAL_DST", "CLUSTER_PROVIDED")
    assert found["originalDstLbConfig"] == {"upstreamPortOverride": 9}


def test_whatever_name_was_asked() -> None:
    found = _cluster(discovery="dynamic", dns=Dns(cache="c", resolver="127.0.0.1:15053", max_hosts=5))
    config = found["clusterType"]["typedConfig"]
    assert config["dnsCacheConfig"]["name"] == "c"
    assert config["allowInsecureClusterOptions"]


@pytest.mark.parametrize(
    ("balancing", "field", "value"),
    [
        (Balancing(algorithm="ring-hash", ring_size=7), "ringHashLbConfig", {"minimumRingSize": "7"}),
        (Balancing(algorithm="maglev", table_size=11), "maglevLbConfig", {"tableSize": "11"}),
        (
            Balancing(algorithm="round-robin", warmup=Warmup(window=10**9)),
            "roundRobinLbConfig",
            {"slowStartConfig": {"slowStartWindow": "1s"}},
        ),
        (
            Balancing(warmup=Warmup(window=10**9, minimum_percent=5, aggression=2.0)),
            "leastRequestLbConfig",
            {"slowStartConfig": {"slowStartWindow": "1s", "minWeightPercent": {"value": 5.0},
                                 "aggression": {"defaultValue": 2.0, "runtimeKey": "("}}},
        ),
        (Balancing(panic_threshold=0.0), "commonLbConfig", {"healthyPanicThreshold": {}}),
        (Balancing(locality_weighted=True), "commonLbConfig", {"localityWeightedLbConfig": {}}),
        (
            Balancing(zone_aware=ZoneAware(enabled=False, minimum_size=3)),
            "commonLbConfig",
            {"zoneAwareLbConfig": {"routingEnabled": {}, "minClusterSize": "3"}},
        ),
    ],
)  # fmt: skip
def test_balancing(balancing: Balancing, field: str, value: dict[str, Any]) -> None:
    assert _cluster(balancing=balancing)[field] == value


def test_tls_towards_those_who_take_it() -> None:
    mesh = ClientTls(mode="mesh", automatic=True)
    automatic = _cluster(tls=mesh)
    assert [match["name"] for match in automatic["transportSocketMatches"]] == ["tlsMode-istio", "tlsMode-disabled"]
    declared = _cluster(tls=ClientTls(mode="mesh"))
    assert declared["transportSocket"]["name"] == "envoy.transport_sockets.tls"
    assert "transportSocket" not in _cluster()


def test_callers_are_announced() -> None:
    assert _cluster(proxy_protocol="V1")["transportSocket"]["name"] == "envoy.transport_sockets.upstream_proxy_protocol"
    wrapped = _cluster(proxy_protocol="V1", tls=ClientTls(mode="simple"))["transportSocket"]["typedConfig"]
    assert wrapped["transportSocket"]["name"] == "envoy.transport_sockets.tls"


def test_where_it_came_from() -> None:
    found = _cluster(rule="shop/r", subset="v1", external=True, outlier=Outlier())
    said = found["metadata"]["filterMetadata"]["istio"]
    assert said["config"].endswith("/namespaces/shop/destination-rule/r")
    assert (said["subset"], said["external"]) == ("v1", True)
    assert "outlierDetection" in found


def test_istios_own_filters_only_where_they_are() -> None:
    services = (ServiceName(host="a", name="a", namespace="n"),)
    assert "metadata" not in _cluster(services=services)
    able = Capabilities(metadata_exchange=True, statistics=True)
    found = _cluster(able, services=services)
    assert found["filters"][0]["name"] == "istio.metadata_exchange"
    assert found["metadata"]["filterMetadata"]["istio"]["services"][0]["host"] == "a"
