import pytest

from pillion.agent import proxy_config
from pillion.value import FrozenMap


def test_later_layers_replace_whole_fields() -> None:
    config, problems = proxy_config.decode(
        ("PROXY_CONFIG", '{"concurrency": 2, "proxyStatsMatcher": {"inclusionPrefixes": ["a"]}, "statusPort": 15999}'),
        ("annotation", "concurrency: 0\nproxyStatsMatcher:\n  inclusionSuffixes: [b]\n"),
    )
    assert problems == ()
    assert (config.concurrency, config.status_port, config.proxy_admin_port) == (0, 15999, 15000)
    assert config.proxy_stats_matcher == proxy_config.ProxyStatsMatcher(inclusion_suffixes=("b",))


def test_the_document_keeps_what_the_agent_does_not_know() -> None:
    config, _ = proxy_config.decode(("PROXY_CONFIG", '{"gatewayTopology": {"numTrustedProxies": 1}}'))
    assert config.document["gatewayTopology"] == FrozenMap({"numTrustedProxies": 1})
    assert config.document["drainDuration"] == "45s"


def test_one_of_two_names() -> None:
    config, _ = proxy_config.decode(("PROXY_CONFIG", '{"tracingServiceName": "CANONICAL_NAME_ONLY"}'))
    assert "serviceCluster" not in config.document


@pytest.mark.parametrize("text", ["[1]", "{: ", '{"proxyAdminPort": "many"}', '{"tracing": []}'])
def test_a_broken_layer_is_told_and_left_out(text: str) -> None:
    config, problems = proxy_config.decode(("PROXY_CONFIG", '{"statusPort": 15999}'), ("annotation", text))
    assert [(found.code, found.where.resource) for found in problems] == [("invalid-proxy-config", "annotation")]
    assert config.status_port == 15999


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5s", 5.0),
        ("1h30m", 5400.0),
        ("1.5s", 1.5),
        ("300ms", 0.3),
        ("", None),
        ("5", None),
        ("s", None),
        ("1.2.3s", None),
    ],
)
def test_durations_as_go_writes_them(text: str, seconds: float | None) -> None:
    assert proxy_config.seconds(text) == seconds


def test_a_config_is_a_value() -> None:
    one, _ = proxy_config.decode(("PROXY_CONFIG", '{"runtimeValues": {"a": "b"}}'))
    two, _ = proxy_config.decode(("PROXY_CONFIG", '{"runtimeValues": {"a": "b"}}'))
    assert one == two
    assert hash(one) == hash(two)
