"""Meshes for tests: one in a thread of this process, to look into, or one as `pillion up` in a process of its own."""

import asyncio
import concurrent.futures
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

from pillion.local import inventory
from pillion.local.server.door import opened
from pillion.local.server.mesh import Mesh, MeshOptions
from pillion.local.state import Layout, layout_of
from pillion.local.tour.reach import Seen, Target, Used, ask
from pillion.resources.documents import read

BASE = Path("/run/pillion")
ROOT = Path(__file__).parents[2]
PILLION = (sys.executable, "-m", "pillion")
PATIENCE = 60.0

T = TypeVar("T")
R = TypeVar("R")


class InThread(Generic[T]):
    """Something asynchronous that lives in a thread of its own, and calls into it."""

    def __init__(self, thing: T, loop: asyncio.AbstractEventLoop) -> None:
        self.thing = thing
        self.loop = loop

    def do(self, work: Coroutine[Any, Any, R], patience: float = PATIENCE) -> R:
        """Run a coroutine over there; give its result."""
        future = asyncio.run_coroutine_threadsafe(work, self.loop)
        try:
            return future.result(patience)
        except concurrent.futures.TimeoutError:
            future.cancel()
            raise AssertionError(f"not done within {patience} s") from None


@contextmanager
def in_thread(made: Callable[[], AbstractAsyncContextManager[T]]) -> Iterator[InThread[T]]:
    """Open something asynchronous in a thread, for as long as the body runs."""
    opened_one: concurrent.futures.Future[InThread[T]] = concurrent.futures.Future()
    close: concurrent.futures.Future[asyncio.Event] = concurrent.futures.Future()

    async def live() -> None:
        async with made() as thing:
            over = asyncio.Event()
            close.set_result(over)
            opened_one.set_result(InThread(thing, asyncio.get_running_loop()))
            await over.wait()

    failed: list[BaseException] = []

    def run() -> None:
        try:
            asyncio.run(live())
        except BaseException as problem:  # noqa: BLE001 (the thread that asked gets it)
            if opened_one.done():
                failed.append(problem)
            else:
                opened_one.set_exception(problem)

    thread = threading.Thread(target=run, name="mesh")
    thread.start()
    try:
        it = opened_one.result(PATIENCE)
        try:
            yield it
        finally:
            it.loop.call_soon_threadsafe(close.result().set)
    finally:
        thread.join()
    if failed:
        raise failed[0]


class RunningMesh(InThread[Mesh]):
    """A mesh in a thread, and what tests do with it."""

    def __init__(self, thing: Mesh, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(thing, loop)
        self._used: Used = {}

    @property
    def mesh(self) -> Mesh:
        return self.thing

    def look(self, what: Callable[[Mesh], R]) -> R:
        """Look at the mesh in its own thread, where nothing changes meanwhile."""

        async def looked() -> R:
            return what(self.mesh)

        return self.do(looked())

    def ready(self) -> None:
        """Wait until all pods are ready and every proxy has all that is meant for it."""
        self.do(ready(self.mesh))

    def apply(self, text: str) -> None:
        """Lay documents over the files and wait until the last proxy has them."""
        self.do(self.mesh.apply(read(text, "applied.yaml").documents))
        self.settle()

    def delete(self, text: str) -> None:
        """Take applied documents away again."""
        self.do(delete(self.mesh, text))
        self.settle()

    def settle(self) -> None:
        """Wait until every proxy has all that is meant for it, for longer than a user would."""
        self.do(self.mesh.plane.settled(self.mesh.plane.generation))

    def ask(self, client: str, *targets: str) -> list[Seen]:
        """Ask from a client for `host:port`s."""
        wanted = [Target(host=name.rpartition(":")[0], port=int(name.rpartition(":")[2])) for name in targets]
        return list(self.do(ask(self.mesh, [client], wanted, self._used)))

    def until(self, true: Callable[[Mesh], object], patience: float = 40) -> None:
        """Wait until something is true of the mesh."""
        self.do(self.mesh.until(lambda: bool(true(self.mesh))), patience)


async def ready(mesh: Mesh) -> None:
    await mesh.until(lambda: mesh.is_up)
    await mesh.plane.settled(mesh.plane.generation)


async def delete(mesh: Mesh, text: str) -> None:
    from pillion.local.server.overlay import reference  # noqa: PLC0415

    await mesh.delete([reference(each.content) for each in read(text).documents])


def place(name: str) -> Layout:
    return layout_of(name, BASE)


@contextmanager
def running_mesh(name: str, *paths: Path, mesh_config: Path | None = None) -> Iterator[RunningMesh]:
    """Offer a mesh of files whose pods are all ready."""
    options = MeshOptions(
        paths=tuple(map(str, paths)), mesh_config=str(mesh_config) if mesh_config else "", directory=str(ROOT)
    )

    @asynccontextmanager
    async def made() -> AsyncIterator[Mesh]:
        async with opened(options, place(name)) as door:
            yield door.mesh

    with in_thread(made) as thread:
        it = RunningMesh(thread.thing, thread.loop)
        it.ready()
        yield it


class UpProcess:
    """`pillion up` in a process of its own."""

    def __init__(self, name: str, process: subprocess.Popen[str], output: Path) -> None:
        self.name = name
        self.process = process
        self.output = output

    def said(self) -> str:
        return self.output.read_text()

    def until_ready(self) -> None:
        until(lambda: self.process.poll() is not None or status(self.name).get("ready"), 60)
        assert self.process.poll() is None, self.said()


@contextmanager
def up(name: str, folder: Path, *words: str) -> Iterator[UpProcess]:
    """Run `pillion up`; afterwards the mesh is taken down whatever became of it."""
    output = folder / f"{name}.output"
    with output.open("w") as file:
        process = subprocess.Popen(
            [*PILLION, "up", "--mesh", name, *words], cwd=ROOT, stdout=file, stderr=subprocess.STDOUT, text=True
        )
    try:
        yield UpProcess(name, process, output)
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(30)
        pillion("down", mesh=name)


def pillion(*words: str, mesh: str = "", stdin: str = "", patience: float = 60) -> "subprocess.CompletedProcess[str]":
    """Run a command of pillion to its end."""
    environment = {**os.environ, **({"PILLION_MESH": mesh} if mesh else {})}
    return subprocess.run(
        [*PILLION, *words],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=patience,
        input=stdin,
        env=environment,
    )


def status(name: str) -> dict[str, Any]:
    """Give what a running mesh says of itself; nothing while it is not there."""
    from pillion.local.client import Client, ClientError  # noqa: PLC0415

    try:
        return Client(place(name)).get("/status")
    except (ClientError, OSError):
        return {}


def until(true: Callable[[], object], seconds: float = 40) -> None:
    """Wait until something is true that sends no event."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"did not come true within {seconds} s"
        time.sleep(0.01)


@contextmanager
def nothing_left(name: str) -> Iterator[None]:
    """Prove that the body leaves the machine as it was."""
    folder = place(name).path
    before = inventory.take(folder)
    yield
    left = left_since(before, folder)
    assert not left, "\n".join(left)


def left_since(before: inventory.Inventory, folder: Path) -> Sequence[str]:
    return [each.sentence for each in inventory.left_since(before, folder)]


def pod_json(name: str, pod: str) -> dict[str, Any]:
    """Give a pod's document, found by its workload's name."""
    items = json.loads(pillion("get", "pods", "-o", "json", mesh=name).stdout)["items"]
    return next(each for each in items if each["metadata"]["name"].startswith(pod))
