"""Who a proxy is: its id, Istio's node metadata, its locality; from the environment and the downward API's files."""

import json
from collections.abc import Mapping
from typing import cast

from pillion.agent.proxy_config import ProxyConfig, frozen
from pillion.envoy.bootstrap.model import Locality, Node
from pillion.value import FrozenMap, Value

META = "ISTIO_META_"
META_JSON = "ISTIO_METAJSON_"
LOCALITY_LABEL = "istio-locality"
HASH_LABEL = "pod-template-hash"
"""Differs between ReplicaSets of one Deployment; not a property of the workload."""
PROXY_CLUSTER = "istio-proxy"


class PodInfo(Value):
    """What the downward API says about the pod; None where there is no such file."""

    labels: FrozenMap[str] | None = None
    annotations: FrozenMap[str] | None = None


class ProxyIdentity(Value):
    """The facts about the agent itself that metadata needs."""

    node_id: str
    instance_ips: tuple[str, ...]
    version: str
    status_port: int = 15021
    prometheus_port: int = 15090
    outlier_log_path: str = ""
    pilot_subject_alt_names: tuple[str, ...] = ()
    exit_on_zero_active_connections: bool = False
    workload_socket: str = ""
    certificates: bool = True
    """Whether somebody beside the workload hands out its certificate."""
    metadata_discovery: bool | None = None


def node_id(environment: Mapping[str, str], instance_ip: str, domain: str) -> str:
    """Return `sidecar~IP~POD.NAMESPACE~DOMAIN`; the domain defaults to NAMESPACE.svc.cluster.local."""
    namespace = environment.get("POD_NAMESPACE", "")
    pod = environment.get("POD_NAME", "")
    return f"sidecar~{instance_ip}~{pod}.{namespace}~{domain or f'{namespace}.svc.cluster.local'}"


def parse_downward(text: str) -> FrozenMap[str]:
    """Read a file of the downward API: lines of `key="value"`, the value quoted as Go quotes."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, quoted = line.partition("=")
        if equals:
            found[key] = _unquote(quoted)
    return FrozenMap(found)


def build(environment: Mapping[str, str], proxy: ProxyConfig, pod: PodInfo, identity: ProxyIdentity) -> Node:
    """Return the node: typed metadata wins over what is only passed through from ISTIO_META_ variables."""
    raw = _raw_metadata(environment, proxy)
    labels, static_labels = _labels(environment, pod)
    locality, labels = _locality(labels)
    if static_labels and LOCALITY_LABEL in static_labels and pod.labels is None:
        static_labels = labels
    annotations = pod.annotations or FrozenMap[str]()
    typed = {
        "NAME": environment.get("POD_NAME", ""),
        "NAMESPACE": environment.get("POD_NAMESPACE", ""),
        "SERVICE_ACCOUNT": environment.get("SERVICE_ACCOUNT", ""),
        "LABELS": labels,
        "STATIC_LABELS": static_labels,
        "ANNOTATIONS": annotations,
        "INSTANCE_IPS": ",".join(dict.fromkeys(identity.instance_ips)),
        "ISTIO_VERSION": raw.get("ISTIO_VERSION") or identity.version,
        "OUTLIER_LOG_PATH": identity.outlier_log_path,
        "PILOT_SAN": identity.pilot_subject_alt_names,
        "ENVOY_STATUS_PORT": identity.status_port,
        "ENVOY_PROMETHEUS_PORT": identity.prometheus_port,
        "EXIT_ON_ZERO_ACTIVE_CONNECTIONS": "true" if identity.exit_on_zero_active_connections else "",
        "WORKLOAD_IDENTITY_SOCKET_FILE": identity.workload_socket,
        "CERTIFICATE_PROVIDER": "" if identity.certificates else "none",
        "METADATA_DISCOVERY": _flag(identity.metadata_discovery, raw),
        "PROXY_CONFIG": proxy.document,
    }
    metadata = {**raw, **{name: value for name, value in typed.items() if value}}
    return Node(
        id=identity.node_id,
        cluster=_cluster(proxy, labels, environment.get("POD_NAMESPACE", ""), str(raw.get("WORKLOAD_NAME") or "")),
        metadata=FrozenMap(metadata),
        locality=locality,
    )


def _raw_metadata(environment: Mapping[str, str], proxy: ProxyConfig) -> dict[str, object]:
    raw: dict[str, object] = {}
    for variables in (proxy.proxy_metadata, environment):
        raw |= {name.removeprefix(META): value for name, value in variables.items() if name.startswith(META)}
    for name, value in environment.items():
        if name.startswith(META_JSON):
            raw |= _object(value)
    if address := environment.get("DNS_PROXY_ADDR"):
        raw["DNS_PROXY_ADDR"] = address
    return raw


def _object(text: str) -> dict[str, object]:
    try:
        value: object = json.loads(text)
    except ValueError:
        return {}
    return dict(frozen(cast(Mapping[str, object], value))) if isinstance(value, dict) else {}


def _labels(environment: Mapping[str, str], pod: PodInfo) -> tuple[FrozenMap[str], FrozenMap[str]]:
    given = _object(environment.get(f"{META_JSON}LABELS", ""))
    static = {name: value for name, value in given.items() if isinstance(value, str)}
    if pod.labels is None:
        return FrozenMap(static), FrozenMap(static)
    of_pod = {name: value for name, value in pod.labels.items() if name != HASH_LABEL}
    return FrozenMap({**static, **of_pod}), FrozenMap(static)


def _locality(labels: FrozenMap[str]) -> tuple[Locality, FrozenMap[str]]:
    """Return the locality of label `istio-locality`, whose parts are split by `/` or, without one, by dots."""
    label = labels.get(LOCALITY_LABEL, "")
    if not label:
        return Locality(), labels
    path = label if "/" in label else label.replace(".", "/")
    region, zone, sub_zone = (*path.split("/"), "", "")[:3]
    return Locality(region=region, zone=zone, sub_zone=sub_zone), FrozenMap({**labels, LOCALITY_LABEL: path})


def _flag(given: bool | None, raw: Mapping[str, object]) -> str:
    if given is None:
        return "true" if str(raw.get("ENABLE_HBONE", "")).lower() == "true" else "false"
    return "true" if given else "false"


def _cluster(proxy: ProxyConfig, labels: FrozenMap[str], namespace: str, workload: str) -> str:
    """Return the name by which traces and Envoy itself know this workload."""
    canonical = (
        labels.get("service.istio.io/canonical-name")
        or labels.get("app.kubernetes.io/name")
        or labels.get("app")
        or workload
        or PROXY_CLUSTER
    )
    name = proxy.service_cluster
    match proxy.tracing_service_name:
        case "CANONICAL_NAME_AND_NAMESPACE" if namespace:
            return f"{canonical}.{namespace}"
        case "CANONICAL_NAME_ONLY" | "CANONICAL_NAME_AND_NAMESPACE":
            name = canonical
        case _:
            pass
    if name and name != PROXY_CLUSTER:
        return name
    owner = labels.get("app") or labels.get("app.kubernetes.io/name") or workload
    if owner or namespace:
        return f"{owner or PROXY_CLUSTER}.{namespace}"
    return PROXY_CLUSTER


def _unquote(quoted: str) -> str:
    try:
        value: object = json.loads(quoted)
    except ValueError:  # Go quotes some characters in ways that JSON does not know
        return quoted.strip('"').encode().decode("unicode_escape", errors="replace")
    return value if isinstance(value, str) else quoted
