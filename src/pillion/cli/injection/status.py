"""`pillion inject status`: what became of each pod of a cluster, and whether it would come out the same today."""

import sys

import click

from pillion.cli.cluster import asked, cluster_options, home_option
from pillion.cli.output import output_option, print_json, print_table
from pillion.install.cluster import Cluster
from pillion.install.inspection.pods import PodInjection
from pillion.install.inspection.reading import PodsFound, pods_found
from pillion.sources.kubernetes.client import KubernetesClient


@click.command()
@cluster_options
@home_option
@click.option("-n", "--namespace", default="", help="only pods of this namespace; of all without it")
@output_option
def status(kubeconfig: str, context: str, home: str, namespace: str, output: str) -> None:
    """Say for every pod whether it is injected, by which revision and version, and what the rules say about it today.

    Exit code 1 when a pod would come out differently today, or when a revision has no usable settings.
    """

    async def work(client: KubernetesClient) -> PodsFound:
        return await pods_found(Cluster(client), home, namespace)

    found = asked(kubeconfig, context, work)
    if output == "json":
        print_json({"pods": [_json(each) for each in found.pods], "problems": list(found.problems)})
    else:
        _print(found)
    sys.exit(1 if found.problems or any(each.is_wrong for each in found.pods) else 0)


def _print(found: PodsFound) -> None:
    header = ("NAMESPACE", "POD", "STATUS", "REVISION", "VERSION", "REASON")
    rows = [
        (each.namespace, each.name, each.state, each.revision or "-", each.version or "-", each.reason)
        for each in found.pods
    ]
    print_table(header, rows)
    for each in found.pods:
        for change in each.drift:
            click.echo(f"{each.namespace}/{each.name}: {change}")
    for problem in found.problems:
        click.echo(f"pillion: {problem}", err=True)


def _json(pod: PodInjection) -> dict[str, object]:
    return {
        "namespace": pod.namespace,
        "name": pod.name,
        "owner": pod.owner,
        "status": pod.state,
        "revision": pod.revision,
        "version": pod.version,
        "rule": pod.rule,
        "reason": pod.reason,
        "drift": list(pod.drift),
    }
