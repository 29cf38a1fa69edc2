"""`pillion up`: run the mesh that files describe, on this machine."""

import asyncio
import contextlib
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, cast

import click

from pillion.cli.output import fail, guarded, layout, mesh_option, need_root, print_diagnostics, unpacked
from pillion.local.client import Client, ClientError
from pillion.local.kubelet.images import ExecRule, parse_rule
from pillion.local.server.door import Interruption, opened
from pillion.local.server.live import show
from pillion.local.server.mesh import MeshOptions
from pillion.local.state import Layout, MeshIsRunningError, StateError, hint, last_words, running

START_TIMEOUT = 60.0


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...")
@click.option("--exec", "rules", multiple=True, metavar="IMAGE=COMMAND", help="run COMMAND for that image; repeatable")
@click.option("--mesh-config", default="", help="file with a MeshConfig")
@click.option("-d", "--detach", is_flag=True, help="return when all pods are ready, leave the mesh running")
@mesh_option
@guarded
def command(paths: tuple[str, ...], *, rules: tuple[str, ...], mesh_config: str, detach: bool, mesh: str) -> None:
    """Run the mesh described by ordinary Kubernetes and Istio YAML; edits of the files are live at once.

    Each pod is a set of Linux namespaces, injected and captured as in a cluster, with a real Envoy. Images are not
    pulled: a container runs its command on this machine, or an echo server on its ports.
    """
    for path in (*paths, *filter(None, (mesh_config,))):
        if path != "-" and not Path(path).exists():
            fail(f"{path}: there is no such file or folder")
    need_root()
    options = MeshOptions(
        paths=tuple(str(Path(path).resolve()) if path != "-" else path for path in paths),
        rules=_rules(rules),
        mesh_config=str(Path(mesh_config).resolve()) if mesh_config else "",
        directory=str(Path.cwd()),
    )
    place = layout(mesh)
    _quote_the_dead(place)
    if detach:
        _detach(place)
    else:
        sys.exit(asyncio.run(_run(options, place)))


def _quote_the_dead(place: Layout) -> None:
    """Say how an earlier server ended, if it died; once."""
    ended = last_words(place) if running(place) is None else ""
    if ended:
        click.echo(f"of mesh {place.path.name} before: {ended}", err=True)
        place.server_log.unlink(missing_ok=True)
        place.last_log.unlink(missing_ok=True)


def _rules(texts: tuple[str, ...]) -> tuple[ExecRule, ...]:
    try:
        return tuple(parse_rule(text) for text in texts)
    except ValueError as problem:
        fail(f"--exec: {problem}")


async def _run(options: MeshOptions, place: Layout) -> int:
    interruption = Interruption()
    try:
        async with opened(options, place, interruption.came) as door:
            interruption.is_awaited = True
            await show(door.mesh, door.stop)
    except asyncio.CancelledError:
        if not interruption.came.is_set():
            raise
        fail("interrupted while starting; all that was made is taken away again", 130)
    except OSError as problem:
        fail(f"the mesh cannot run: {problem}")
    except BaseExceptionGroup as problems:
        causes = _causes(problems)
        if not all(isinstance(each, OSError | StateError) for each in causes):
            raise
        fail("the mesh cannot run: " + "; ".join(map(str, causes)))
    click.echo(f"mesh {place.path.name} is down")
    return 0


def _causes(problems: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    """Give what went wrong, out of the groups that tasks put it in."""
    found: list[BaseException] = []
    for each in problems.exceptions:
        if isinstance(each, BaseExceptionGroup):
            found += _causes(cast("BaseExceptionGroup[BaseException]", each))
        else:
            found.append(each)
    return found


def _status(place: Layout) -> dict[str, Any]:
    try:
        return Client(place).get("/status")
    except (ClientError, OSError):
        return {}


def _detach(place: Layout) -> None:
    """Start the same command once more, in the background, and wait until its pods are ready."""
    pid = running(place)
    if pid is not None:
        raise MeshIsRunningError(place.path.name, pid)
    place.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    log = place.path.with_name(f"{place.path.name}.start.log")
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "pillion", *(word for word in sys.argv[1:] if word not in {"-d", "--detach"})],
            stdin=None if "-" in sys.argv else subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        code = _await(server, place, log)
    except KeyboardInterrupt:
        server.terminate()
        server.wait()
        fail("interrupted while starting; all that was made is taken away again", 130)
    finally:
        log.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            log.parent.rmdir()
    sys.exit(code)


def _await(server: "subprocess.Popen[bytes]", place: Layout, log: Path) -> int:
    """Wait until the pods of a mesh are ready; say how it went."""
    deadline = time.monotonic() + START_TIMEOUT
    while time.monotonic() < deadline:
        if server.poll() is not None:
            message = log.read_text(errors="replace").strip()
            fail(message.removeprefix("pillion: ") or "the mesh did not start", server.returncode or 2)
        status = _status(place)
        if status.get("ready"):
            log.replace(place.server_log)
            pods = status["pods"]
            name = place.path.name
            state = f"{pods['ready']} of {pods['total']} pods ready" if pods["total"] else "no pod to run yet"
            click.echo(f"mesh {name} is up: {state}")
            print_diagnostics(unpacked(status["diagnostics"]))
            return 0
        time.sleep(0.05)
    status = _status(place)
    with contextlib.suppress(OSError):
        log.replace(place.server_log)
    name = place.path.name
    click.echo(
        f"not all pods are ready after {START_TIMEOUT:.0f} s; the mesh goes on: {hint('get pods', name)}", err=True
    )
    print_diagnostics(unpacked(status.get("diagnostics", [])))
    return 1
