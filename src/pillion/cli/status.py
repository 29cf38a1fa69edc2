"""`pillion status`: whether an installation in a cluster is well."""

import datetime as dt
import sys

import click

from pillion.cli.cluster import asked, cluster_options, home_option, revision_option
from pillion.cli.output import output_option, print_json, print_table
from pillion.install.inspection.examination import health_of
from pillion.install.inspection.health import Health
from pillion.install.inspection.replicas import Replica
from pillion.sources.kubernetes.client import KubernetesClient


@click.command()
@cluster_options
@home_option
@revision_option
@output_option
def command(kubeconfig: str, context: str, home: str, revision: str, output: str) -> None:
    """Say how the control plane is: its Deployments, replicas, webhooks, certificates, proxies, and refused resources.

    Exit code 1 when something is wrong.
    """

    async def work(client: KubernetesClient) -> Health:
        return await health_of(client, home, revision, dt.datetime.now(dt.UTC))

    health = asked(kubeconfig, context, work)
    if output == "json":
        print_json(_json(health))
    else:
        _print(health)
    sys.exit(1 if health.problems else 0)


def _print(health: Health) -> None:
    deployments = [
        (each.name, each.revision, f"{each.available}/{each.wanted}", "; ".join(each.conditions) or "-")
        for each in health.deployments
    ]
    print_table(("DEPLOYMENT", "REVISION", "AVAILABLE", "CONDITIONS"), deployments)
    click.echo()
    replicas = [
        (each.name, each.revision, each.version or "-", _state(each), len(each.proxies)) for each in health.replicas
    ]
    print_table(("REPLICA", "REVISION", "VERSION", "STATE", "PROXIES"), replicas)
    click.echo()
    webhooks = [(each.kind, each.name, each.service, each.endpoints, each.failure_policy) for each in health.webhooks]
    print_table(("WEBHOOK", "NAME", "SERVICE", "ENDPOINTS", "ON FAILURE"), webhooks)
    click.echo()
    print_table(("CERTIFICATE", "ENDS"), [(each.name, each.ends) for each in health.certificates])
    for unseen in health.unseen:
        click.echo(f"pillion: cannot be seen: {unseen}", err=True)
    click.echo()
    for problem in health.problems:
        click.echo(problem)
    if not health.problems:
        click.echo("all is well")


def _state(replica: Replica) -> str:
    return "unknown" if replica.problem else "ready" if replica.is_ready else "not ready"


def _json(health: Health) -> dict[str, object]:
    proxies = [proxy for each in health.replicas for proxy in each.proxies]
    return {
        "healthy": not health.problems,
        "problems": list(health.problems),
        "deployments": [
            {
                "name": each.name,
                "revision": each.revision,
                "wanted": each.wanted,
                "available": each.available,
                "problem": each.problem,
                "conditions": list(each.conditions),
            }
            for each in health.deployments
        ],
        "replicas": [
            {
                "name": each.name,
                "revision": each.revision,
                "version": each.version,
                "state": _state(each),
                "reasons": list(each.reasons),
                "proxies": len(each.proxies),
                "problem": each.problem,
            }
            for each in health.replicas
        ],
        "webhooks": [
            {
                "kind": each.kind,
                "name": each.name,
                "revision": each.revision,
                "service": each.service,
                "endpoints": each.endpoints,
                "failurePolicy": each.failure_policy,
                "problem": each.problem,
            }
            for each in health.webhooks
        ],
        "certificates": [
            {"name": each.name, "ends": each.ends, "problem": each.problem} for each in health.certificates
        ],
        "proxies": {
            "connected": len(proxies),
            "behind": sum(each.is_behind for each in proxies),
            "disconnected": list(health.disconnected),
        },
        "findings": list(health.findings),
        "unseen": list(health.unseen),
    }
