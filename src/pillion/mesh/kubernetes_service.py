"""A Kubernetes Service as a service of the mesh (Istio's `kube.ConvertService`)."""

from pillion.mesh.names import service_hostname
from pillion.mesh.service import Resolution, Service, ServicePort
from pillion.resources.kubernetes.service import HEADLESS
from pillion.resources.kubernetes.service import Service as KubernetesService
from pillion.resources.protocol import service_protocol
from pillion.value import Labels

EXPORT_TO = "networking.istio.io/exportTo"
TRAFFIC_DISTRIBUTION = "networking.istio.io/traffic-distribution"
CANONICAL_ACCOUNTS = "alpha.istio.io/canonical-serviceaccounts"
KUBERNETES_ACCOUNTS = "alpha.istio.io/kubernetes-serviceaccounts"


def convert(declared: KubernetesService, domain: str, trust_domain: str, namespace_annotations: Labels) -> Service:
    """Give the service that a Kubernetes Service stands for; its members come from the endpoint table."""
    metadata, spec = declared.metadata, declared.spec
    external_name = spec.external_name if spec.type == "ExternalName" else ""
    return Service(
        hostname=service_hostname(metadata.name, metadata.namespace, domain),
        namespace=metadata.namespace,
        name=metadata.name,
        ports=tuple(
            ServicePort(
                name=port.name,
                number=port.port,
                protocol=service_protocol(port.port, port.name, port.protocol, port.app_protocol),
                target=port.target_port,
            )
            for port in spec.ports
        ),
        addresses=_addresses(spec.cluster_ip, spec.cluster_ips),
        resolution=_resolution(external_name, spec.cluster_ip),
        registry="Kubernetes",
        external=bool(external_name),
        export_to=_split(metadata.annotations.get(EXPORT_TO, "")),
        labels=metadata.labels,
        selector=spec.selector,
        created=metadata.creation_timestamp,
        external_name=external_name,
        accounts=_accounts(metadata.annotations, metadata.namespace, trust_domain),
        node_local=spec.internal_traffic_policy == "Local",
        traffic_distribution=spec.traffic_distribution
        or metadata.annotations.get(TRAFFIC_DISTRIBUTION)
        or namespace_annotations.get(TRAFFIC_DISTRIBUTION, ""),
        publish_not_ready=spec.publish_not_ready_addresses,
    )


def spiffe(trust_domain: str, namespace: str, account: str) -> str:
    """Name a workload's identity."""
    return f"spiffe://{trust_domain}/ns/{namespace}/sa/{account}"


def _addresses(first: str, every: tuple[str, ...]) -> tuple[str, ...]:
    if not first or first == HEADLESS:
        return ()
    return every if len(every) > 1 else (first,)


def _resolution(external_name: str, cluster_ip: str) -> Resolution:
    if cluster_ip == HEADLESS:
        return "PASSTHROUGH"
    return "ALIAS" if external_name else "EDS"


def _split(text: str) -> tuple[str, ...]:
    return tuple(sorted({part.strip() for part in text.split(",")})) if text else ()


def _accounts(annotations: Labels, namespace: str, trust_domain: str) -> tuple[str, ...]:
    canonical = _split(annotations.get(CANONICAL_ACCOUNTS, ""))
    own = (spiffe(trust_domain, namespace, name) for name in _split(annotations.get(KUBERNETES_ACCOUNTS, "")))
    return tuple(sorted({*canonical, *own}))
