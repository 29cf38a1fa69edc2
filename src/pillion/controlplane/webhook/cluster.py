"""The ProxyConfig resources of a cluster, watched: what they say counts for the pods that come after them."""

from collections.abc import Callable
from typing import final

from pillion.mesh.catalog import Catalog
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.meta import HasMetadata, Ref
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.cluster import Cluster
from pillion.sources.kubernetes.reflector import Patience
from pillion.sources.kubernetes.watched import mesh_collections

WATCHED = tuple(each for each in mesh_collections() if each.kind == ProxyConfig.__name__)


@final
class ProxyConfigs:
    """Keeps up with the resources; `run` it."""

    def __init__(self, client: KubernetesClient, changed: Callable[[], None], patience: Patience | None = None) -> None:
        """Set up the watch; `changed` is called whenever there is something new."""
        self.resources: tuple[ProxyConfig, ...] | None = None
        """Oldest first; None until they are known."""
        self._catalog = Catalog()
        self._changed = changed
        self._cluster = Cluster(client, WATCHED, self._deliver, patience)

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
        self.resources = self._catalog.every(ProxyConfig)
        self._changed()
