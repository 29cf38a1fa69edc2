"""`pillion logs`: what a container wrote."""

import sys

import click

from pillion.cli.output import client, guarded, mesh_option


@click.command()
@click.argument("pod")
@click.option("-c", "--container", default="", help="container; the pod's first that is no proxy without it")
@click.option("-n", "--namespace", default="", help="the pod's namespace, unless POD says NAMESPACE/POD")
@click.option("-f", "--follow", is_flag=True, help="go on with what it writes")
@click.option("-p", "--previous", is_flag=True, help="the run before this one")
@click.option("--tail", type=int, default=-1, help="only that many lines from the end")
@mesh_option
@guarded
def command(  # noqa: PLR0913 (the options are kubectl's)
    pod: str, *, container: str, namespace: str, follow: bool, previous: bool, tail: int, mesh: str
) -> None:
    """Show what a container of a pod wrote. POD may be a Deployment's name."""
    name = f"{namespace}/{pod}" if namespace else pod
    query = {"pod": name, "container": container, "follow": str(int(follow)), "previous": str(int(previous))}
    try:
        for piece in client(mesh).stream("/logs", **query, tail=str(tail)):
            sys.stdout.buffer.write(piece)
            sys.stdout.buffer.flush()
    except KeyboardInterrupt:
        sys.exit(130)
