"""`pillion exec`: run a command in a pod of a running mesh."""

import sys

import click

from pillion.cli.output import client, guarded, mesh_option


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("pod")
@click.option("-c", "--container", default="", help="container; the pod's first that is no proxy without it")
@click.option("-n", "--namespace", default="", help="the pod's namespace, unless POD says NAMESPACE/POD")
@click.option(
    "-i", "--stdin", "with_stdin", is_flag=True, help="accepted for kubectl's sake: standard input is always given"
)
@click.option("-t", "--tty", is_flag=True, help="give the command a terminal")
@mesh_option
@click.argument("argv", nargs=-1, required=True, type=click.UNPROCESSED)
@guarded
def command(  # noqa: PLR0913 (the options are kubectl's)
    pod: str, *, container: str, namespace: str, with_stdin: bool, tty: bool, mesh: str, argv: tuple[str, ...]
) -> None:
    """Run a command in a pod: `pillion exec POD [-c CONTAINER] -- COMMAND`. POD may be a Deployment's name."""
    del with_stdin
    name = f"{namespace}/{pod}" if namespace else pod
    words = argv[1:] if argv[0] == "--" else argv
    if tty and not (sys.stdin.isatty() and sys.stdout.isatty()):
        click.echo("pillion: no terminal is given with -t: input or output is none", err=True)
        tty = False
    sys.exit(client(mesh).execute(name, container, words, tty=tty, streams=(0, 1, 2)))
