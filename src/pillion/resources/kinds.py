"""Which kinds there are: their groups and served versions, and the type that each is read into."""

from typing import TypeAlias

from pillion.resources.istio.destination_rule import DestinationRule
from pillion.resources.istio.envoy_filter import EnvoyFilter
from pillion.resources.istio.extension import TrafficExtension, WasmPlugin
from pillion.resources.istio.gateway import Gateway
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.istio.security import AuthorizationPolicy, PeerAuthentication, RequestAuthentication
from pillion.resources.istio.service_entry import ServiceEntry, WorkloadEntry, WorkloadGroup
from pillion.resources.istio.sidecar import Sidecar
from pillion.resources.istio.telemetry import Telemetry
from pillion.resources.istio.virtual_service import VirtualService
from pillion.resources.kubernetes.cluster import ConfigMap, Namespace, Node, Secret
from pillion.resources.kubernetes.endpoint_slice import Endpoints, EndpointSlice
from pillion.resources.kubernetes.pod import Pod, ServiceAccount
from pillion.resources.kubernetes.service import Service
from pillion.resources.kubernetes.workload import CronJob, DaemonSet, Deployment, Job, ReplicaSet, StatefulSet

IstioResource: TypeAlias = (
    Sidecar
    | ServiceEntry
    | WorkloadEntry
    | WorkloadGroup
    | VirtualService
    | DestinationRule
    | Gateway
    | EnvoyFilter
    | ProxyConfig
    | PeerAuthentication
    | AuthorizationPolicy
    | RequestAuthentication
    | Telemetry
    | WasmPlugin
    | TrafficExtension
)
KubernetesResource: TypeAlias = (
    Namespace
    | Node
    | Service
    | Pod
    | ConfigMap
    | Secret
    | ServiceAccount
    | Endpoints
    | EndpointSlice
    | Deployment
    | ReplicaSet
    | StatefulSet
    | DaemonSet
    | Job
    | CronJob
)
Resource: TypeAlias = IstioResource | KubernetesResource

_NETWORKING = ("v1", "v1beta1", "v1alpha3")
_GROUPS: dict[tuple[str, tuple[str, ...]], tuple[type[Resource], ...]] = {
    ("networking.istio.io", _NETWORKING): (
        Sidecar, ServiceEntry, WorkloadEntry, WorkloadGroup, VirtualService, DestinationRule, Gateway,
    ),
    ("networking.istio.io", ("v1alpha3",)): (EnvoyFilter,),
    ("networking.istio.io", ("v1beta1",)): (ProxyConfig,),
    ("security.istio.io", ("v1", "v1beta1")): (PeerAuthentication, AuthorizationPolicy, RequestAuthentication),
    ("telemetry.istio.io", ("v1", "v1alpha1")): (Telemetry,),
    ("extensions.istio.io", ("v1alpha1",)): (WasmPlugin, TrafficExtension),
    ("", ("v1",)): (Namespace, Node, Service, Pod, ConfigMap, Secret, ServiceAccount, Endpoints),
    ("discovery.k8s.io", ("v1", "v1beta1")): (EndpointSlice,),
    ("apps", ("v1",)): (Deployment, ReplicaSet, StatefulSet, DaemonSet),
    ("batch", ("v1",)): (Job, CronJob),
}  # fmt: skip
KINDS: dict[tuple[str, str], tuple[type[Resource], tuple[str, ...]]] = {
    (group, cls.__name__): (cls, versions) for (group, versions), classes in _GROUPS.items() for cls in classes
}
"""Group and kind -> type and served versions."""
OF_THE_CLUSTER: tuple[type[Resource], ...] = (Namespace, Node)
"""Kinds whose resources are in no namespace."""


def is_istio_group(group: str) -> bool:
    """Return whether resources of an API group are Istio's, and read strictly."""
    return group.endswith("istio.io")
