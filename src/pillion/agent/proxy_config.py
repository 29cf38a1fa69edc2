"""The pod's ProxyConfig: Istio's defaults, then PROXY_CONFIG of the environment, then the pod's annotation.

Later ones replace whole fields of earlier ones; nothing is merged inside a field. The document itself travels to the
control plane in the node metadata, so it is kept beside the few fields that the agent reads.
"""

import json
from collections.abc import Mapping
from typing import cast, get_origin

import msgspec

from pillion.value import Diagnostic, Diagnostics, FrozenMap, Value, Where

Document = Mapping[str, object]

DEFAULTS: Document = {
    "configPath": "./etc/istio/proxy",
    "binaryPath": "/usr/local/bin/envoy",
    "serviceCluster": "istio-proxy",
    "drainDuration": "45s",
    "terminationDrainDuration": "5s",
    "discoveryAddress": "istiod.istio-system.svc:15012",
    "proxyAdminPort": 15000,
    "controlPlaneAuthPolicy": "MUTUAL_TLS",
    "statNameLength": 189,
    "statusPort": 15020,
}
UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Zipkin(Value, rename="camel"):
    """A tracing backend with an address."""

    address: str = ""


class Lightstep(Value, rename="camel"):
    """A tracing backend that wants a token."""

    address: str = ""
    access_token: str = ""


class TlsSettings(Value, rename="camel"):
    """`ClientTLSSettings` of the API."""

    mode: str = "DISABLE"
    ca_certificates: str = ""
    client_certificate: str = ""
    private_key: str = ""
    sni: str = ""
    subject_alt_names: tuple[str, ...] = ()


class TcpKeepalive(Value, rename="camel"):
    """`TcpKeepalive` of the API; durations as text."""

    probes: int = 0
    time: str = ""
    interval: str = ""


class Tracing(Value, rename="camel"):
    """Where spans go."""

    zipkin: Zipkin | None = None
    lightstep: Lightstep | None = None
    datadog: Zipkin | None = None
    tls_settings: TlsSettings | None = None


class RemoteService(Value, rename="camel"):
    """A service that Envoy reports to."""

    address: str = ""
    tls_settings: TlsSettings | None = None
    tcp_keepalive: TcpKeepalive | None = None


class ProxyStatsMatcher(Value, rename="camel"):
    """Statistics to keep beside Istio's own list."""

    inclusion_prefixes: tuple[str, ...] = ()
    inclusion_suffixes: tuple[str, ...] = ()
    inclusion_regexps: tuple[str, ...] = ()


class ConnectionSettings(Value, rename="camel"):
    """Limits of the whole proxy."""

    global_downstream_connection_limit: int = 0


class ProxyConfig(Value, rename="camel"):
    """The fields of a ProxyConfig that the agent reads."""

    config_path: str
    binary_path: str
    discovery_address: str
    proxy_admin_port: int
    status_port: int
    drain_duration: str
    termination_drain_duration: str
    control_plane_auth_policy: str = "MUTUAL_TLS"
    service_cluster: str = ""
    tracing_service_name: str = ""
    concurrency: int | None = None
    statsd_udp_address: str = ""
    extra_stat_tags: tuple[str, ...] = ()
    stats_compression: bool = True
    envoy_metrics_service: RemoteService | None = None
    envoy_access_log_service: RemoteService | None = None
    tracing: Tracing | None = None
    proxy_stats_matcher: ProxyStatsMatcher = ProxyStatsMatcher()
    connection_settings: ConnectionSettings = ConnectionSettings()
    proxy_metadata: FrozenMap[str] = FrozenMap()
    runtime_values: FrozenMap[str] = FrozenMap()
    document: FrozenMap[object] = FrozenMap()
    """The whole ProxyConfig as the API has it, for the node metadata."""


def decode(*texts: tuple[str, str]) -> tuple[ProxyConfig, Diagnostics]:
    """Return the ProxyConfig of `(name, JSON or YAML text)` layers over the defaults; a broken layer is left out."""
    document = dict(DEFAULTS)
    diagnostics: list[Diagnostic] = []
    for name, text in texts:
        layer, found = _layer(name, text)
        diagnostics += found
        _, found = build({**document, **layer}, name)
        diagnostics += found
        if not found:
            if "tracingServiceName" in layer:  # one of the two names a proxy has
                document.pop("serviceCluster", None)
            document |= layer
    config, found = build(document, "defaults")
    return config, (*diagnostics, *found)


def build(document: Document, name: str) -> tuple[ProxyConfig, Diagnostics]:
    """Return the ProxyConfig of a whole document; with an error, the defaults' one."""
    try:
        config = msgspec.convert(document, ProxyConfig, strict=False, dec_hook=_hook)
    except msgspec.ValidationError as error:
        where = Where(resource=name)
        problem = Diagnostic(code="invalid-proxy-config", severity="error", message=str(error), where=where)
        return msgspec.convert(DEFAULTS, ProxyConfig, dec_hook=_hook), (problem,)
    return msgspec.structs.replace(config, document=frozen(document)), ()


def frozen(document: Document) -> FrozenMap[object]:
    """Return a document that cannot be changed any more."""
    return FrozenMap({key: _frozen(value) for key, value in document.items()})


def _frozen(value: object) -> object:
    if isinstance(value, dict):
        return frozen(cast(Document, value))
    if isinstance(value, list):
        return tuple(_frozen(item) for item in cast(list[object], value))
    return value


def seconds(duration: str) -> float | None:
    """Return the seconds of a duration as Go writes it (`5s`, `1h30m`, `1.5s`), None if it is none."""
    if not duration:
        return None
    total = 0.0
    rest = duration
    while rest:
        number = rest[: len(rest) - len(rest.lstrip("0123456789."))]
        rest = rest[len(number) :]
        unit = next((name for name in ("ns", "us", "µs", "ms", "s", "m", "h") if rest.startswith(name)), "")
        if not unit or not number.replace(".", "", 1).isdecimal():
            return None
        total += float(number) * UNITS[unit]
        rest = rest[len(unit) :]
    return total


def _hook(kind: type, value: object) -> object:
    if get_origin(kind) is FrozenMap and isinstance(value, dict):
        return FrozenMap({name: str(text) for name, text in cast(Document, value).items()})
    raise TypeError(f"{value!r} is no map")


def _layer(name: str, text: str) -> tuple[Document, Diagnostics]:
    if not text.strip():
        return {}, ()
    try:
        layer: object = json.loads(text)
    except ValueError:
        import yaml  # noqa: PLC0415 the injector writes JSON; only a person's annotation may be YAML

        try:
            layer = yaml.safe_load(text)
        except yaml.YAMLError as error:
            return {}, (problem(name, f"not JSON and not YAML: {error}"),)
    if not isinstance(layer, dict):
        return {}, (problem(name, "not an object"),)
    return cast(Document, layer), ()


def problem(name: str, message: str) -> Diagnostic:
    """Return an error about a ProxyConfig."""
    return Diagnostic(code="invalid-proxy-config", severity="error", message=message, where=Where(resource=name))
