"""What `pillion up` shows while it runs: a live table on a terminal, plain lines elsewhere."""

import asyncio
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from pillion.local.server import tables
from pillion.local.server.mesh import Mesh
from pillion.local.state import hint
from pillion.sources.files import STANDARD_INPUT
from pillion.value import Diagnostic

REFRESH = 0.25


async def show(mesh: Mesh, stop: asyncio.Event) -> None:
    """Show the mesh until it is to stop."""
    console = Console()
    if console.is_terminal:
        await _live(mesh, stop, console)
    else:
        await _lines(mesh, stop)
    console.print("taking the mesh down ...", highlight=False)


async def _live(mesh: Mesh, stop: asyncio.Event, console: Console) -> None:
    with Live(_picture(mesh), console=console, auto_refresh=False) as live:
        while not stop.is_set():
            live.update(_picture(mesh), refresh=True)
            try:
                async with asyncio.timeout(REFRESH):
                    await stop.wait()
            except TimeoutError:
                continue


def _picture(mesh: Mesh) -> Table:
    answer = tables.objects(mesh, "Pod", "", "")
    clients = mesh.plane.clients
    settled = sum(client.settled for client in clients)
    title = f"mesh {mesh.layout.path.name}: {settled} of {len(clients)} proxies up to date"
    wrong = [each for each in (*mesh.diagnostics, *mesh.world_diagnostics) if each.severity != "info"]
    usual = "edit the files, or: pillion apply -f FILE; Ctrl-C ends it"
    waits = [] if answer.rows else [beginning(0, mesh.options.paths, mesh.layout.path.name)]
    told = [str(each) for each in wrong[-5:]] + waits
    caption = "\n".join(told) or usual
    # as texts: what stands in brackets is no markup
    picture = Table(title=Text(title), caption=Text(caption), title_justify="left", caption_justify="left", box=None)
    for name in answer.header:
        picture.add_column(name)
    for row in answer.rows:
        picture.add_row(*row, style="" if row[3] in {"Running", "Completed"} else "yellow")
    return picture


async def _lines(mesh: Mesh, stop: asyncio.Event) -> None:
    """Print a line for every pod that becomes something else, and for every new problem."""
    seen: dict[str, str] = {}
    told: set[Diagnostic] = set()
    waits = has_pods = False
    while not stop.is_set():
        await mesh.plane.pushed(mesh.plane.generation)  # only then it is known what is wrong with the new world
        for row in tables.objects(mesh, "Pod", "", "").rows:
            key, state = f"{row[0]}/{row[1]}", f"{row[2]} {row[3]}"
            if seen.get(key) != state:
                seen[key] = state
                _print(f"pod {key} {state}")
        for each in (*mesh.diagnostics, *mesh.world_diagnostics):
            if each not in told and each.severity != "info":
                told.add(each)
                _print(str(each))
        if mesh.is_up and not has_pods:
            pods = len(mesh.pods.running())
            if pods or not waits:
                _print(beginning(pods, mesh.options.paths, mesh.layout.path.name))
            waits, has_pods = True, pods > 0
        await _either(mesh, stop)


def beginning(pods: int, paths: Sequence[str], name: str) -> str:
    """Say that a mesh is up; of one without pods, what it waits for."""
    match pods:
        case 0:
            places = ", ".join(path for path in paths if path != STANDARD_INPUT)
            where = f"in {places}, or by" if places else "by"
            return f"no pod to run yet: waiting for workloads {where} {hint('apply -f FILE', name)}"
        case 1:
            return "the pod is ready"
        case _:
            return f"all {pods} pods are ready"


async def _either(mesh: Mesh, stop: asyncio.Event) -> None:
    """Wait until the mesh changed or is to stop."""
    async with asyncio.TaskGroup() as tasks:
        waiting = [tasks.create_task(mesh.change()), tasks.create_task(stop.wait())]
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in waiting:
            task.cancel()


def _print(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()
