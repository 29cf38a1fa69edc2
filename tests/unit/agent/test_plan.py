import json
import socket
from pathlib import Path

import pytest

from pillion.agent import plan

ENVIRONMENT = {"POD_NAME": "web-1", "POD_NAMESPACE": "prod", "INSTANCE_IP": "10.0.0.5"}


def make(tmp_path: Path, config: dict[str, object] | None = None, **environment: str) -> plan.Plan:
    settings = plan.Settings(domain="prod.svc.cluster.local", pod_info=str(tmp_path))
    text = json.dumps({"configPath": str(tmp_path / "proxy"), **(config or {})})
    return plan.plan(settings, {**ENVIRONMENT, "PROXY_CONFIG": text, **environment})


def test_the_pod_s_files_and_variables_become_the_node(tmp_path: Path) -> None:
    (tmp_path / "labels").write_text('app="web"\n')
    (tmp_path / "annotations").write_text('proxy.istio.io/config="{\\"concurrency\\": 3}"\n')
    made = make(tmp_path)
    node = json.loads(made.document)["node"]
    assert node["id"] == "sidecar~10.0.0.5~web-1.prod~prod.svc.cluster.local"
    assert node["metadata"]["LABELS"] == {"app": "web"}
    assert node["metadata"]["INSTANCE_IPS"].split(",")[0] == "10.0.0.5"
    assert made.options.concurrency == 3


def test_times_and_ports(tmp_path: Path) -> None:
    made = make(
        tmp_path,
        {"terminationDrainDuration": "7s", "drainDuration": "1m", "statusPort": 1, "proxyAdminPort": 2},
        MINIMUM_DRAIN_DURATION="2s",
        EXIT_ON_ZERO_ACTIVE_CONNECTIONS="true",
    )
    assert (made.drain_seconds, made.minimum_drain_seconds, made.until_idle) == (7.0, 2.0, True)
    assert (made.status_port, made.admin_port, made.options.drain_seconds) == (1, 2, 60)


def test_a_proxy_tells_that_nobody_hands_out_its_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def provider() -> object:
        return json.loads(make(tmp_path).document)["node"]["metadata"].get("CERTIFICATE_PROVIDER")

    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "var" / "run" / "secrets" / "workload-spiffe-uds"
    folder.mkdir(parents=True)
    assert provider() == "none"
    monkeypatch.chdir(folder)  # the path of a socket must be short
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("socket")
        monkeypatch.chdir(tmp_path)
        assert provider() is None


@pytest.mark.parametrize(
    ("config", "limit", "workers"),
    [({}, "4", 4), ({"concurrency": 1}, "4", 1), ({}, "", None), ({"concurrency": 0}, "4", 0)],
)
def test_workers(tmp_path: Path, config: dict[str, object], limit: str, workers: int | None) -> None:
    assert make(tmp_path, config, ISTIO_CPU_LIMIT=limit).options.concurrency == workers


def test_only_an_https_probe_needs_tls(tmp_path: Path) -> None:
    plain = json.dumps({"/app-health/a/readyz": {"httpGet": {"port": 1}}})
    secure = json.dumps({"/app-health/a/readyz": {"httpGet": {"port": 1, "scheme": "HTTPS"}}})
    assert not make(tmp_path, ISTIO_KUBE_APP_PROBERS=plain).asks_by_tls
    assert make(tmp_path, ISTIO_KUBE_APP_PROBERS=secure).asks_by_tls


@pytest.mark.parametrize(
    ("config", "environment"),
    [
        ({"discoveryAddress": "nowhere"}, {}),
        ({"proxyAdminPort": "many"}, {}),
        ({}, {"ISTIO_KUBE_APP_PROBERS": "{"}),
    ],
)
def test_an_environment_that_describes_no_proxy(
    tmp_path: Path, config: dict[str, object], environment: dict[str, str]
) -> None:
    with pytest.raises(plan.PlanError) as raised:
        make(tmp_path, config, **environment)
    assert raised.value.diagnostics


def test_the_bootstrap_is_written_for_nobody_else(tmp_path: Path) -> None:
    made = make(tmp_path)
    plan.write_bootstrap(made)
    plan.write_bootstrap(made)
    path = Path(made.options.config)
    assert path.read_bytes() == made.document
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_dns_is_served_where_it_is_captured(tmp_path: Path) -> None:
    assert make(tmp_path).dns is None
    made = make(tmp_path, {"proxyMetadata": {"ISTIO_META_DNS_CAPTURE": "true"}}, DNS_PROXY_ADDR="localhost:15099")
    assert made.dns
    assert (made.dns.host, made.dns.port, made.dns.place.namespace) == ("127.0.0.1", 15099, "prod")


def test_statsd_is_given_by_address(tmp_path: Path) -> None:
    sinks = json.loads(make(tmp_path, {"statsdUdpAddress": "localhost:8125"}).document)["stats_sinks"]
    assert sinks[0]["typed_config"]["address"]["socket_address"]["address"] in {"127.0.0.1", "::1"}
    assert "stats_sinks" not in json.loads(make(tmp_path, {"statsdUdpAddress": "no.such.host.invalid:1"}).document)


def test_a_token_lies_beside_the_bootstrap(tmp_path: Path) -> None:
    lightstep = {"lightstep": {"address": "collector:1", "accessToken": "secret"}}
    made = make(tmp_path, {"tracing": lightstep})
    plan.write_bootstrap(made)
    token = tmp_path / "proxy" / "lightstep_access_token.txt"
    assert (token.read_text(), token.stat().st_mode & 0o777) == ("secret", 0o600)
    assert "secret" not in json.loads(made.document)["tracing"]["http"]["typed_config"].values()
