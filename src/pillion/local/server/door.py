"""`pillion up` as a process: the lock, the inventory before, the mesh with its door and its watch, and the way out."""

import asyncio
import contextlib
import shutil
import signal
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import final

from aiohttp import web

from pillion.local import inventory
from pillion.local.client import exec_socket
from pillion.local.server import exec as executions
from pillion.local.server.api import Api
from pillion.local.server.mesh import Mesh, MeshOptions, running
from pillion.local.state import Layout, Lock, MeshIsRunningError, StateError, write_whole
from pillion.local.state import running as alive
from pillion.local.undo import Report, undo
from pillion.local.watch import Watch


@final
class Door:
    """A mesh that is up: the mesh, and the wish to take it down."""

    def __init__(self, mesh: Mesh, stop: asyncio.Event) -> None:
        self.mesh = mesh
        self.stop = stop


@contextlib.asynccontextmanager
async def opened(options: MeshOptions, layout: Layout) -> AsyncGenerator[Door]:
    """Bring a mesh up for as long as the body runs and take all of it down again."""
    await asyncio.to_thread(clear_leftovers, layout)
    before = await asyncio.to_thread(inventory.take, layout.path)
    with Lock(layout):
        write_whole(layout.before, inventory.encode(before))
        stop = asyncio.Event()
        try:
            async with running(options, layout) as mesh, asyncio.TaskGroup() as tasks:
                api = Api(mesh, stop)
                runner = web.AppRunner(api.application(), access_log=None, shutdown_timeout=0.5)
                await runner.setup()
                await web.UnixSite(runner, str(layout.server_socket)).start()
                background = [
                    tasks.create_task(executions.serve(exec_socket(layout), api.execute, tasks)),
                    tasks.create_task(_follow(mesh, options)),
                ]
                try:
                    yield Door(mesh, stop)
                finally:
                    for task in background:
                        task.cancel()
                    await runner.cleanup()
        finally:
            await asyncio.to_thread(_forget, layout)


async def _follow(mesh: Mesh, options: MeshOptions) -> None:
    """Read the files again whenever one changed."""
    paths = [Path(path) for path in (*options.paths, *filter(None, (options.mesh_config,))) if path != "-"]
    with Watch(paths) as watch:
        async for _ in watch:
            mesh.read_files()
            mesh.touch()


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


def on_signals(stop: Callable[[], None]) -> None:
    """Have Ctrl-C and SIGTERM ask for the end, in good order."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
