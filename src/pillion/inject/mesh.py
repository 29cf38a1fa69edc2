"""The mesh config that templates see: Istio's defaults, the user's text over them, one pod's annotation over that.

Documents in Istio's JSON, as `schema.message` reads them. A field of the user's text replaces the default's whole
field; three are merged: `defaultConfig` (field by field), `defaultProviders` (likewise), `extensionProviders` (by
name), as Istio's `mesh.ApplyMeshConfig` does.
"""

from typing import Any, cast

from pillion.inject.schema.message import MessageReader, Problem
from pillion.inject.schema.types import Json, table
from pillion.inject.schema.unknown import Unknown

ANNOTATION = "proxy.istio.io/config"


def default_proxy_config() -> Json:
    """Return the configuration that a proxy has when nobody says anything."""
    return {
        "configPath": "./etc/istio/proxy",
        "binaryPath": "/usr/local/bin/envoy",
        "serviceCluster": "istio-proxy",
        "drainDuration": "45s",
        "discoveryAddress": "istiod.istio-system.svc:15012",
        "proxyAdminPort": 15000,
        "controlPlaneAuthPolicy": "MUTUAL_TLS",
        "statNameLength": 189,
        "statusPort": 15020,
        "terminationDrainDuration": "5s",
    }


def default_mesh_config() -> Json:
    """Return the mesh config of a mesh without one."""
    return {
        "proxyListenPort": 15001,
        "proxyInboundListenPort": 15006,
        "connectTimeout": "10s",
        "protocolDetectionTimeout": "0s",
        "ingressClass": "istio",
        "ingressService": "istio-ingressgateway",
        "ingressControllerMode": "STRICT",
        "enableTracing": True,
        "defaultConfig": default_proxy_config(),
        "outboundTrafficPolicy": {"mode": "ALLOW_ANY"},
        "inboundTrafficPolicy": {},
        "enableAutoMtls": True,
        "trustDomain": "cluster.local",
        "defaultServiceExportTo": ["*"],
        "defaultVirtualServiceExportTo": ["*"],
        "defaultDestinationRuleExportTo": ["*"],
        "rootNamespace": "istio-system",
        "localityLbSetting": {"enabled": True},
        "dnsRefreshRate": "60s",
        "enablePrometheusMerge": True,
        "extensionProviders": [
            {"name": "prometheus", "prometheus": {}},
            {"name": "stackdriver", "stackdriver": {}},
            {"name": "envoy", "envoyFileAccessLog": {"path": "/dev/stdout"}},
        ],
        "defaultProviders": {},
    }


class MeshReading:
    """A mesh config that was read: the document, what is wrong with the text, what it says that nobody knows."""

    def __init__(self, document: Json, problems: list[Problem], unknown: list[Unknown]) -> None:
        self.document: Json = document
        self.problems: list[Problem] = problems
        self.unknown: list[Unknown] = unknown


def apply_mesh_config(text: Json, defaults: Json) -> MeshReading:
    """Lay a user's mesh config over `defaults` as Istio does."""
    reader = MessageReader(table("mesh"))
    document = reader.message(text, "MeshConfig")
    merged = defaults | document
    if "defaultConfig" in document:
        merged["defaultConfig"] = merge_proxy_config(document["defaultConfig"], defaults["defaultConfig"])
    if "defaultProviders" in document:
        merged["defaultProviders"] = defaults.get("defaultProviders", {}) | document["defaultProviders"]
    if "extensionProviders" in document:
        named = {provider.get("name", ""): provider for provider in defaults.get("extensionProviders", [])}
        named |= {provider.get("name", ""): provider for provider in document["extensionProviders"]}
        merged["extensionProviders"] = list(named.values())
    if "trustDomainAliases" in document:
        merged["trustDomainAliases"] = sorted(
            {*defaults.get("trustDomainAliases", ()), *document["trustDomainAliases"]}
        )
    return MeshReading(merged, reader.problems, reader.unknown)


def merge_proxy_config(document: Json, defaults: Json) -> Json:
    """Lay a canonical ProxyConfig over another: fields are replaced, proxyMetadata and proxyHeaders are merged."""
    merged = defaults | document
    if "serviceCluster" in document:
        merged.pop("tracingServiceName", None)
    if "tracingServiceName" in document:
        merged.pop("serviceCluster", None)
    for key in ("proxyMetadata", "proxyHeaders"):
        if key in document and key in defaults:
            merged[key] = cast(Json, defaults[key]) | document[key]
    return merged


def read_proxy_config(document: Any) -> MeshReading:
    """Read a ProxyConfig, such as the annotation `proxy.istio.io/config` holds, without any defaults."""
    reader = MessageReader(table("mesh"))
    return MeshReading(reader.message(document, "ProxyConfig"), reader.problems, reader.unknown)


_CLEANED = (
    "configPath",
    "binaryPath",
    "controlPlaneAuthPolicy",
    "serviceCluster",
    "drainDuration",
    "terminationDrainDuration",
    "discoveryAddress",
    "proxyAdminPort",
    "statNameLength",
    "statusPort",
)


def clean_proxy_config(document: Json) -> Json:
    """Leave out what equals the default, and empty metadata: the PROXY_CONFIG that a pod carries stays small."""
    defaults = default_proxy_config()
    cleaned = {key: value for key, value in document.items() if key not in _CLEANED or value != defaults[key]}
    if not cleaned.get("proxyMetadata", True):
        del cleaned["proxyMetadata"]
    return cleaned
