"""`pillion proxy-config`: what a pod's Envoy is configured with, in its own words."""

from typing import Any

import click

from pillion.cli.output import client, guarded, mesh_option, output_option, print_json, print_table
from pillion.cli.proxy_tables import TABLES, section


@click.command()
@click.argument("part", type=click.Choice([*TABLES, "bootstrap", "all"]))
@click.argument("pod")
@click.option("-n", "--namespace", default="", help="the pod's namespace, unless POD says NAMESPACE/POD")
@mesh_option
@output_option
@guarded
def command(part: str, pod: str, *, namespace: str, mesh: str, output: str) -> None:
    """Show clusters, listeners, routes, endpoints or the bootstrap of a pod's Envoy. POD may be a Deployment's name."""
    name = f"{namespace}/{pod}" if namespace else pod
    dump: dict[str, Any] = client(mesh).get("/proxy-config", pod=name)
    if part == "all":
        print_json(dump)
    elif output == "json" or part == "bootstrap":
        print_json(section(dump, part))
    else:
        header, row = TABLES[part]
        print_table(header, sorted(line for each in section(dump, part) for line in row(each)))
