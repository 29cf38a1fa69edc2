"""`pillion proxy-status`: how far each proxy of a cluster is with what its control plane tells it."""

import sys

import click

from pillion.cli.cluster import asked, cluster_options, home_option, revision_option
from pillion.cli.output import fail, output_option, print_json, print_table
from pillion.install.inspection.replicas import Replica, replicas
from pillion.install.inspection.sync import TYPES, ProxySync
from pillion.sources.kubernetes.client import KubernetesClient

COLUMNS = {"cluster": "CDS", "listener": "LDS", "endpoint": "EDS", "route": "RDS"}


@click.command()
@click.argument("pod", default="")
@cluster_options
@home_option
@revision_option
@output_option
def command(pod: str, kubeconfig: str, context: str, home: str, revision: str, output: str) -> None:
    """Show for each proxy whether it has what it was sent. POD is NAMESPACE/POD; without it, all proxies.

    Exit code 1 when a proxy is behind or refuses something, when POD is not connected, or when a replica of the control
    plane cannot be asked.
    """

    async def work(client: KubernetesClient) -> tuple[Replica, ...]:
        return await replicas(client, home, revision)

    found = asked(kubeconfig, context, work)
    if not found:
        fail(f"namespace {home} has no control plane" + (f" of revision {revision}" if revision else ""))
    namespace, slash, name = pod.partition("/")
    # istioctl's way to say it, `POD.NAMESPACE`, is how a proxy is named here.
    wanted = f"{name}.{namespace}" if slash else pod
    proxies = [proxy for each in found for proxy in each.proxies if wanted in {"", proxy.proxy}]
    if output == "json":
        print_json({"proxies": [_json(each) for each in proxies], "replicas": [_replica(each) for each in found]})
    else:
        _print(proxies, found)
    lost = bool(pod) and not proxies
    if lost:
        click.echo(f"pillion: {pod} is connected to no replica", err=True)
    sys.exit(1 if lost or any(each.is_behind for each in proxies) or any(each.problem for each in found) else 0)


def _print(proxies: list[ProxySync], found: tuple[Replica, ...]) -> None:
    header = ("NAME", "CLUSTER", *COLUMNS.values(), "ISTIOD", "VERSION")
    rows = [
        (each.proxy, each.cluster, *(kind.state for kind in each.types), each.replica, each.version or "-")
        for each in sorted(proxies, key=lambda each: (each.proxy, each.replica))
    ]
    print_table(header, rows)
    for each in proxies:
        for kind, name in zip(each.types, TYPES, strict=True):
            if kind.problem:
                click.echo(f"{each.proxy} refuses {COLUMNS[name]}: {kind.problem}")
    for each in found:
        if each.problem:
            click.echo(f"pillion: {each.name} cannot be asked: {each.problem}", err=True)


def _json(each: ProxySync) -> dict[str, object]:
    types = dict(zip(TYPES, each.types, strict=True))
    return {
        "name": each.proxy,
        "cluster": each.cluster,
        "version": each.version,
        "istiod": each.replica,
        **{COLUMNS[name].lower(): kind.state for name, kind in types.items()},
        "errors": {COLUMNS[name].lower(): kind.problem for name, kind in types.items() if kind.problem},
    }


def _replica(each: Replica) -> dict[str, object]:
    return {"name": each.name, "revision": each.revision, "version": each.version, "problem": each.problem}
