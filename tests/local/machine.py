"""A kubelet on a fabric of its own, for the length of a test, and statuses to wait for."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from pillion.local.fabric.model import FabricSettings
from pillion.local.fabric.network import Fabric, fabric
from pillion.local.journal import Journal
from pillion.local.kubelet.images import ExecRule
from pillion.local.kubelet.kubelet import Kubelet, kubelet
from pillion.local.kubelet.settings import KubeletSettings
from pillion.value import Diagnostic

Status = dict[str, Any]


class Machine:
    def __init__(self, network: Fabric, state: Path) -> None:
        self.network = network
        self.state = state
        self.kubelet: Kubelet
        self.settings: KubeletSettings
        self.objects: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.warnings: list[Diagnostic] = []
        self.told: dict[str, list[Status]] = {}
        self._news = asyncio.Event()

    def find(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        return self.objects.get((kind, namespace, name))

    def tell(self, key: str, status: Status) -> None:
        self.told.setdefault(key, []).append(status)
        self._news.set()
        self._news = asyncio.Event()

    async def until(self, key: str, wanted: Callable[[Status], object], patience: float = 40) -> Status:
        """Wait until a status of a pod, of those told from now on or the last, is as wanted."""
        seen = max(0, len(self.told.get(key, ())) - 1)
        try:
            async with asyncio.timeout(patience):
                while True:
                    news = self._news
                    statuses = self.told.get(key, [])
                    for status in statuses[seen:]:
                        if wanted(status):
                            return status
                    seen = len(statuses)
                    await news.wait()
        except TimeoutError:
            raise AssertionError(f"{key} never came to be as wanted; last: {self.told.get(key, [None])[-1]}") from None

    async def run(
        self, name: str, *containers: dict[str, Any], binds: tuple[tuple[str, str], ...] = (), **spec: Any
    ) -> str:
        """Start a pod and return its key."""
        document = {
            "metadata": {"name": name, "namespace": "test", "labels": {"app": name}},
            "spec": {"terminationGracePeriodSeconds": 5, "containers": list(containers), **spec},
        }
        assert self.kubelet.start_pod(document, binds) == ()
        return f"test/{name}"

    async def output(self, key: str, container: str, *argv: str) -> str:
        """Run a command in a container; return what it wrote."""
        done = await self.kubelet.exec_captured(key, container, argv)
        assert (done.exit_code, done.stderr) == (0, b"")
        return done.stdout.decode()

    async def log(self, key: str, container: str, previous: bool = False) -> str:
        return b"".join([piece async for piece in self.kubelet.logs(key, container, previous=previous)]).decode()


def shell(name: str, script: str, **more: Any) -> dict[str, Any]:
    """A container that runs a script."""
    return {"name": name, "image": "any", "command": ["sh", "-c", script], **more}


SLEEP = "trap 'exit 0' TERM; sleep 1000 & wait"


def is_ready(status: Status) -> bool:
    return any(one["type"] == "Ready" and one["status"] == "True" for one in status["conditions"])


def container(status: Status, name: str) -> dict[str, Any]:
    both = (*status.get("initContainerStatuses", ()), *status["containerStatuses"])
    return next(one for one in both if one["name"] == name)


@contextlib.asynccontextmanager
async def machine(state: Path, rules: tuple[ExecRule, ...] = ()) -> AsyncIterator[Machine]:
    settings = KubeletSettings(state=str(state), node_name="here", rules=rules, directory=str(state))
    async with asyncio.TaskGroup() as tasks, fabric(FabricSettings(), tasks) as network:
        made = Machine(network, state)
        made.settings = settings
        with Journal(state / "journal") as book:
            async with kubelet(settings, network, book, made.find, made.tell, made.warnings.append) as made.kubelet:
                yield made


def on_a_machine(test: Callable[[Machine], Awaitable[None]]) -> Callable[[Path], None]:
    """Run a test on a machine of its own."""

    async def play(state: Path) -> None:
        async with machine(state) as it:
            await test(it)

    @functools.wraps(test)
    def run(tmp_path: Path) -> None:
        asyncio.run(play(tmp_path))

    del run.__wrapped__  # pytest would read the signature of the coroutine
    return run
