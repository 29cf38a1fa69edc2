"""`pillion proxy-config`: what a pod's Envoy is configured with, in its own words."""

from typing import Any

import click

from pillion.cli.cluster import asked, cluster_options, means_cluster
from pillion.cli.output import client, guarded, mesh_option, output_option, print_json, print_table
from pillion.cli.proxy_tables import TABLES, rows_of, section
from pillion.sources.kubernetes.client import KubernetesClient


@click.command()
@click.argument("part", type=click.Choice([*TABLES, "bootstrap", "all"]), metavar="PART")
@click.argument("pod")
@click.option("-n", "--namespace", default="", help="the pod's namespace, unless POD says NAMESPACE/POD")
@mesh_option
@cluster_options
@output_option
@guarded
def command(part: str, pod: str, *, output: str, namespace: str, **where: str) -> None:
    """Show PART of a pod's Envoy: clusters, listeners, routes, endpoints, bootstrap or all.

    With --kubeconfig or --context it is a pod of that cluster, or a Deployment's name; else one of the mesh on this
    machine.
    """
    dump = _dump(pod, namespace, **where)
    if part == "all":
        print_json(dump)
    elif output == "json" or part == "bootstrap":
        print_json(section(dump, part))
    else:
        header, _ = TABLES[part]
        print_table(header, rows_of(section(dump, part), part))


def _dump(pod: str, namespace: str, mesh: str, kubeconfig: str, context: str) -> dict[str, Any]:
    if not means_cluster(kubeconfig, context):
        return client(mesh).get("/proxy-config", pod=f"{namespace}/{pod}" if namespace else pod)
    # Imported when a cluster is meant: a mesh on this machine is asked without all that.
    from pillion.install.inspection.envoy import config_dump  # noqa: PLC0415

    async def work(cluster: KubernetesClient) -> dict[str, Any]:
        home, _, name = pod.rpartition("/")
        return await config_dump(cluster, namespace or home or cluster.access.namespace, name)

    return asked(kubeconfig, context, work)
