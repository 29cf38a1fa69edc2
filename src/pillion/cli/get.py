"""`pillion get`: what is in a running mesh."""

import click

from pillion.cli.output import (
    client,
    fail,
    guarded,
    mesh_option,
    output_option,
    print_diagnostics,
    print_json,
    print_table,
    unpacked,
)

KINDS = {
    "pods": "Pod", "pod": "Pod", "po": "Pod",
    "services": "Service", "service": "Service", "svc": "Service",
    "sidecars": "Sidecar", "sidecar": "Sidecar",
    "endpoints": "EndpointSlice", "endpointslices": "EndpointSlice", "ep": "EndpointSlice",
    "namespaces": "Namespace", "namespace": "Namespace", "ns": "Namespace",
    "deployments": "Deployment", "deployment": "Deployment", "deploy": "Deployment",
    "configmaps": "ConfigMap", "configmap": "ConfigMap", "cm": "ConfigMap",
    "serviceentries": "ServiceEntry", "serviceentry": "ServiceEntry", "se": "ServiceEntry",
    "virtualservices": "VirtualService", "virtualservice": "VirtualService", "vs": "VirtualService",
    "destinationrules": "DestinationRule", "destinationrule": "DestinationRule", "dr": "DestinationRule",
    "peerauthentications": "PeerAuthentication", "peerauthentication": "PeerAuthentication", "pa": "PeerAuthentication",
    "authorizationpolicies": "AuthorizationPolicy", "authorizationpolicy": "AuthorizationPolicy",
    "requestauthentications": "RequestAuthentication", "requestauthentication": "RequestAuthentication",
    "envoyfilters": "EnvoyFilter", "envoyfilter": "EnvoyFilter",
    "gateways": "Gateway", "gateway": "Gateway", "gw": "Gateway",
}  # fmt: skip


@click.command()
@click.argument("kind")
@click.argument("name", required=False)
@click.option("-n", "--namespace", default="", help="only this namespace; all without it")
@click.option("-l", "--selector", default="", help="only with these labels: KEY=VALUE[,KEY=VALUE]")
@click.option("-A", "--all-namespaces", is_flag=True, help="all namespaces (the default)")
@mesh_option
@output_option
@guarded
def command(  # noqa: PLR0913 (the options are kubectl's)
    kind: str, name: str | None, *, namespace: str, selector: str, all_namespaces: bool, mesh: str, output: str
) -> None:
    """Show what is in a running mesh: pods, services, sidecars, endpoints and other resources, with their origin."""
    word = KINDS.get(kind.lower())
    if word is None:
        fail(f"unknown kind {kind!r}; known are {', '.join(sorted(set(KINDS) & PLURALS))}")
    scope = "" if all_namespaces else namespace
    server = client(mesh)
    answer = server.get("/objects", kind=word, namespace=scope, name=name or "", selector=selector)
    if output == "json":
        print_json({"apiVersion": "v1", "kind": "List", "items": answer["items"]})
    elif answer["rows"]:
        print_table(answer["header"], answer["rows"])
    elif not name:
        click.echo(f"no {kind} found" + (f" in namespace {namespace}" if namespace else ""), err=True)
    shown = {f"{word} {row[0]}/{row[1]}" for row in answer["rows"]}
    found = unpacked(server.get("/status")["diagnostics"])
    print_diagnostics(tuple(each for each in found if each.where.resource in shown))
    if name and not answer["items"]:
        fail(f"there is no {word} {name}" + (f" in namespace {namespace}" if namespace else ""), 1)


PLURALS: frozenset[str] = frozenset(word for word in KINDS if word.endswith("s") and len(word) > 3)
