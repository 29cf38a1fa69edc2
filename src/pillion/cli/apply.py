"""`pillion apply`: lay resources over the watched files of a running mesh."""

import sys
from typing import Any

import click
import msgspec

from pillion.cli.output import (
    client,
    fail,
    guarded,
    mesh_option,
    output_option,
    print_diagnostics,
    print_json,
    unpacked,
)
from pillion.resources.documents import Document
from pillion.sources.files import read_paths
from pillion.value import has_errors


@click.command()
@click.option("-f", "--filename", "files", multiple=True, required=True, help="file, folder, or - for standard input")
@mesh_option
@output_option
@guarded
def command(files: tuple[str, ...], mesh: str, output: str) -> None:
    """Lay resources over the watched files; they count until `pillion delete`."""
    reading = read_paths(files)
    answer = client(mesh).post("/apply", {"documents": [packed(each) for each in reading.documents]})
    found = (*reading.diagnostics, *reading.located(unpacked(answer["diagnostics"])))
    if output == "json":
        print_json({**answer, "diagnostics": [msgspec.to_builtins(each) for each in found]})
    else:
        for result in answer["results"]:
            click.echo(f"{result['resource']} {result['action']}")
        print_diagnostics(found, quiet_infos=False)
        if answer["results"]:
            print_reach(answer)
    if has_errors(reading.diagnostics) or len(answer["results"]) < len(reading.documents):
        fail("some resources were refused; the mesh goes on without them")
    if has_errors(found) or answer["waiting"] or answer["refused"]:
        sys.exit(1)


def print_reach(answer: dict[str, Any]) -> None:
    """Say how many proxies have taken a change, and which have not."""
    waiting: list[str] = answer["waiting"]
    settled = answer["proxies"] - len(waiting)
    click.echo(
        f"in force at {settled} {'proxy' if settled == 1 else 'proxies'} after {answer['seconds'] * 1000:.0f} ms"
    )
    if waiting:
        click.echo(f"not yet at {', '.join(waiting)}", err=True)
    for peer, refusals in answer["refused"].items():
        for kind, reason in refusals.items():
            click.echo(f"the Envoy of {peer} refuses {kind.rpartition('.')[2]}: {reason}", err=True)


def packed(document: Document) -> dict[str, Any]:
    """Write a document for the way to the server."""
    return {"content": document.content, "origin": msgspec.to_builtins(document.origin)}
