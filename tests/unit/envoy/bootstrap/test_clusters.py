import json
from typing import Any, cast

import pytest

from pillion.envoy.bootstrap import model
from pillion.envoy.bootstrap.clusters import clusters
from pillion.value import FrozenMap

NODE = model.Node(id="sidecar~~~", cluster="c", metadata=FrozenMap())


def cluster(name: str, bootstrap: model.Bootstrap) -> Any:
    return next(cast(Any, each) for each in clusters(bootstrap) if each["name"] == name)


@pytest.mark.parametrize(
    ("target", "kind", "address"),
    [
        (model.Pipe(path="/xds"), "STATIC", {"pipe": {"path": "/xds"}}),
        (
            model.HostPort(host="10.0.0.1", port=1),
            "STATIC",
            {"socket_address": {"protocol": "TCP", "address": "10.0.0.1", "port_value": 1}},
        ),
        (
            model.HostPort(host="istiod", port=1),
            "STRICT_DNS",
            {"socket_address": {"address": "istiod", "port_value": 1}},
        ),
    ],
)
def test_ads_is_where_it_is_served(target: model.Target, kind: str, address: object) -> None:
    made = cluster("xds-grpc", model.Bootstrap(node=NODE, xds=target))
    assert made["type"] == kind
    assert made["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"] == address


def test_a_collector_s_certificates_come_from_the_agent() -> None:
    tls = model.Tls(mode="MUTUAL", ca_certificates="/ca", client_certificate="/c", private_key="/k", sni="s")
    collector = model.Collector(address=model.HostPort(host="m", port=1), tls=tls)
    made = cluster(
        "envoy_metrics_service", model.Bootstrap(node=NODE, xds=model.Pipe(path="/x"), metrics_service=collector)
    )
    context = made["transport_socket"]["typed_config"]
    assert context["sni"] == "s"
    assert context["common_tls_context"]["tls_certificate_sds_secret_configs"][0]["name"] == "file-cert:/c~/k"
    assert context["common_tls_context"]["alpn_protocols"] == ["h2"]


def test_zipkin_speaks_http_1_and_is_looked_up_often() -> None:
    collector = model.Collector(address=model.HostPort(host="z", port=1))
    bootstrap = model.Bootstrap(
        node=NODE, xds=model.Pipe(path="/x"), tracer=model.Tracer(kind="zipkin", collector=collector)
    )
    made = cluster("zipkin", bootstrap)
    assert made["dns_refresh_rate"] == "30s"
    assert "typed_extension_protocol_options" not in made


def test_over_the_network_ads_is_asked_by_tls_and_with_a_token() -> None:
    proof = model.Proof(server="istiod.mesh.svc", root_path="/root", token_path="/token")
    target = model.HostPort(host="istiod.mesh.svc", port=15012)
    plain = cluster("xds-grpc", model.Bootstrap(node=NODE, xds=target))
    assert "transport_socket" not in plain
    made = cluster("xds-grpc", model.Bootstrap(node=NODE, xds=target, proof=proof))
    assert made["transport_socket"]["typed_config"]["sni"] == "istiod.mesh.svc"
    (options,) = made["typed_extension_protocol_options"].values()
    assert "http2_protocol_options" in options["explicit_http_config"]
    assert [each["name"] for each in options["http_filters"]] == [
        "envoy.filters.http.credential_injector",
        "envoy.filters.http.upstream_codec",
    ]
    other = cluster("sds-grpc", model.Bootstrap(node=NODE, xds=target, proof=proof))
    assert "http_filters" not in json.dumps(other)
