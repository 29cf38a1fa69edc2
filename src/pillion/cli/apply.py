"""`pillion apply`: lay resources over the watched files of a running mesh."""

from typing import Any

import click
import msgspec

from pillion.cli.output import client, fail, guarded, mesh_option, output_option, print_diagnostics, print_json
from pillion.resources.documents import Document
from pillion.sources.files import read_paths
from pillion.value import Diagnostic, has_errors


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
            click.echo(f"in force at {answer['proxies']} proxies after {answer['seconds'] * 1000:.0f} ms")
    if has_errors(found):
        fail("some resources were refused; the mesh goes on without them")


def packed(document: Document) -> dict[str, Any]:
    """Write a document for the way to the server."""
    return {"content": document.content, "origin": msgspec.to_builtins(document.origin)}


def unpacked(diagnostics: list[Any]) -> tuple[Diagnostic, ...]:
    """Read diagnostics that the server sent."""
    return tuple(msgspec.convert(each, Diagnostic) for each in diagnostics)
