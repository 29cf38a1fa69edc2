"""Who a proxy is: a node id and node metadata in, a workload and the few traits that count out.

Metadata keys are Istio's (`NAMESPACE`, `LABELS`, `INSTANCE_IPS`, ...); the id is
`sidecar~IP~NAME.NAMESPACE~NAMESPACE.svc.DOMAIN`.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Any, cast

from pillion.ir.traits import Family, Interception
from pillion.mesh.endpoint import NOWHERE, Locality
from pillion.mesh.names import is_ip
from pillion.mesh.workload import Workload
from pillion.resources.decode import decode_proxy_config
from pillion.resources.istio.mesh_proxy import ProxyConfig
from pillion.value import NO_LABELS, FrozenMap, Labels, Value

LAST_PORT = 2**16 - 1
OWN_PORTS = ("ENVOY_STATUS_PORT", "ENVOY_PROMETHEUS_PORT")
NOTHING_MORE: frozenset[str] = frozenset()
NO_PORTS: frozenset[int] = frozenset()
INTERCEPTIONS: FrozenMap[Interception] = FrozenMap({"REDIRECT": "REDIRECT", "TPROXY": "TPROXY", "NONE": "NONE"})


class Proxy(Value):
    """A proxy as the control plane sees it."""

    workload: Workload
    interception: Interception = "REDIRECT"
    dns_capture: bool = False
    dns_auto_allocate: bool = False
    certificates: bool = True
    """Whether a certificate provider is beside it."""
    http10: bool = False
    idle_timeout: str = ""
    unprivileged: bool = False
    exact_balance: bool = False
    capabilities: frozenset[str] = NOTHING_MORE
    """Names of Istio's own Envoy extensions that it lists."""
    http_proxy_port: int = 0
    proxy_config: ProxyConfig | None = None
    """Its own ProxyConfig, in place of the mesh's."""
    reserved_ports: frozenset[int] = NO_PORTS
    """Ports that it listens on itself, at every address."""
    version: str = ""
    """Istio's version, as it says."""
    metadata: Labels = NO_LABELS
    """Its node metadata, as far as they are texts: patches may ask for them."""

    given_families: tuple[Family, ...] = ()
    """Its IP families, found once: where its addresses are left out, they are known all the same."""

    @property
    def families(self) -> tuple[Family, ...]:
        """IP families of its addresses, v4 first."""
        return self.given_families or families_of(self.workload.addresses)


def families_of(addresses: Iterable[str]) -> tuple[Family, ...]:
    """Give the IP families of addresses, v4 first; that alone where there are none."""
    versions = {ip_address(address).version for address in addresses if is_ip(address)}
    found: list[Family] = ["v4"] if 4 in versions else []
    if 6 in versions:
        found.append("v6")
    return tuple(found) or ("v4",)


def read_proxy(
    node_id: str,
    metadata: Mapping[str, Any],
    *,
    locality: Locality | None = None,
    extensions: Iterable[str] = (),
) -> Proxy | None:
    """Read who a proxy is; None when the id is none of a sidecar."""
    parts = node_id.split("~")
    if len(parts) != 4 or parts[0] != "sidecar":
        return None
    _, address, name, domain = parts
    namespace = _text(metadata, "NAMESPACE") or domain.partition(".")[0]
    workload = Workload(
        name=name.removesuffix(f".{namespace}"),
        namespace=namespace,
        labels=_labels(metadata.get("LABELS")),
        addresses=_addresses(address, metadata),
        account=_text(metadata, "SERVICE_ACCOUNT") or "default",
        locality=locality or Locality(),
        network=_text(metadata, "NETWORK"),
        cluster=_text(metadata, "CLUSTER_ID"),
        node=_text(metadata, "NODE_NAME"),
    )
    return Proxy(
        workload=workload,
        interception=INTERCEPTIONS.get(_text(metadata, "INTERCEPTION_MODE"), "REDIRECT"),
        dns_capture=_flag(metadata, "DNS_CAPTURE"),
        dns_auto_allocate=_flag(metadata, "DNS_AUTO_ALLOCATE"),
        certificates=_text(metadata, "CERTIFICATE_PROVIDER") != "none",
        http10=_flag(metadata, "HTTP10"),
        idle_timeout=_text(metadata, "IDLE_TIMEOUT"),
        unprivileged=_flag(metadata, "UNPRIVILEGED_POD"),
        exact_balance=_flag(metadata, "INBOUND_LISTENER_EXACT_BALANCE"),
        capabilities=frozenset(name for name in extensions if "istio" in name) or NOTHING_MORE,
        http_proxy_port=_port(metadata, "HTTP_PROXY_PORT"),
        proxy_config=_proxy_config(metadata.get("PROXY_CONFIG")),
        reserved_ports=frozenset(port for key in OWN_PORTS if (port := _port(metadata, key))) or NO_PORTS,
        version=_text(metadata, "ISTIO_VERSION"),
        metadata=FrozenMap({str(key): each for key, each in metadata.items() if isinstance(each, str)}),
        given_families=families_of(workload.addresses),
    )


def _proxy_config(document: object) -> ProxyConfig | None:
    if not isinstance(document, Mapping) or not document:
        return None
    return decode_proxy_config(cast(Mapping[str, Any], document))[0]


def _text(metadata: Mapping[str, Any], key: str) -> str:
    value = metadata.get(key)
    if isinstance(value, bool) or value is None:
        return "true" if value else ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _port(metadata: Mapping[str, Any], key: str) -> int:
    """Read a port; 0 when it is none."""
    text = _text(metadata, key)
    port = int(text) if text.isdecimal() and len(text) <= 5 else 0
    return port if port <= LAST_PORT else 0


def _flag(metadata: Mapping[str, Any], key: str) -> bool:
    return _text(metadata, key).lower() in {"true", "1"}


def _labels(value: object) -> Labels:
    if not isinstance(value, Mapping):
        return FrozenMap()
    return FrozenMap({str(key): str(each) for key, each in cast(Mapping[str, Any], value).items()})


def _addresses(first: str, metadata: Mapping[str, Any]) -> tuple[str, ...]:
    listed = [each.strip() for each in _text(metadata, "INSTANCE_IPS").split(",") if is_ip(each.strip())]
    return tuple(dict.fromkeys(listed or [first] if is_ip(first) or listed else []))


def with_pod(workload: Workload, pod: Workload) -> Workload:
    """Give the workload with what its pod says and its proxy does not: declared ports, and its place.

    The node is what the proxy says itself (`NODE_NAME`), or none.
    """
    return Workload(
        name=workload.name,
        namespace=workload.namespace,
        labels=workload.labels,
        addresses=workload.addresses,
        account=workload.account,
        locality=pod.locality if workload.locality == NOWHERE else workload.locality,
        network=workload.network or pod.network,
        cluster=workload.cluster or pod.cluster,
        node=workload.node,
        ports=pod.ports,
    )
