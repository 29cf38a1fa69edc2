"""`pillion get`: what is in a running mesh."""

import click

from pillion.cli.output import (
    client,
    fail,
    guarded,
    mesh_option,
    print_diagnostics,
    print_json,
    print_table,
    print_yaml,
    unpacked,
)

NAMES: dict[str, tuple[str, ...]] = {
    "AuthorizationPolicy": ("authorizationpolicies", "ap"),
    "ConfigMap": ("configmaps", "cm"),
    "CronJob": ("cronjobs", "cj"),
    "DaemonSet": ("daemonsets", "ds"),
    "Deployment": ("deployments", "deploy"),
    "DestinationRule": ("destinationrules", "dr"),
    "EndpointSlice": ("endpoints", "endpointslices", "ep"),
    "EnvoyFilter": ("envoyfilters",),
    "Gateway": ("gateways", "gw"),
    "Job": ("jobs",),
    "Namespace": ("namespaces", "ns"),
    "Node": ("nodes", "no"),
    "PeerAuthentication": ("peerauthentications", "pa"),
    "Pod": ("pods", "po"),
    "ProxyConfig": ("proxyconfigs",),
    "ReplicaSet": ("replicasets", "rs"),
    "RequestAuthentication": ("requestauthentications", "ra"),
    "Secret": ("secrets",),
    "Service": ("services", "svc"),
    "ServiceAccount": ("serviceaccounts", "sa"),
    "ServiceEntry": ("serviceentries", "se"),
    "Sidecar": ("sidecars",),
    "StatefulSet": ("statefulsets", "sts"),
    "Telemetry": ("telemetries", "telemetry"),
    "TrafficExtension": ("trafficextensions",),
    "VirtualService": ("virtualservices", "vs"),
    "WasmPlugin": ("wasmplugins",),
    "WorkloadEntry": ("workloadentries", "we"),
    "WorkloadGroup": ("workloadgroups", "wg"),
}
"""The plural, and what else kubectl's users write."""
KINDS = {word: kind for kind, words in NAMES.items() for word in (kind.lower(), *words)}
PLURALS = frozenset(words[0] for words in NAMES.values())


@click.command()
@click.argument("kind")
@click.argument("name", required=False)
@click.option("-n", "--namespace", default="", help="only this namespace; all without it")
@click.option("-l", "--selector", default="", help="only with these labels: KEY=VALUE[,...], kubectl's syntax")
@click.option("-A", "--all-namespaces", is_flag=True, help="all namespaces (the default)")
@mesh_option
@click.option("-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="how to print it")
@guarded
def command(  # noqa: PLR0913 (the options are kubectl's)
    kind: str, name: str | None, *, namespace: str, selector: str, all_namespaces: bool, mesh: str, output: str
) -> None:
    """Show what is in a running mesh: pods, services, sidecars, endpoints and other resources, with their origin."""
    word = KINDS.get(kind.lower())
    if word is None:
        fail(f"unknown kind {kind!r}; known are {', '.join(sorted(PLURALS))}")
    scope = "" if all_namespaces else namespace
    server = client(mesh)
    answer = server.get("/objects", kind=word, namespace=scope, name=name or "", selector=selector)
    whole = {"apiVersion": "v1", "kind": "List", "items": answer["items"]}
    if output == "json":
        print_json(whole)
    elif output == "yaml":
        print_yaml(whole)
    elif answer["rows"]:
        print_table(answer["header"], answer["rows"])
    elif not name:
        click.echo(f"no {kind} found" + (f" in namespace {namespace}" if namespace else ""), err=True)
    shown = {f"{word} {row[0]}/{row[1]}" for row in answer["rows"]}
    found = unpacked(server.get("/status")["diagnostics"])
    # what is about no resource is about a whole file: what it no longer says is missing here
    about = (each for each in found if each.where.resource in shown or not each.where.resource)
    print_diagnostics(tuple(dict.fromkeys((*about, *unpacked(answer["told"])))))
    if name and not answer["items"]:
        fail(f"there is no {word} {name}" + (f" in namespace {namespace}" if namespace else ""), 1)
