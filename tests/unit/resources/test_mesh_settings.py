from pillion.resources.istio.mesh_config import MeshOutboundTrafficPolicy
from pillion.resources.mesh_settings import default_mesh_config, overlay_mesh_config, overlay_proxy_config, seconds
from pillion.value import FrozenMap


def test_nothing_over_the_defaults_is_the_defaults() -> None:
    assert overlay_mesh_config({}) == (default_mesh_config(), ())
    assert overlay_mesh_config({"accessLogFile": None}) == (default_mesh_config(), ())


def test_what_the_user_sets_replaces_the_default_whole() -> None:
    mesh, diagnostics = overlay_mesh_config(
        {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}, "enableAutoMtls": False}
    )
    assert diagnostics == ()
    assert mesh.outbound_traffic_policy == MeshOutboundTrafficPolicy(mode="REGISTRY_ONLY")
    assert mesh.enable_auto_mtls is False
    assert mesh.root_namespace == "istio-system"


def test_the_proxys_configuration_is_merged() -> None:
    first, _ = overlay_mesh_config({"defaultConfig": {"concurrency": 2, "proxyMetadata": {"A": "1", "B": "1"}}})
    second, _ = overlay_mesh_config({"default_config": {"proxyMetadata": {"B": "2"}, "drainDuration": "1s"}}, first)
    proxy = second.default_config
    assert proxy is not None
    assert (proxy.concurrency, proxy.status_port, proxy.drain_duration) == (2, 15020, seconds(1))
    assert proxy.proxy_metadata == FrozenMap({"A": "1", "B": "2"})


def test_proxy_headers_are_merged_one_by_one() -> None:
    first, _ = overlay_proxy_config({"proxyHeaders": {"server": {"value": "a"}, "requestId": {"disabled": True}}})
    second, _ = overlay_proxy_config({"proxyHeaders": {"server": {"value": "b"}}}, first)
    assert second.proxy_headers is not None
    assert second.proxy_headers.server is not None
    assert second.proxy_headers.server.value == "b"
    assert second.proxy_headers.request_id is not None


def test_the_cluster_is_named_one_way() -> None:
    named, _ = overlay_proxy_config({"tracingServiceName": "CANONICAL_NAME_ONLY"})
    assert (named.service_cluster, named.tracing_service_name) == (None, "CANONICAL_NAME_ONLY")


def test_providers_go_by_name_and_aliases_add_up() -> None:
    document = {"extensionProviders": [{"name": "envoy", "zipkin": {}}, {"name": "x"}], "trustDomainAliases": ["b"]}
    mesh, _ = overlay_mesh_config(document)
    assert [provider.name for provider in mesh.extension_providers] == ["prometheus", "stackdriver", "envoy", "x"]
    assert mesh.extension_providers[2].zipkin is not None
    again, _ = overlay_mesh_config({"trustDomainAliases": ["a"], "defaultProviders": {"tracing": ["x"]}}, mesh)
    assert again.trust_domain_aliases == ("a", "b")
    assert again.default_providers is not None
    assert again.default_providers.tracing == ("x",)
