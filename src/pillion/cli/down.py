"""`pillion down`: take a mesh down, running or not, and prove that nothing of it is left."""

import contextlib
import time
from typing import Any

import click

from pillion.cli.output import fail, guarded, layout, mesh_option, need_root, output_option, print_json
from pillion.local import inventory
from pillion.local.client import Client, NotRunningError
from pillion.local.server.door import clear_leftovers
from pillion.local.state import Layout, last_words, running

PATIENCE = 60.0


@click.command()
@mesh_option
@output_option
@guarded
def command(mesh: str, output: str) -> None:
    """Take the mesh down, or what is left of one whose processes died, and show that the machine is as it was."""
    need_root()
    place = layout(mesh)
    before = place.before.read_bytes() if place.before.exists() else None
    was_running = _stop(place)
    ended = "" if was_running else last_words(place)
    undone = 0
    if running(place) is None:
        undone = len(clear_leftovers(place).undone)
    place.last_log.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        place.path.parent.rmdir()
    left = _proof(place, before)
    answer: dict[str, Any] = {"mesh": mesh, "wasRunning": was_running, "undone": undone, "left": left}
    if output == "json":
        print_json(answer)
    elif before is None:
        click.echo(f"mesh {mesh} is not there; nothing to take down")
    else:
        click.echo(f"mesh {mesh} is down" + ("" if was_running else "; its processes were dead already"))
        click.echo("\n".join(left) if left else "nothing is left: namespaces, mounts, links, rules, processes, files")
    if ended:
        click.echo(ended, err=True)
    if left:
        fail("something is left", 1)


def _stop(place: Layout) -> bool:
    try:
        Client(place).post("/down")
    except NotRunningError:
        return False
    deadline = time.monotonic() + PATIENCE
    while running(place) is not None:
        if time.monotonic() > deadline:
            fail(f"the mesh did not end within {PATIENCE:.0f} s", 1)
        time.sleep(0.02)
    return True


def _proof(place: Layout, before: bytes | None) -> list[str]:
    if before is None:
        return []
    return [each.sentence for each in inventory.left_since(inventory.decode(before), place.path)]
