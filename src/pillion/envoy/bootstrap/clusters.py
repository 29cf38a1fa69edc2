"""Static clusters: Envoy's own admin port, the agent, SDS, ADS, and what the proxy reports to."""

from pillion.envoy.bootstrap import secrets
from pillion.envoy.bootstrap.document import TYPE, Json, address, given, secret
from pillion.envoy.bootstrap.model import Addresses, Bootstrap, Collector, HostPort, Pipe, Target, Tls, Tracer

HTTP_PROTOCOL_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
WORKLOAD_SOCKETS = "./var/run/secrets/workload-spiffe-uds/"
"""Where who hands out the workload's certificate listens."""


def clusters(bootstrap: Bootstrap) -> list[Json]:
    """Return all static clusters."""
    local = bootstrap.addresses.localhost[0]
    workload = Pipe(path=f"{WORKLOAD_SOCKETS}{bootstrap.workload_socket}")
    found = [
        _cluster("prometheus_stats", HostPort(host=local, port=bootstrap.admin_port), "STATIC", "0.250s", {}),
        _cluster("agent", HostPort(host=local, port=bootstrap.agent_port), "STATIC", "0.250s", {}),
        _cluster("sds-grpc", workload, "STATIC", "1s", _http2()),
    ]
    if bootstrap.credential_socket:
        found.append(_cluster("sds-files-grpc", Pipe(path=bootstrap.credential_socket), "STATIC", "1s", _http2()))
    found.append(_xds(bootstrap))
    if bootstrap.tracer:
        found.append(_tracer(bootstrap.tracer, bootstrap.addresses))
    if bootstrap.metrics_service:
        found.append(_collector("envoy_metrics_service", bootstrap.metrics_service, bootstrap.addresses, h2=True))
    if bootstrap.access_log_service:
        found.append(_collector("envoy_accesslog_service", bootstrap.access_log_service, bootstrap.addresses, h2=True))
    if bootstrap.self_discovery:
        found.append(_local_cluster())
    return found


def _cluster(name: str, target: Target, kind: str, timeout: str, more: Json) -> Json:
    where = address(target, protocol=kind == "STATIC")
    return {
        "name": name,
        "alt_stat_name": f"{name};",
        "type": kind,
        "connect_timeout": timeout,
        "lb_policy": "ROUND_ROBIN",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": where}}]}],
        },
        **more,
    }


def _http2(filters: list[Json] | None = None) -> Json:
    options: Json = {
        "@type": TYPE + HTTP_PROTOCOL_OPTIONS,
        "explicit_http_config": {"http2_protocol_options": {}},
        **given("http_filters", filters),
    }
    return {"typed_extension_protocol_options": {HTTP_PROTOCOL_OPTIONS: options}}


def _xds(bootstrap: Bootstrap) -> Json:
    limits = {"max_connections": 100000, "max_pending_requests": 100000, "max_requests": 100000}
    kind = "STATIC" if isinstance(bootstrap.xds, Pipe) or _is_ip(bootstrap.xds.host) else "STRICT_DNS"
    family = {} if kind == "STATIC" else {"dns_lookup_family": bootstrap.addresses.dns_lookup_family}
    more: Json = {
        **family,
        "circuit_breakers": {
            "thresholds": [{"priority": "DEFAULT", **limits}, {"priority": "HIGH", **limits}],
        },
        "upstream_connection_options": {"tcp_keepalive": {"keepalive_time": 300}},
        "max_requests_per_connection": 1,
        **(_http2(secrets.http_filters(bootstrap.proof)) if bootstrap.proof else _http2()),
        **({"transport_socket": secrets.transport_socket(bootstrap.proof)} if bootstrap.proof else {}),
    }
    return _cluster("xds-grpc", bootstrap.xds, kind, "1s", more)


def _is_ip(host: str) -> bool:
    return ":" in host or host.replace(".", "").isdecimal()


def _tracer(tracer: Tracer, addresses: Addresses) -> Json:
    name = "datadog_agent" if tracer.kind == "datadog" else tracer.kind
    cluster = _collector(name, tracer.collector, addresses, h2=tracer.kind == "lightstep")
    return {**cluster, "dns_refresh_rate": "30s"} if tracer.kind == "zipkin" else cluster


def _collector(name: str, collector: Collector, addresses: Addresses, *, h2: bool) -> Json:
    more: dict[str, object] = {"respect_dns_ttl": True, "dns_lookup_family": addresses.dns_lookup_family}
    if collector.tls.mode != "DISABLE":
        more["transport_socket"] = _transport_socket(collector.tls, "tracer" if not h2 else name, h2=h2)
    if keepalive := collector.keepalive:
        options = {
            **given("keepalive_probes", keepalive.probes),
            **given("keepalive_time", keepalive.time),
            **given("keepalive_interval", keepalive.interval),
        }
        more["upstream_connection_options"] = {"tcp_keepalive": options}
    if h2:
        more |= _http2()
    return _cluster(name, collector.address, "STRICT_DNS", "1s", more)


def _transport_socket(tls: Tls, default_sni: str, *, h2: bool) -> Json:
    mesh = tls.mode == "ISTIO_MUTUAL"
    root = "ROOTCA" if mesh else f"file-root:{tls.ca_certificates}"
    identity = "default" if mesh else f"file-cert:{tls.client_certificate}~{tls.private_key}"
    names = [{"exact": name} for name in tls.subject_alt_names]
    common: dict[str, object] = {
        "combined_validation_context": {
            "default_validation_context": given("match_subject_alt_names", names),
            "validation_context_sds_secret_config": secret(root),
        },
    }
    if tls.mode in {"MUTUAL", "ISTIO_MUTUAL"}:
        common["tls_certificate_sds_secret_configs"] = [secret(identity)]
    if h2:
        common["alpn_protocols"] = ["istio", "h2"] if mesh else ["h2"]
    context = {
        "@type": f"{TYPE}envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
        "common_tls_context": common,
        **given("sni", tls.sni or (default_sni if mesh else "")),
    }
    return {"name": "envoy.transport_sockets.tls", "typed_config": context}


def _local_cluster() -> Json:
    """Return the proxy's own service, by which Envoy balances with regard to zones."""
    least = {
        "@type": f"{TYPE}envoy.extensions.load_balancing_policies.least_request.v3.LeastRequest",
        "locality_lb_config": {"zone_aware_lb_config": {"min_cluster_size": "1"}},
    }
    policy = {"name": "envoy.load_balancing_policies.least_request", "typed_config": least}
    return {
        "name": "local_cluster",
        "alt_stat_name": "local_cluster;",
        "type": "EDS",
        "connect_timeout": "1s",
        "load_balancing_policy": {"policies": [{"typed_extension_config": policy}]},
        "eds_cluster_config": {
            "eds_config": {"ads": {}, "resource_api_version": "V3"},
            "service_name": "local_cluster",
        },
    }
