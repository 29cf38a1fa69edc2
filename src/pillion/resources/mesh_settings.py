"""The settings of a mesh: Istio's defaults, and a user's MeshConfig or ProxyConfig laid over them.

Mirrors Istio's `pkg/config/mesh`: a field that the user sets replaces the default whole; only the proxy's
configuration, its metadata and headers, the default providers (field by field), the extension providers (by name) and
the trust domain aliases are merged.
"""

from collections.abc import Mapping
from typing import Any, TypeVar, cast

import msgspec

from pillion.resources.decode import decode_mesh_config, decode_proxy_config
from pillion.resources.duration import Duration
from pillion.resources.istio.destination_rule import LocalityLoadBalancerSetting
from pillion.resources.istio.mesh_config import (
    DefaultProviders,
    InboundTrafficPolicy,
    MeshConfig,
    MeshOutboundTrafficPolicy,
)
from pillion.resources.istio.mesh_provider import (
    EnvoyFileAccessLogProvider,
    ExtensionProvider,
    PrometheusMetricsProvider,
    StackdriverProvider,
)
from pillion.resources.istio.mesh_proxy import ProxyConfig
from pillion.value import Diagnostics, FrozenMap, Origin, Value

S = TypeVar("S", bound=Value)

_MERGED_HEADERS = ("forwarded_client_cert", "request_id", "attempt_count", "server", "envoy_debug_headers")


def default_proxy_config() -> ProxyConfig:
    """Return what a proxy is set to when nobody says anything."""
    return ProxyConfig(
        config_path="./etc/istio/proxy",
        service_cluster="istio-proxy",
        drain_duration=seconds(45),
        termination_drain_duration=seconds(5),
        proxy_admin_port=15000,
        control_plane_auth_policy="MUTUAL_TLS",
        discovery_address="istiod.istio-system.svc:15012",
        binary_path="/usr/local/bin/envoy",
        stat_name_length=189,
        status_port=15020,
    )


def default_mesh_config() -> MeshConfig:
    """Return what a mesh is set to when nobody says anything."""
    everywhere = ("*",)
    return MeshConfig(
        enable_tracing=True,
        protocol_detection_timeout=Duration(),
        ingress_service="istio-ingressgateway",
        ingress_controller_mode="STRICT",
        ingress_class="istio",
        trust_domain="cluster.local",
        enable_auto_mtls=True,
        outbound_traffic_policy=MeshOutboundTrafficPolicy(mode="ALLOW_ANY"),
        inbound_traffic_policy=InboundTrafficPolicy(),
        locality_lb_setting=LocalityLoadBalancerSetting(enabled=True),
        default_config=default_proxy_config(),
        root_namespace="istio-system",
        proxy_listen_port=15001,
        proxy_inbound_listen_port=15006,
        connect_timeout=seconds(10),
        default_service_export_to=everywhere,
        default_virtual_service_export_to=everywhere,
        default_destination_rule_export_to=everywhere,
        dns_refresh_rate=seconds(60),
        enable_prometheus_merge=True,
        default_providers=DefaultProviders(),
        extension_providers=(
            ExtensionProvider(name="prometheus", prometheus=PrometheusMetricsProvider()),
            ExtensionProvider(name="stackdriver", stackdriver=StackdriverProvider()),
            ExtensionProvider(
                name="envoy", envoy_file_access_log=EnvoyFileAccessLogProvider(path="/dev/stdout")
            ),
        ),
    )  # fmt: skip


def overlay_mesh_config(
    document: Mapping[str, Any], base: MeshConfig | None = None, origin: Origin | None = None
) -> tuple[MeshConfig, Diagnostics]:
    """Lay a user's MeshConfig over `base` (Istio's defaults when `None`)."""
    below = default_mesh_config() if base is None else base
    above, diagnostics = decode_mesh_config(document, origin)
    merged = _overlay(below, above, document)
    proxy_document = _part(document, "default_config")
    providers = _part(document, "default_providers")
    proxy = below.default_config or default_proxy_config()
    return msgspec.structs.replace(
        merged,
        default_config=_overlay_proxy(proxy, above.default_config or ProxyConfig(), proxy_document),
        default_providers=_overlay(
            below.default_providers or DefaultProviders(), above.default_providers or DefaultProviders(), providers
        ),
        extension_providers=_by_name(below.extension_providers, above.extension_providers),
        trust_domain_aliases=tuple(sorted({*below.trust_domain_aliases, *above.trust_domain_aliases})),
    ), diagnostics


def overlay_proxy_config(
    document: Mapping[str, Any], base: ProxyConfig | None = None, origin: Origin | None = None
) -> tuple[ProxyConfig, Diagnostics]:
    """Lay a ProxyConfig, such as the annotation `proxy.istio.io/config`, over `base` (the defaults when `None`)."""
    above, diagnostics = decode_proxy_config(document, origin)
    return _overlay_proxy(default_proxy_config() if base is None else base, above, document), diagnostics


def seconds(count: int) -> Duration:
    """Return a duration of whole seconds."""
    return Duration(nanoseconds=count * 10**9)


def _overlay(below: S, above: S, document: Mapping[str, Any]) -> S:
    """Take the fields that `document` sets, by either of their names, from `above`."""
    names = zip(below.__struct_fields__, below.__struct_encode_fields__, strict=True)
    chosen = [name for name, spelt in names if document.get(spelt) is not None or document.get(name) is not None]
    return msgspec.structs.replace(below, **{name: getattr(above, name) for name in chosen})


def _overlay_proxy(below: ProxyConfig, above: ProxyConfig, document: Mapping[str, Any]) -> ProxyConfig:
    merged = _overlay(below, above, document)
    metadata = FrozenMap({**below.proxy_metadata, **above.proxy_metadata})
    headers = merged.proxy_headers
    if headers is not None and below.proxy_headers is not None:
        kept = {name: getattr(headers, name) or getattr(below.proxy_headers, name) for name in _MERGED_HEADERS}
        headers = msgspec.structs.replace(headers, **kept)
    chosen = {"tracing_service_name": None} if document.get("serviceCluster") else {}
    chosen |= {"service_cluster": None} if document.get("tracingServiceName") else {}
    return msgspec.structs.replace(merged, proxy_metadata=metadata, proxy_headers=headers, **chosen)


def _by_name(
    below: tuple[ExtensionProvider, ...], above: tuple[ExtensionProvider, ...]
) -> tuple[ExtensionProvider, ...]:  # fmt: skip
    return tuple({provider.name: provider for provider in (*below, *above)}.values())


def _part(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    head, *rest = name.split("_")
    spelt = head + "".join(word.title() for word in rest)
    part = document.get(spelt) or document.get(name)
    return cast(Mapping[str, Any], part) if isinstance(part, Mapping) else {}
