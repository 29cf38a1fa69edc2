"""`pillion delete`: take applied resources away again."""

import sys

import click

from pillion.cli.apply import order, print_waiting
from pillion.cli.output import (
    client,
    fail,
    guarded,
    mesh_option,
    output_option,
    print_diagnostics,
    print_json,
    timeout_option,
)
from pillion.sources.files import read_paths
from pillion.value import has_errors


@click.command()
@click.option("-f", "--filename", "files", multiple=True, required=True, help="file, folder, or - for standard input")
@timeout_option
@mesh_option
@output_option
@guarded
def command(files: tuple[str, ...], timeout: float, mesh: str, output: str) -> None:
    """Take resources away that were applied; what a watched file says about them counts again."""
    reading = read_paths(files)
    if has_errors(reading.diagnostics) and not reading.documents:
        print_diagnostics(reading.diagnostics)
        sys.exit(2)
    if not reading.documents:
        fail(f"there is no resource in {', '.join(files)}")
    answer = client(mesh).post("/delete", order(reading.documents, timeout))
    if output == "json":
        print_json(answer)
    else:
        for result in answer["results"]:
            click.echo(f"{result['resource']} {result['action']}")
        print_diagnostics(reading.diagnostics)
        if answer["waiting"]:
            print_waiting(answer)
    if has_errors(reading.diagnostics) or any(not result["deleted"] for result in answer["results"]):
        fail("not everything could be taken away")
    if answer["waiting"]:
        sys.exit(1)
