"""`pillion demo`: a tour of three Sidecars at work on real Envoys."""

import asyncio
import sys
import time
from pathlib import Path
from typing import Any

import click
import msgspec
from rich.console import Console

from pillion.cli.output import fail, guarded, layout, need_root, output_option, print_json
from pillion.local import inventory
from pillion.local.server import tables
from pillion.local.server.door import Interruption
from pillion.local.state import Layout
from pillion.local.tour import show
from pillion.local.tour.story import Fresh, Stage, left_behind, stage_set

SAMPLES = Path(__file__).parents[3] / "samples" / "tour"


@click.command()
@click.option("--samples", default="", help="folder of the tour's mesh; default: samples/tour of this checkout")
@click.option("--mesh", default="demo", show_default=True, help="name of the tour's mesh")
@output_option
@guarded
def command(samples: str, mesh: str, output: str) -> None:
    """Take a tour: a mesh on this machine, who reaches whom under three Sidecars, and everything taken away again."""
    folder = Path(samples) if samples else SAMPLES
    if not (folder / "mesh").is_dir():
        fail(f"{folder} holds no tour; give the folder samples/tour of a checkout with --samples")
    need_root()
    console = Console(stderr=output == "json", quiet=output == "json")
    try:
        answer = asyncio.run(_tour(folder, layout(mesh), console))
    except asyncio.CancelledError:
        fail("interrupted; everything is taken down again", 130)
    if output == "json":
        print_json(answer)
    sys.exit(1 if answer["left"] else 0)


async def _tour(folder: Path, place: Layout, console: Console) -> dict[str, Any]:
    Interruption()
    show.opening(console)
    before = inventory.take(place.path)
    stages: list[Stage] = []

    def shown(stage: Stage) -> None:
        stages.append(stage)
        show.stage(console, stage, len(stages))

    began = time.monotonic()
    with console.status("starting ten workloads and 500 services ..."):
        setting = stage_set(folder, place)
        tour = await setting.__aenter__()
    try:
        seconds = time.monotonic() - began
        rows = tables.objects(tour.mesh, "Pod", "", "", ())
        note = f"Ready after {seconds:.1f} s. 2/2: application and Envoy; 1/1: namespace legacy is not injected."
        show.pods(console, rows.header, rows.rows, note)
        shown(await tour.look("No Sidecar", "Everything answers, and every Envoy is told of every service."))
        without = await tour.fresh()
        for name, title, meaning in SIDECARS:
            applied = await tour.apply(name)
            shown(await tour.look(title, meaning, applied))
        fresh = Fresh(without=without, with_sidecar=await tour.fresh())
        show.fresh(console, fresh)
        shown(await tour.look(*ALLOW_ANY, await tour.allow_any()))
        began = time.monotonic()
    finally:
        with console.status("taking everything down ..."):
            await setting.__aexit__(*sys.exc_info())
    left = left_behind(before, place.path)
    show.farewell(console, left, time.monotonic() - began)
    return {
        "pods": [dict(zip(rows.header, row, strict=True)) for row in rows.rows],
        "stages": [msgspec.to_builtins(stage) for stage in stages],
        "freshEnvoy": msgspec.to_builtins(fresh),
        "left": list(left),
    }


SIDECARS = (
    (
        "1-root.yaml",
        "A Sidecar in the root namespace istio-config",
        'The default of every namespace: egress to its own ("./*") and to istio-system. All else is refused.',
    ),
    (
        "2-namespace.yaml",
        "A Sidecar in prod-us1",
        "It overrides the default there: prod-apis comes into reach. Other namespaces keep the default.",
    ),
    (
        "3-ports.yaml",
        "Another one of the same name replaces it",
        "Egress to prod-us1 on port 9080 only, and to istio-system. Ingress: 9080 arrives at a Unix domain socket.",
    ),
)
ALLOW_ANY = (
    "The same Sidecar, but the mesh lets unknown traffic through (ALLOW_ANY)",
    "What is out of scope answers again, by PassthroughCluster: a Sidecar alone is no firewall.",
)
