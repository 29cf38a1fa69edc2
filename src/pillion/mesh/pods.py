"""Pods and WorkloadEntries as workloads that services may select."""

from collections.abc import Iterable, Mapping

from pillion.mesh.endpoint import NOWHERE, Endpoint, Locality
from pillion.mesh.kubernetes_service import spiffe
from pillion.mesh.service_entry import LOCALITY_LABEL, NETWORK_LABEL, TLS_MODE, augmented, parse_locality
from pillion.mesh.workload import NamedPort, Workload
from pillion.resources.kubernetes.cluster import Node
from pillion.resources.kubernetes.pod import Pod
from pillion.value import Labels

REGION = "topology.kubernetes.io/region"
ZONE = "topology.kubernetes.io/zone"
SUB_ZONE = "topology.istio.io/subzone"
OVER = frozenset({"Succeeded", "Failed"})


def addresses_of(pod: Pod) -> tuple[str, ...]:
    """Give a pod's IP addresses, the primary one first; none while it has none or when it has ended."""
    if pod.status.phase in OVER:
        return ()
    every = tuple(each.ip for each in pod.status.pod_ips if each.ip)
    return every or ((pod.status.pod_ip,) if pod.status.pod_ip else ())


def is_ready(pod: Pod) -> bool:
    """Return whether a pod says that it is ready."""
    return any(each.type == "Ready" and each.status == "True" for each in pod.status.conditions)


def workload_of(pod: Pod, nodes: Mapping[str, Node], network: str) -> Workload:
    """Give the workload that a pod is. `network` is what its namespace says, its own label counts more."""
    return Workload(
        name=pod.metadata.name,
        namespace=pod.metadata.namespace,
        labels=pod.metadata.labels,
        addresses=addresses_of(pod),
        account=pod.spec.service_account_name or "default",
        locality=locality_of(pod, nodes),
        network=pod.metadata.labels.get(NETWORK_LABEL, "") or network,
        node=pod.spec.node_name,
        ports=tuple(
            NamedPort(name=port.name, number=port.container_port, transport=port.protocol)
            for container in (*pod.spec.init_containers, *pod.spec.containers)
            for port in container.ports
        ),
    )


def locality_of(pod: Pod, nodes: Mapping[str, Node]) -> Locality:
    """Find where a pod stands: its own `istio-locality` label (dots for slashes), else its node's labels."""
    own = pod.metadata.labels.get(LOCALITY_LABEL, "")
    if own:
        return parse_locality(own.replace(".", "/"))
    node = nodes.get(pod.spec.node_name)
    if node is None:
        return NOWHERE
    labels = node.metadata.labels
    return Locality(region=labels.get(REGION, ""), zone=labels.get(ZONE, ""), sub_zone=labels.get(SUB_ZONE, ""))


def endpoint_of(workload: Workload, trust_domain: str) -> Endpoint | None:
    """Give the endpoint that a workload is, without a port; None while it has no address."""
    if not workload.addresses:
        return None
    return Endpoint(
        address=workload.addresses[0],
        labels=augmented(workload.labels, workload.locality, workload.network, workload.node),
        account=spiffe(trust_domain, workload.namespace, workload.account),
        locality=workload.locality,
        place=_spelled(workload),
        network=workload.network,
        mtls=workload.labels.get(TLS_MODE) == "istio",
        workload=f"{workload.namespace}/{workload.name}",
        node=workload.node,
    )


def _spelled(workload: Workload) -> str:
    """Give a pod's locality with all three parts, unless its label says it in its own words."""
    if workload.locality == NOWHERE or LOCALITY_LABEL in workload.labels:
        return ""
    return f"{workload.locality.region}/{workload.locality.zone}/{workload.locality.sub_zone}"


def selected(workloads: Iterable[Workload], selector: Labels) -> tuple[Workload, ...]:
    """Give the workloads that a selector picks; an empty one picks none."""
    return tuple(each for each in workloads if each.labels.covers(selector)) if selector else ()
