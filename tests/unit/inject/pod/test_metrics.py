"""Prometheus' annotations."""

import json
from typing import Any

import pytest

from pillion.inject.pod.containers import annotations
from pillion.inject.pod.metrics import ScrapeError, is_merged, merged, scrape_port, with_secure_port, without_scraping

OURS = {"prometheus.io/port": "15020", "prometheus.io/path": "/stats/prometheus", "prometheus.io/scrape": "true"}


def pod(found: dict[str, str], *env: dict[str, str]) -> dict[str, Any]:
    return {"metadata": {"annotations": found}, "spec": {"containers": [{"name": "istio-proxy", "env": list(env)}]}}


def remembered(document: dict[str, Any]) -> Any:
    (variable,) = document["spec"]["containers"][0]["env"]
    assert variable["name"] == "ISTIO_PROMETHEUS_ANNOTATIONS"
    return json.loads(variable["value"])


def test_the_users_annotations_move_to_the_proxy() -> None:
    result = merged(pod({"prometheus-io/port": "9100", "prometheus.io.path": "/m", "x": "1"}), {}, 15020)
    assert annotations(result) == OURS | {"x": "1"}
    assert remembered(result) == {"scrape": "", "path": "/m", "port": "9100"}


def test_the_first_of_many_targets_serves_older_agents() -> None:
    result = merged(pod({"prometheus.istio.io/scrape-targets": "81:/a, 82"}), {}, 15020)
    targets = [{"port": "81", "path": "/a"}, {"port": "82", "path": "/metrics"}]
    assert remembered(result) == {"scrape": "", "path": "/a", "port": "81", "targets": targets}


@pytest.mark.parametrize(
    "found", [{"prometheus.io/scrape": "false"}, {"prometheus.istio.io/merge-metrics": "false"}, OURS]
)
def test_metrics_are_left_alone_where_that_is_wanted(found: dict[str, str]) -> None:
    document = pod(found)
    assert merged(document, {}, 15020) is document


def test_without_annotations_only_ours_are_added() -> None:
    result = merged(pod({}), {"enablePrometheusMerge": True}, 15020)
    assert annotations(result) == OURS
    assert result["spec"]["containers"][0]["env"] == []


@pytest.mark.parametrize("port", ["0", "x", "65536", "15020", "15090"])
def test_a_port_that_cannot_be_scraped_is_refused(port: str) -> None:
    with pytest.raises(ScrapeError, match=port):
        merged(pod({"prometheus.istio.io/scrape-targets": f"{port}:/m"}), {}, 15020)
    if port != "15020":
        with pytest.raises(ScrapeError, match=port):
            merged(pod({"prometheus.io/port": port}), {}, 15020)


def test_the_annotation_wins_over_the_mesh() -> None:
    assert not is_merged({}, {"enablePrometheusMerge": False})
    assert is_merged({"prometheus.istio.io/merge-metrics": "true"}, {"enablePrometheusMerge": False})
    assert is_merged({"prometheus.istio.io/merge-metrics": "maybe"}, {})


def test_every_spelling_is_known() -> None:
    assert scrape_port({"prometheus/io/port": "1"}) == "1"
    assert annotations(without_scraping(pod({"prometheus_io_scrape": "true", "y": "1"}))) == {"y": "1"}


def test_the_secure_port_is_announced() -> None:
    variable = {"name": "ENVOY_SECURE_MERGED_METRICS_PORT", "value": "15091"}
    assert annotations(with_secure_port(pod({}, variable))) == {"prometheus.istio.io/secure-port": "15091"}
    own = pod({"prometheus.istio.io/secure-port": "1"}, variable)
    assert with_secure_port(own) is own
    off = pod({}, variable | {"value": "0"})
    assert with_secure_port(off) is off
