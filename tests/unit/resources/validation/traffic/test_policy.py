import pytest

from support.verdicts import verdicts


def policy(spec: str) -> list[str]:
    found = verdicts("DestinationRule", f"{{host: a, trafficPolicy: {{{spec}}}}}")
    return [one.replace("spec.trafficPolicy.", "") for one in found]


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("portLevelSettings: [{port: {number: 80}, tls: {}}]", []),
        ("portLevelSettings: [{tls: {}}]", ["error required portLevelSettings[0].port"]),
        ("portLevelSettings: [{port: {number: 80}}]", ["error required portLevelSettings[0]"]),
        (
            "portLevelSettings: [{port: {number: 80}, outlierDetection: {consecutiveErrors: 1}}]",
            ["info deprecated portLevelSettings[0].outlierDetection.consecutiveErrors"],
        ),
        ("tunnel: {targetHost: a.com, targetPort: 80}", []),
        (
            "tunnel: {protocol: GET, targetHost: a_b}",
            [
                "error unknown-value tunnel.protocol",
                "error invalid-host tunnel.targetHost",
                "error invalid-port tunnel.targetPort",
            ],
        ),
        ("tunnel: {targetHost: a.com, targetPort: 80}, proxyProtocol: {}", ["error oneof-conflict tunnel"]),
        ("retryBudget: {}", []),
    ],
)
def test_policies(spec: str, found: list[str]) -> None:
    assert policy(spec) == found


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("connectionPool: {}", ["error required connectionPool"]),
        ("connectionPool: {tcp: {maxConnections: -1}}", ["error out-of-range connectionPool.tcp.maxConnections"]),
        ("connectionPool: {tcp: {connectTimeout: 0s}}", ["error invalid-duration connectionPool.tcp.connectTimeout"]),
        ("connectionPool: {tcp: {idleTimeout: 0s}}", []),
        (
            "connectionPool: {http: {h2UpgradePolicy: UPGRADE, useClientProtocol: true}}",
            ["error oneof-conflict connectionPool.http.useClientProtocol"],
        ),
        (
            "connectionPool: {http: {http2KeepAlive: {interval: 1s}}}",
            ["error required connectionPool.http.http2KeepAlive.timeout"],
        ),
        ("outlierDetection: {maxEjectionPercent: 101}", ["error out-of-range outlierDetection.maxEjectionPercent"]),
        ("outlierDetection: {consecutiveErrors: 1}", ["warning deprecated outlierDetection.consecutiveErrors"]),
        (
            "outlierDetection: {consecutiveLocalOriginFailures: 1}",
            ["error ignored-field outlierDetection.consecutiveLocalOriginFailures"],
        ),
    ],
)
def test_pools_and_outliers(spec: str, found: list[str]) -> None:
    assert policy(spec) == found


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ("simple: ROUND_ROBIN", []),
        ("consistentHash: {httpCookie: {ttl: 1s}}", ["error required consistentHash.httpCookie.name"]),
        (
            "consistentHash: {httpCookie: {name: x, attributes: [{}, {name: a}, {name: a}]}}",
            [
                "error required consistentHash.httpCookie.attributes[0].name",
                "error duplicate consistentHash.httpCookie.attributes[2].name",
            ],
        ),
        ("consistentHash: {minimumRingSize: 1}", ["warning deprecated consistentHash.minimumRingSize"]),
        ("consistentHash: {maglev: {tableSize: 65537}}", []),
        ("consistentHash: {maglev: {tableSize: 65536}}", ["error out-of-range consistentHash.maglev.tableSize"]),
        ("consistentHash: {maglev: {tableSize: 5000011}}", ["error out-of-range consistentHash.maglev.tableSize"]),
        ("warmup: {}", ["error required warmup.duration"]),
        ("warmup: {duration: 1s, minimumPercent: 101}", ["error out-of-range warmup.minimumPercent"]),
        ("localityLbSetting: {failover: [{from: a, to: b}]}", ["warning ignored-field localityLbSetting.failover"]),
        (
            "localityLbSetting: {failover: [{from: a, to: a}], distribute: [{from: a, to: {b: 100}}]}",
            ["error oneof-conflict localityLbSetting.failover"],
        ),
        (
            "localityLbSetting: {distribute: [{from: a, to: {b: 50}}]}",
            ["error out-of-range localityLbSetting.distribute[0].to"],
        ),
        (
            "localityLbSetting: {distribute: [{from: a, to: {b: 50, b/c: 50}}]}",
            ["error duplicate localityLbSetting.distribute[0].to"],
        ),
        (
            "localityLbSetting: {distribute: [{from: a//b, to: {b: 100}}]}",
            ["error invalid-locality localityLbSetting.distribute"],
        ),
        (
            "zoneAwareLbSetting: {failoverPriority: [topology.kubernetes.io/zone]}",
            [
                "error oneof-conflict zoneAwareLbSetting.failoverPriority[0]",
                "warning ignored-field zoneAwareLbSetting.failover",
            ],
        ),
    ],
)
def test_load_balancers(spec: str, found: list[str]) -> None:
    assert [one.replace("loadBalancer.", "") for one in policy(f"loadBalancer: {{{spec}}}")] == found
