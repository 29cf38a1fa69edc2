"""`pillion up` as a process: the lock, the inventory before, the mesh with its door and its watch, and the way out."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path
from typing import final

from aiohttp import web

from pillion.local import inventory
from pillion.local.client import exec_socket
from pillion.local.server import exec as executions
from pillion.local.server.api import Api
from pillion.local.server.declared import Declared
from pillion.local.server.intake import check
from pillion.local.server.mesh import Mesh, MeshOptions, running
from pillion.local.state import Layout, Lock, MeshIsRunningError, StateError, keep_log, write_whole
from pillion.local.state import running as alive
from pillion.local.undo import Report, undo
from pillion.local.watch import Watch
from pillion.resources.documents import Document
from pillion.sources.files import STANDARD_INPUT

MOST_TOLD = 10
"""How much of what is wrong with files a refusal quotes."""


@final
class Door:
    """A mesh that is up: the mesh, and the wish to take it down."""

    def __init__(self, mesh: Mesh, stop: asyncio.Event) -> None:
        self.mesh = mesh
        self.stop = stop


@contextlib.asynccontextmanager
async def opened(options: MeshOptions, layout: Layout, stop: asyncio.Event | None = None) -> AsyncGenerator[Door]:
    """Bring a mesh up for as long as the body runs and take all of it down again.

    Whoever runs the body gives it up when `stop` is set: somebody asked for the mesh's end.
    """
    stop = stop or asyncio.Event()
    await asyncio.to_thread(clear_leftovers, layout)
    before = await asyncio.to_thread(inventory.take, layout.path)
    with Lock(layout):
        try:
            write_whole(layout.before, inventory.encode(before))
            paths = [Path(path) for path in (*options.paths, *filter(None, (options.mesh_config,))) if path != "-"]
            # followed before they are read, so no change is missed
            with Watch(paths) as watch:
                async with running(options, layout) as mesh, asyncio.TaskGroup() as tasks:
                    refuse_nothing(mesh.files, mesh.overlay.declared(), options.paths)
                    api = Api(mesh, stop)
                    runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=0.5)
                    await runner.setup()
                    await web.UnixSite(runner, str(layout.server_socket)).start()
                    layout.server_socket.chmod(0o600)
                    background = [
                        tasks.create_task(executions.serve(exec_socket(layout), api.execute, tasks)),
                        tasks.create_task(_follow(mesh, watch)),
                    ]
                    try:
                        yield Door(mesh, stop)
                    finally:
                        for task in background:
                            task.cancel()
                        await runner.cleanup()
        except Exception:
            keep_log(layout)
            raise
        finally:
            await asyncio.to_thread(_forget, layout)


def refuse_nothing(files: Declared, documents: Sequence[Document], paths: Sequence[str]) -> None:
    """Raise `StateError` when files hold no resource at all; a folder may be filled later, so it is waited for."""
    if any(each.content.get("kind") for each in documents) or any(Path(path).is_dir() for path in paths):
        return
    wrong = (diagnostic for each in documents for diagnostic in check(each.content, each.origin)[1])
    found = (*files.diagnostics, *files.located(wrong))
    names = ", ".join("standard input" if path == STANDARD_INPUT else path for path in paths)
    message = f"there is no resource in {names}: name files of Kubernetes YAML, or a folder that they will come to"
    raise StateError("\n".join((message, *map(str, found[:MOST_TOLD]))))


async def _follow(mesh: Mesh, watch: Watch) -> None:
    """Read the files again whenever one changed."""
    async for _ in watch:
        await mesh.read_files()


def clear_leftovers(layout: Layout) -> Report:
    """Take away what a mesh left that nobody runs any more; the journal says what that is.

    Raises `MeshIsRunningError` when somebody runs it, `StateError` when something stays.
    """
    pid = alive(layout)
    if pid is not None:
        raise MeshIsRunningError(layout.path.name, pid)
    report = undo(layout.journal)
    if report.problems:
        raise StateError("an earlier run left what cannot be taken away: " + "; ".join(report.problems))
    _forget(layout)
    return report


def _forget(layout: Layout) -> None:
    """Remove the mesh's folder, and the one around it when that is empty."""
    shutil.rmtree(layout.path, ignore_errors=True)
    with contextlib.suppress(OSError):
        layout.path.parent.rmdir()


@final
class Interruption:
    """Ctrl-C, SIGTERM or SIGHUP: cancels the task that made this, so that it ends in good order.

    Further signals change nothing: the way out is taken once.
    """

    def __init__(self) -> None:
        self.came = asyncio.Event()
        self.is_awaited = False
        """Set by a task that awaits `came` and so need not be cancelled."""
        self._task = asyncio.current_task()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._arrive)

    def _arrive(self) -> None:
        is_first = not self.came.is_set()
        self.came.set()
        if is_first and not self.is_awaited and self._task is not None:
            self._task.cancel()
