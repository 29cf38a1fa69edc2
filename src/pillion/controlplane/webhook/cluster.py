"""What of a cluster counts for the pods that come after it, watched: ProxyConfigs, OpenShift's ids, nodes."""

from collections.abc import Callable
from typing import final

from pillion.controlplane.webhook.worker import NamespaceIds
from pillion.inject.pod.identity import ids_of
from pillion.inject.pod.native import are_supported
from pillion.mesh.catalog import Catalog
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.kubernetes.cluster import Namespace, Node
from pillion.resources.meta import HasMetadata, Ref
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.cluster import Cluster
from pillion.sources.kubernetes.reflector import Patience
from pillion.sources.kubernetes.watched import mesh_collections
from pillion.value import Value

PROXY_CONFIGS = tuple(each for each in mesh_collections() if each.kind == ProxyConfig.__name__)
NAMESPACES = tuple(each for each in mesh_collections() if each.kind == Namespace.__name__)
NODES = tuple(each for each in mesh_collections() if each.kind == Node.__name__)


class Known(Value):
    """What is known of a cluster."""

    proxy_configs: tuple[ProxyConfig, ...] = ()
    """Oldest first."""
    ids: tuple[NamespaceIds, ...] = ()
    """Of each namespace that OpenShift gave some, by name."""
    native_sidecars: bool = False
    """Whether the nodes were looked at, and all of them can run the proxy as a native sidecar."""


@final
class Watch:
    """Keeps up with the resources; `run` it."""

    def __init__(
        self,
        client: KubernetesClient,
        changed: Callable[[], None],
        patience: Patience | None = None,
        *,
        namespaces: bool = False,
        nodes: bool = False,
    ) -> None:
        """Set up the watch, of namespaces and nodes if told to; `changed` is called when there is something new."""
        self.known: Known | None = None
        """None until all of it is known."""
        self._catalog = Catalog()
        self._changed = changed
        self._nodes = nodes
        watched = (*PROXY_CONFIGS, *(NAMESPACES if namespaces else ()), *(NODES if nodes else ()))
        self._cluster = Cluster(client, watched, self._deliver, patience)

    async def run(self) -> None:
        """Keep up until cancelled."""
        await self._cluster.run()

    def problems(self) -> tuple[str, ...]:
        """Tell why they cannot be read, and which of them."""
        failing = (f"{each.kind}: {each.problem}" for each in self._cluster.statuses() if each.problem)
        refused = (str(each) for found in self._cluster.refused().values() for each in found)
        return (*failing, *refused)

    def _deliver(self, changed: tuple[HasMetadata, ...], deleted: tuple[Ref, ...]) -> None:
        self._catalog = self._catalog.with_changes(changed, deleted)
        given = ((each.metadata.name, ids_of(each.metadata.annotations)) for each in self._catalog.every(Namespace))
        ids = (NamespaceIds(name=name, annotations=found) for name, found in sorted(given) if found)
        self.known = Known(
            proxy_configs=self._catalog.every(ProxyConfig),
            ids=tuple(ids),
            native_sidecars=self._nodes and are_supported("auto", map(_kubelet_version, self._catalog.every(Node))),
        )
        self._changed()


def _kubelet_version(node: Node) -> str:
    return node.status.node_info.kubelet_version
