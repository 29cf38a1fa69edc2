"""Resources of the cluster itself: namespaces, nodes, and plain data."""

from pillion.resources.kubernetes.pod import Condition
from pillion.resources.meta import Metadata
from pillion.value import NO_LABELS, Labels, Value


class Namespace(Value, rename="camel"):
    """A Kubernetes Namespace."""

    metadata: Metadata = Metadata()


class NodeAddress(Value, rename="camel"):
    """One of a node's addresses."""

    type: str = ""
    address: str = ""


class NodeSystemInfo(Value, rename="camel"):
    """What a node runs."""

    kubelet_version: str = ""


class NodeStatus(Value, rename="camel"):
    """What became of a node."""

    addresses: tuple[NodeAddress, ...] = ()
    conditions: tuple[Condition, ...] = ()
    node_info: NodeSystemInfo = NodeSystemInfo()


class Node(Value, rename="camel"):
    """A Kubernetes Node; its `topology.kubernetes.io/*` labels say where it stands."""

    metadata: Metadata = Metadata()
    status: NodeStatus = NodeStatus()


class ConfigMap(Value, rename="camel"):
    """A Kubernetes ConfigMap."""

    metadata: Metadata = Metadata()
    data: Labels = NO_LABELS
    binary_data: Labels = NO_LABELS


class Secret(Value, rename="camel"):
    """A Kubernetes Secret; `data` is Base64 text."""

    metadata: Metadata = Metadata()
    type: str = ""
    data: Labels = NO_LABELS
    string_data: Labels = NO_LABELS
