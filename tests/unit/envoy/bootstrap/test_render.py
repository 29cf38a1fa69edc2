"""The document as a whole; whether Envoy takes it is asked of Envoy."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from pillion.agent.process import find_binary
from pillion.envoy.bootstrap import model
from pillion.envoy.bootstrap.render import render, to_bytes
from pillion.value import FrozenMap

NODE = model.Node(id="sidecar~1.1.1.1~a.b~c", cluster="web.b", metadata=FrozenMap({"NAMESPACE": "b", "N": ("x",)}))
COLLECTOR = model.Collector(address=model.HostPort(host="127.0.0.1", port=9))
FULL = model.Bootstrap(
    node=NODE,
    xds=model.Pipe(path="/var/run/pillion/xds.sock"),
    secure_metrics_port=15091,
    secure_merged_metrics_port=15092,
    addresses=model.Addresses(localhost=("127.0.0.1", "::1"), wildcard=("0.0.0.0", "::"), dns_lookup_family="ALL"),
    stats=model.Stats(
        prefixes=("server",),
        suffixes=("rbac.allowed",),
        regexps=("vhost.*",),
        tags=("canary",),
        buckets=(("cluster.", (1.0, 10.0)),),
        flush_interval="10s",
        eviction_interval="20s",
        localhost_only=True,
    ),
    self_discovery=True,
    proxy_protocol=True,
    log_as_json=True,
    metrics_service=model.Collector(
        address=COLLECTOR.address,
        tls=model.Tls(mode="ISTIO_MUTUAL", subject_alt_names=("spiffe://a/b",)),
        keepalive=model.Keepalive(probes=3, time=10),
    ),
    access_log_service=COLLECTOR,
    statsd=model.HostPort(host="127.0.0.1", port=8125),
    outlier_log_path="/dev/stdout",
)


def validated(folder: Path, bootstrap: model.Bootstrap) -> str:
    path = folder / "bootstrap.json"
    path.write_bytes(to_bytes(bootstrap))
    words = (find_binary("", {}), "--mode", "validate", "-c", str(path), "--allow-unknown-static-fields")
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    return "OK" if done.returncode == 0 else done.stderr[-2000:]


@pytest.mark.envoy
@pytest.mark.parametrize(
    "bootstrap",
    [
        model.Bootstrap(node=NODE, xds=model.Pipe(path="/x")),
        model.Bootstrap(node=NODE, xds=model.HostPort(host="127.0.0.1", port=1), delta=False),
        model.Bootstrap(node=NODE, xds=model.HostPort(host="istiod.istio-system.svc", port=15012)),
        model.Bootstrap(node=NODE, xds=model.Pipe(path="/x"), tracer=model.Tracer(kind="zipkin", collector=COLLECTOR)),
        model.Bootstrap(node=NODE, xds=model.Pipe(path="/x"), tracer=model.Tracer(kind="datadog", collector=COLLECTOR)),
        FULL,
    ],
)
def test_envoy_takes_it(tmp_path: Path, bootstrap: model.Bootstrap) -> None:
    assert validated(tmp_path, bootstrap) == "OK"


def test_equal_values_are_equal_bytes() -> None:
    again = model.Bootstrap(node=NODE, xds=model.Pipe(path="/x"))
    assert to_bytes(again) == to_bytes(model.Bootstrap(node=NODE, xds=model.Pipe(path="/x")))


def document(bootstrap: model.Bootstrap) -> Any:
    return json.loads(to_bytes(bootstrap))


def test_clusters_and_statistics_are_made_when_they_are_first_used() -> None:
    made = render(model.Bootstrap(node=NODE, xds=model.Pipe(path="/x")))
    assert made["cluster_manager"] == {"enable_deferred_cluster_creation": True}
    assert made["deferred_stat_options"] == {"enable_deferred_creation_stats": True}


def test_ads_is_delta_and_lists_are_over_ads() -> None:
    resources = document(model.Bootstrap(node=NODE, xds=model.Pipe(path="/x")))["dynamic_resources"]
    assert resources["ads_config"]["api_type"] == "DELTA_GRPC"
    assert resources["lds_config"]["ads"] == resources["cds_config"]["ads"] == {}


def test_metadata_travels_whole() -> None:
    node = document(model.Bootstrap(node=NODE, xds=model.Pipe(path="/x")))["node"]
    assert node["metadata"] == {"N": ["x"], "NAMESPACE": "b"}
    assert node["locality"] == {}
