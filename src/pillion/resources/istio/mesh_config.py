"""MeshConfig: a mesh's own settings. Defaults and overlays are in `resources.mesh_settings`."""

from typing import ClassVar, Literal

import msgspec

from pillion.resources.duration import Duration
from pillion.resources.istio.destination_rule import (
    ClientTLSSettings,
    ConnectionPoolSettings,
    LocalityLoadBalancerSetting,
    OutlierDetection,
    TcpKeepalive,
    ZoneAwareLoadBalancerSetting,
)
from pillion.resources.istio.mesh_provider import ExtensionProvider
from pillion.resources.istio.mesh_proxy import ProxyConfig
from pillion.resources.istio.virtual_service import HTTPRetry
from pillion.resources.number import PortNumber, Signed
from pillion.value import NO_LABELS, Labels, Value

Resource = Literal["SERVICE_REGISTRY"]
IngressControllerMode = Literal["UNSPECIFIED", "OFF", "DEFAULT", "STRICT"]
AuthPolicy = Literal["NONE", "MUTUAL_TLS"]
AccessLogEncoding = Literal["TEXT", "JSON"]
H2UpgradePolicy = Literal["DO_NOT_UPGRADE", "UPGRADE"]
OutboundTrafficPolicyMode = Literal["REGISTRY_ONLY", "ALLOW_ANY", "ALLOW_ANY_DYNAMIC_DNS"]
InboundTrafficPolicyMode = Literal["PASSTHROUGH", "LOCALHOST"]
Scope = Literal["LOCAL", "GLOBAL"]
NormalizationType = Literal["DEFAULT", "NONE", "BASE", "MERGE_SLASHES", "DECODE_AND_MERGE_SLASHES"]
TLSProtocol = Literal["TLS_AUTO", "TLSV1_2", "TLSV1_3"]
Visibility = Literal["VISIBILITY_UNSPECIFIED", "NONE", "NAMESPACE", "PUBLIC"]


class MeshOutboundTrafficPolicy(Value, rename="camel"):
    """What becomes of traffic to destinations that are not known, in the whole mesh."""

    mode: OutboundTrafficPolicyMode = "REGISTRY_ONLY"
    tls: ClientTLSSettings | None = None


class InboundTrafficPolicy(Value, rename="camel"):
    """Where traffic to ports that are not known is handed on."""

    mode: InboundTrafficPolicyMode = "PASSTHROUGH"


class CertificateData(Value, rename="camel"):
    """A root of trust, as PEM or behind a URL."""

    ONEOFS: ClassVar[tuple[tuple[str, ...], ...]] = (("pem", "spiffe_bundle_url"),)

    pem: str | None = None
    spiffe_bundle_url: str | None = None
    cert_signers: tuple[str, ...] = ()
    trust_domains: tuple[str, ...] = ()


class Settings(Value, rename="camel"):
    """Whether services stay within their cluster."""

    cluster_local: bool = False


class ServiceSettings(Value, rename="camel"):
    """Settings of some services."""

    settings: Settings | None = None
    hosts: tuple[str, ...] = ()


class LabelSelectorRequirement(Value, rename="camel"):
    """One condition on a label."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Value, rename="camel"):
    """Labels and conditions on labels; all must hold."""

    match_labels: Labels = NO_LABELS
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()


class ServiceScopeConfigs(Value, rename="camel"):
    """Which services are seen from other clusters."""

    namespace_selector: LabelSelector | None = None
    services_selector: LabelSelector | None = None
    scope: Scope = "LOCAL"


class CA(Value, rename="camel"):
    """The certificate authority."""

    address: str = ""
    tls_settings: ClientTLSSettings | None = None
    request_timeout: Duration | None = None
    istiod_side: bool = False


class DefaultProviders(Value, rename="camel"):
    """The providers that count when a Telemetry names none."""

    tracing: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()
    access_logging: tuple[str, ...] = ()


class ProxyPathNormalization(Value, rename="camel"):
    """How paths are normalised before policies see them."""

    normalization: NormalizationType = "DEFAULT"


class TLSConfig(Value, rename="camel"):
    """Versions, curves and ciphers of TLS."""

    min_protocol_version: TLSProtocol = "TLS_AUTO"
    ecdh_curves: tuple[str, ...] = ()
    cipher_suites: tuple[str, ...] = ()


class DefaultTrafficPolicy(Value, rename="camel"):
    """What counts where no DestinationRule says otherwise."""

    connection_pool: ConnectionPoolSettings | None = None
    outlier_detection: OutlierDetection | None = None


class ConfigSource(Value, rename="camel"):
    """Where configuration comes from."""

    address: str = ""
    tls_settings: ClientTLSSettings | None = None
    subscribed_resources: tuple[Resource, ...] = ()


class Certificate(Value, rename="camel"):
    """A certificate that the control plane makes for DNS names."""

    secret_name: str = ""
    dns_names: tuple[str, ...] = ()


class MatchRule(Value, rename="camel"):
    """The namespaces that a policy of visibility is for."""

    namespace_selector: LabelSelector | None = None


class Policy(Value, rename="camel"):
    """A visibility for some namespaces."""

    visibility: Visibility = "VISIBILITY_UNSPECIFIED"
    matching_rules: tuple[MatchRule, ...] = ()


class ServiceEntryVisibility(Value, rename="camel"):
    """Who may see ServiceEntries that do not say it."""

    default_visibility: Visibility = "VISIBILITY_UNSPECIFIED"
    apply_to_sidecars: bool = False
    policies: tuple[Policy, ...] = ()


class MeshConfig(Value, rename="camel"):
    """The settings of a mesh."""

    proxy_listen_port: Signed = 0
    proxy_inbound_listen_port: PortNumber = 0
    proxy_http_port: PortNumber = 0
    connect_timeout: Duration | None = None
    hbone_idle_timeout: Duration | None = None
    protocol_detection_timeout: Duration | None = None
    tcp_keepalive: TcpKeepalive | None = None
    ingress_class: str = ""
    ingress_service: str = ""
    ingress_controller_mode: IngressControllerMode = "UNSPECIFIED"
    ingress_selector: str = ""
    enable_tracing: bool = False
    access_log_file: str = ""
    access_log_format: str = ""
    access_log_encoding: AccessLogEncoding = "TEXT"
    enable_envoy_access_log_service: bool = False
    disable_envoy_listener_log: bool = False
    default_config: ProxyConfig | None = None
    outbound_traffic_policy: MeshOutboundTrafficPolicy | None = None
    inbound_traffic_policy: InboundTrafficPolicy | None = None
    config_sources: tuple[ConfigSource, ...] = ()
    enable_auto_mtls: bool | None = None
    trust_domain: str = ""
    trust_domain_aliases: tuple[str, ...] = ()
    ca_certificates: tuple[CertificateData, ...] = ()
    default_service_export_to: tuple[str, ...] = ()
    default_virtual_service_export_to: tuple[str, ...] = ()
    default_destination_rule_export_to: tuple[str, ...] = ()
    root_namespace: str = ""
    locality_lb_setting: LocalityLoadBalancerSetting | None = None
    zone_aware_lb_setting: ZoneAwareLoadBalancerSetting | None = None
    dns_refresh_rate: Duration | None = None
    h2_upgrade_policy: H2UpgradePolicy = "DO_NOT_UPGRADE"
    inbound_cluster_stat_name: str = ""
    outbound_cluster_stat_name: str = ""
    certificates: tuple[Certificate, ...] = ()
    service_settings: tuple[ServiceSettings, ...] = ()
    service_scope_configs: tuple[ServiceScopeConfigs, ...] = ()
    enable_prometheus_merge: bool | None = None
    verify_certificate_at_client: bool | None = None
    ca: CA | None = None
    extension_providers: tuple[ExtensionProvider, ...] = ()
    default_providers: DefaultProviders | None = None
    discovery_selectors: tuple[LabelSelector, ...] = ()
    path_normalization: ProxyPathNormalization | None = None
    default_http_retry_policy: HTTPRetry | None = None
    default_inbound_http_retry_policy: HTTPRetry | None = None
    mesh_mtls: TLSConfig | None = msgspec.field(default=None, name="meshMTLS")
    tls_defaults: TLSConfig | None = None
    default_traffic_policy: DefaultTrafficPolicy | None = None
    service_entry_visibility: ServiceEntryVisibility | None = None
