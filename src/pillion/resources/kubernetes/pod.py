"""A Pod: the fields that a mesh looks at. Injection works on the whole document instead."""

from typing import Literal

import msgspec

from pillion.resources.kubernetes.service import Transport
from pillion.resources.meta import Metadata
from pillion.resources.number import PortNumber
from pillion.value import NO_LABELS, Labels, Value

PodPhase = Literal["", "Pending", "Running", "Succeeded", "Failed", "Unknown"]


class ContainerPort(Value, rename="camel"):
    """A port that a container says it listens on."""

    name: str = ""
    container_port: PortNumber = 0
    protocol: Transport = "TCP"
    host_port: PortNumber = 0


class Container(Value, rename="camel"):
    """A container of a pod."""

    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    restart_policy: str = ""
    """`Always` in an init container makes it a native sidecar."""


class PodSpec(Value, rename="camel"):
    """What runs in a pod, and where."""

    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    service_account_name: str = ""
    node_name: str = ""
    host_network: bool = False
    hostname: str = ""
    subdomain: str = ""


class Condition(Value, rename="camel"):
    """One observed condition of a pod or node, such as `Ready`."""

    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""
    last_transition_time: str = ""


class PodIP(Value):
    """One of a pod's addresses."""

    ip: str = ""


class PodStatus(Value, rename="camel"):
    """What became of a pod."""

    phase: PodPhase = ""
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    conditions: tuple[Condition, ...] = ()


class Pod(Value, rename="camel"):
    """A Kubernetes Pod."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class ServiceAccount(Value, rename="camel"):
    """A Kubernetes ServiceAccount: the identity of pods."""

    metadata: Metadata = Metadata()


class PodTemplate(Value, rename="camel"):
    """The pod that a workload stamps out."""

    metadata: Metadata = Metadata()
    spec: PodSpec = PodSpec()


class LabelSelectorRequirement(Value, rename="camel"):
    """One condition on a label."""

    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Value, rename="camel"):
    """Which pods a workload owns."""

    match_labels: Labels = NO_LABELS
    match_expressions: tuple[LabelSelectorRequirement, ...] = ()
