"""Whole bootstraps are checked against Istio's recorded ones by the conformance suite `bootstrap`."""

import pytest

from pillion.agent import bootstrap, proxy_config
from pillion.envoy.bootstrap.model import Bootstrap, HostPort, Keepalive, Node, Pipe
from pillion.value import FrozenMap


def build(layer: str = "{}", *, annotations: dict[str, str] | None = None, **metadata: object) -> Bootstrap:
    config, problems = proxy_config.decode(("PROXY_CONFIG", layer))
    assert problems == ()
    known = {"ANNOTATIONS": FrozenMap(annotations or {}), "INSTANCE_IPS": "10.0.0.1", **metadata}
    node = Node(id="sidecar~~~", cluster="c", metadata=FrozenMap(known))
    return bootstrap.build(config, node, Pipe(path="/xds"), {"HOST_IP": "192.0.2.9"})


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("unix:///var/run/pillion/xds.sock", Pipe(path="/var/run/pillion/xds.sock")),
        ("unix:xds.sock", Pipe(path="xds.sock")),
        ("istiod.istio-system.svc:15012", HostPort(host="istiod.istio-system.svc", port=15012)),
        ("[fd00::1]:15012", HostPort(host="fd00::1", port=15012)),
        ("istiod", None),
        ("unix://", None),
        (":15012", None),
    ],
)
def test_where_discovery_leads(address: str, target: Pipe | HostPort | None) -> None:
    assert bootstrap.discovery_target(address) == target


def test_an_annotation_s_statistics_replace_those_of_the_config_and_istio_s_stay() -> None:
    layer = '{"proxyStatsMatcher": {"inclusionPrefixes": ["from-config"], "inclusionRegexps": ["r.*"]}}'
    made = build(layer, annotations={"sidecar.istio.io/statsInclusionPrefixes": "http.{pod_ip}_,b"})
    assert made.stats.prefixes[:2] == ("http.10.0.0.1_", "b")
    assert "cluster_manager" in made.stats.prefixes
    assert made.stats.regexps[0] == "r.*"


def test_draining_until_idle_needs_the_count_of_connections() -> None:
    assert "downstream_cx_active" in build(EXIT_ON_ZERO_ACTIVE_CONNECTIONS="true").stats.suffixes
    assert "downstream_cx_active" not in build().stats.suffixes


@pytest.mark.parametrize(
    ("flush", "eviction", "expected"),
    [("", "10s", ("", "10s")), ("", "11s", ("", "")), ("10s", "20s", ("10s", "20s")), ("x", "y", ("", ""))],
)
def test_statistics_are_evicted_at_multiples_of_a_flush(flush: str, eviction: str, expected: tuple[str, str]) -> None:
    given = {"sidecar.istio.io/statsFlushInterval": flush, "sidecar.istio.io/statsEvictionInterval": eviction}
    made = build(annotations={name: value for name, value in given.items() if value})
    assert (made.stats.flush_interval, made.stats.eviction_interval) == expected


def test_an_empty_runtime_value_takes_a_flag_away() -> None:
    made = build('{"runtimeValues": {"re2.max_program_size.error_level": "", "a": "true", "b": "7"}}')
    assert "re2.max_program_size.error_level" not in made.runtime
    assert (made.runtime["a"], made.runtime["b"]) == (True, "7")


@pytest.mark.parametrize(
    ("layer", "limit"),
    [
        ("{}", 2**31 - 1),
        ('{"runtimeValues": {"overload.global_downstream_max_connections": "5"}}', 5),
        ('{"proxyMetadata": {"ISTIO_META_GLOBAL_DOWNSTREAM_MAX_CONNECTIONS": "6"}}', 6),
        ('{"connectionSettings": {"globalDownstreamConnectionLimit": 7}}', 7),
    ],
)
def test_the_limit_of_connections(layer: str, limit: int) -> None:
    assert build(layer).max_downstream_connections == limit


def test_collectors_with_keepalive_and_the_host_s_address() -> None:
    keepalive = '"tcpKeepalive": {"probes": 3, "time": "10s", "interval": "5s"}'
    made = build(f'{{"envoyMetricsService": {{"address": "$(HOST_IP):99", {keepalive}}}}}')
    assert made.metrics_service
    assert made.metrics_service.address == HostPort(host="192.0.2.9", port=99)
    assert made.metrics_service.keepalive == Keepalive(probes=3, time=10, interval=5)


def test_lightstep_reads_its_token_from_a_file() -> None:
    made = build('{"configPath": "/p", "tracing": {"lightstep": {"address": "l:1", "accessToken": "t"}}}')
    assert made.tracer
    assert made.tracer.access_token_file == "/p/lightstep_access_token.txt"


@pytest.mark.parametrize(
    ("ips", "dual", "localhost", "family"),
    [
        (("10.0.0.1",), False, ("127.0.0.1",), "V4_ONLY"),
        (("fd00::1",), False, ("::1",), "V6_ONLY"),
        (("10.0.0.1", "fd00::1"), False, ("127.0.0.1",), "V4_ONLY"),
        (("fd00::1", "10.0.0.1"), True, ("::1", "127.0.0.1"), "ALL"),
        ((), True, ("127.0.0.1",), "V4_ONLY"),
    ],
)
def test_addresses_by_family(ips: tuple[str, ...], dual: bool, localhost: tuple[str, ...], family: str) -> None:
    made = bootstrap.addresses_for(ips, dual_stack=dual)
    assert (made.localhost, made.dns_lookup_family) == (localhost, family)


@pytest.mark.parametrize(
    ("target", "policy", "server"),
    [
        (HostPort(host="istiod.mesh.svc", port=15012), "MUTUAL_TLS", "istiod.mesh.svc"),
        (HostPort(host="istiod.mesh.svc", port=15010), "NONE", None),
        (Pipe(path="/xds"), "MUTUAL_TLS", None),
    ],
)
def test_a_control_plane_over_the_network_is_asked_by_tls(
    target: HostPort | Pipe, policy: str, server: str | None
) -> None:
    layer = f'{{"configPath": "/proxy", "controlPlaneAuthPolicy": "{policy}"}}'
    config, _ = proxy_config.decode(("PROXY_CONFIG", layer))
    proof = bootstrap.proof_for(config, target, {})
    assert (proof.server if proof else None) == server
    if proof:
        assert proof.root_path.startswith("/proxy/")
        named = bootstrap.proof_for(config, target, {"ISTIOD_SAN": "other"})
        assert named is not None
        assert named.server == "other"
