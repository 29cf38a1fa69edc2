"""`pillion uninject`: take the sidecar off the workloads of files again."""

import sys

import click

from pillion.cli.injection.texts import joined, read_inputs, write_output
from pillion.inject.conversion import convert_back
from pillion.value import has_errors


@click.command(short_help="take the sidecar off the workloads of files again")
@click.option(
    "-f", "--filename", multiple=True, help="file or folder of Kubernetes YAML, - for standard input; repeatable"
)
@click.option("-o", "--output", default="", help="file to write; standard output if absent")
def command(filename: tuple[str, ...], output: str) -> None:
    """Give back the workloads as they were before injection; other documents pass through as they are.

    What pillion's own settings injected is restored exactly: the very text, or an equal document where another tool
    has rewritten the injected one (sorted keys, lost comments). Of what Istio injected, all that the document tells
    is restored; what it does not tell is named.
    """
    if not filename:
        raise click.UsageError("filename not specified (see --filename or -f)")
    results = [convert_back(text, name) for name, text in read_inputs(filename)]
    found = tuple(each for result in results for each in result.diagnostics)
    for each in found:
        click.echo(str(each), err=True)
    if has_errors(found):
        sys.exit(2)
    write_output(joined(result.text for result in results), output)
