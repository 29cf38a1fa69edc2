"""Mesh config: defaults, the user's text, one pod's annotation."""

from pillion.inject.mesh import (
    apply_mesh_config,
    clean_proxy_config,
    default_mesh_config,
    default_proxy_config,
    merge_proxy_config,
    read_proxy_config,
)
from pillion.inject.schema.unknown import Unknown


def test_a_field_of_the_user_replaces_the_default() -> None:
    mesh = apply_mesh_config({"trustDomain": "td", "enableTracing": False}, default_mesh_config()).document
    assert mesh["trustDomain"] == "td"
    assert mesh["enableTracing"] is False
    assert mesh["rootNamespace"] == "istio-system"


def test_three_fields_are_merged() -> None:
    text = {
        "defaultConfig": {"concurrency": 2, "drainDuration": "1m"},
        "defaultProviders": {"metrics": ["prometheus"]},
        "extensionProviders": [{"name": "envoy", "envoyFileAccessLog": {"path": "/x"}}, {"name": "new", "zipkin": {}}],
    }
    mesh = apply_mesh_config(text, default_mesh_config()).document
    assert mesh["defaultConfig"] == default_proxy_config() | {"concurrency": 2, "drainDuration": "60s"}
    assert mesh["defaultProviders"] == {"metrics": ["prometheus"]}
    names = [provider["name"] for provider in mesh["extensionProviders"]]
    assert names == ["prometheus", "stackdriver", "envoy", "new"]
    assert mesh["extensionProviders"][2]["envoyFileAccessLog"] == {"path": "/x"}


def test_mistakes_and_unknown_fields_are_told() -> None:
    reading = apply_mesh_config({"defaultConfig": {"statusPort": "many"}, "accessLogFil": "x"}, default_mesh_config())
    assert [path for path, _ in reading.problems] == [("defaultConfig", "statusPort")]
    assert reading.unknown == [Unknown(path=("accessLogFil",), meant="accessLogFile")]


def test_metadata_of_the_proxy_is_merged_and_a_choice_excludes_the_other() -> None:
    base = default_proxy_config() | {"proxyMetadata": {"A": "1", "B": "2"}}
    own = read_proxy_config({"proxyMetadata": {"B": "3"}, "tracingServiceName": "CANONICAL_NAME_ONLY"}).document
    merged = merge_proxy_config(own, base)
    assert merged["proxyMetadata"] == {"A": "1", "B": "3"}
    assert merged["tracingServiceName"] == "CANONICAL_NAME_ONLY"
    assert "serviceCluster" not in merged


def test_what_is_the_default_is_left_out() -> None:
    config = default_proxy_config() | {"statusPort": 15099, "proxyMetadata": {}}
    assert clean_proxy_config(config) == {"statusPort": 15099}
