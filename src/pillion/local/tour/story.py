"""What the tour does: a mesh, three Sidecars one after another, no policy at all, and everything taken away."""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from pillion.local import inventory
from pillion.local.server.door import opened
from pillion.local.server.mesh import Mesh, MeshOptions
from pillion.local.state import Layout
from pillion.local.tour import bulk
from pillion.local.tour.reach import Seen, Target, Used, ask
from pillion.local.tour.weigh import Weight, fresh_resident, weigh
from pillion.sources.files import read_paths
from pillion.value import Value

CLIENTS = ("prod-us1/shop", "prod-apis/orders", "finance/ledger", "legacy/batch")
WEIGHED = ("prod-us1/shop", "prod-apis/orders", "finance/ledger")
TARGETS = (
    Target(host="shop.prod-us1", port=8080),
    Target(host="details.prod-us1", port=8080),
    Target(host="ratings.prod-us1", port=9080),
    Target(host="orders.prod-apis", port=8080),
    Target(host="users.prod-apis", port=8080),
    Target(host="metrics.istio-system", port=9090),
    Target(host="audit.istio-system", port=8080),
    Target(host="ledger.finance", port=8080),
    Target(host="payroll.finance", port=8080),
    Target(host="batch.legacy", port=8080),
)
READY = 60.0
SETTLED = 20.0


class Stage(Value):
    """The mesh under one set of rules."""

    title: str
    meaning: str
    seconds: float | None = None
    """From `apply` until the last Envoy had acknowledged it."""
    seen: tuple[Seen, ...] = ()
    weights: tuple[Weight, ...] = ()


class Fresh(Value):
    """Resident bytes of freshly started Envoys."""

    without: int
    with_sidecar: int


@asynccontextmanager
async def stage_set(samples: Path, layout: Layout) -> AsyncGenerator["Tour"]:
    """Bring the tour's mesh up, with its many services, for as long as the body runs."""
    with tempfile.TemporaryDirectory(prefix="pillion-tour-") as folder:
        copy = Path(folder) / "tour"
        shutil.copytree(samples, copy)
        (copy / "mesh" / "bulk.yaml").write_text(bulk.manifests())
        options = MeshOptions(
            paths=(str(copy / "mesh"),), mesh_config=str(copy / "mesh-config.yaml"), directory=str(Path.cwd())
        )
        async with opened(options, layout) as door:
            tour = Tour(door.mesh, copy)
            await tour.ready()
            yield tour


class Tour:
    """The acts of the tour."""

    def __init__(self, mesh: Mesh, folder: Path) -> None:
        self.mesh = mesh
        self._folder = folder
        self._used: Used = {}

    async def ready(self) -> None:
        """Wait until every pod is ready and every Envoy has its configuration."""
        async with asyncio.timeout(READY):
            await self.mesh.until(lambda: self.mesh.is_up)
            await self.mesh.plane.settled(self.mesh.plane.generation)

    async def look(self, title: str, meaning: str, seconds: float | None = None) -> Stage:
        """Ask from every client for every service, and weigh the Envoys."""
        seen = await ask(self.mesh, CLIENTS, TARGETS, self._used)
        weights = [await weigh(self.mesh, workload) for workload in WEIGHED]
        return Stage(title=title, meaning=meaning, seconds=seconds, seen=seen, weights=tuple(weights))

    async def apply(self, name: str) -> float:
        """Apply one of the Sidecars; return the seconds until the last Envoy had it."""
        reading = read_paths([str(self._folder / "sidecars" / name)])
        async with asyncio.timeout(SETTLED):
            return (await self.mesh.apply(reading.documents))[1]

    async def allow_any(self) -> float:
        """Edit the watched MeshConfig: unknown destinations are let through."""
        path = self._folder / "mesh-config.yaml"
        began = asyncio.get_running_loop().time()
        path.write_text(path.read_text().replace("REGISTRY_ONLY", "ALLOW_ANY"))
        plane = self.mesh.plane
        async with asyncio.timeout(SETTLED):
            await self.mesh.until(lambda: _mode(self.mesh) == "ALLOW_ANY")
            await plane.settled(plane.generation)
        return asyncio.get_running_loop().time() - began

    async def fresh(self, workload: str = WEIGHED[0]) -> int:
        """Weigh a freshly started Envoy."""
        async with asyncio.timeout(READY):
            return await fresh_resident(self.mesh, workload)


def _mode(mesh: Mesh) -> str:
    policy = mesh.plane.settings.config.outbound_traffic_policy
    return policy.mode if policy else ""


def left_behind(before: inventory.Inventory, folder: Path) -> Sequence[str]:
    """Compare the machine with how it was: a sentence for everything that is left."""
    return [each.sentence for each in inventory.left_since(before, folder)]
