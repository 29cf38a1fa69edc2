"""`pillion reach`: where a pod's call goes, from the files alone."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import click
from msgspec.structs import replace

from pillion.analysis.call import Result
from pillion.analysis.reach import Asked, Reached, find_workloads, reach
from pillion.cli.output import fail, output_option, print_diagnostics, print_json, print_table
from pillion.local.planned import plan
from pillion.local.server.declared import Declared
from pillion.mesh.catalog import Catalog
from pillion.mesh.snapshot import MeshSnapshot
from pillion.mesh.workload import Workload
from pillion.proxy.telling import Teller
from pillion.value import Diagnostics, FrozenMap


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="DIR|FILE...")
@click.option("--from", "caller", required=True, metavar="NAMESPACE/POD", help="who calls; a Deployment's name will do")
@click.option("--to", "target", required=True, metavar="HOST:PORT", help="whom, by a name as the program has it")
@click.option("--path", default="/", help="path of the request")
@click.option("--method", default="GET", help="method of the request")
@click.option("-H", "--header", "headers", multiple=True, metavar="NAME:VALUE", help="header of it; repeatable")
@click.option("--protocol", type=click.Choice(["http", "http2", "tls", "tcp"]), help="what the program speaks")
@click.option("--mesh-config", default="", help="file with a MeshConfig")
@output_option
def command(  # noqa: PLR0913  # a call has many sides
    paths: tuple[str, ...],
    *,
    caller: str,
    target: str,
    path: str,
    method: str,
    headers: tuple[str, ...],
    protocol: Any,
    mesh_config: str,
    output: str,
) -> None:
    """Say where a pod's call goes, by what its proxy would be told. Nothing runs, and no cluster is asked.

    Exit code 1 when the call does not leave the proxy for a place that it knows.
    """
    host, port = _target(target)
    asked = Asked(
        host=host,
        port=port,
        protocol="tcp" if protocol == "tls" else protocol,
        encryption=None if protocol is None else "tls" if protocol == "tls" else "plaintext",
        path=path,
        method=method,
        headers=FrozenMap(dict(map(_header, headers))),
    )
    declared = Declared(paths, mesh_config)
    planned = plan(declared.read(()), declared.mesh_config, mesh_config)
    teller = Teller()
    world, found = teller.build(Catalog().with_changes(planned.resources), planned.settings)
    known = planned.placed((*declared.diagnostics, *planned.diagnostics, *found))
    print_diagnostics(declared.located(known))
    pod = _caller(world.snapshot, caller)
    answer = reach(world, pod, asked, teller, captured=planned.has_sidecar(f"{pod.namespace}/{pod.name}"))
    if answer is None:
        fail(f"{host}: no service has this name as seen from {caller.partition('/')[0]}", 1)
    print_diagnostics(declared.located(planned.placed(_of_the_proxy(answer, known))))
    if output == "json":
        print_json(_document(answer))
    else:
        print_table(("STEP", "WHAT"), _rows(answer))
    sys.exit(0 if answer.arrives else 1)


def _of_the_proxy(answer: Reached, told: Diagnostics) -> Diagnostics:
    """Give what there is to say of the caller's proxy, and was not told of the world already."""
    known = {(each.code, each.where.resource) for each in told}
    caller = f"Pod {answer.caller.namespace}/{answer.caller.name}"
    return tuple(
        each if each.where.resource else replace(each, where=replace(each.where, resource=caller))
        for each in answer.diagnostics
        if (each.code, each.where.resource) not in known
    )


def _target(text: str) -> tuple[str, int]:
    host, colon, port = text.rpartition(":")
    if not colon or not port.isdigit():
        fail(f"--to {text}: HOST:PORT was expected")
    return host.removeprefix("[").removesuffix("]"), int(port)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        fail(f"--header {text}: NAME:VALUE was expected")
    return name.strip().lower(), value.strip()


def _caller(snapshot: MeshSnapshot, text: str) -> Workload:
    namespace, slash, name = text.partition("/")
    if not slash:
        namespace, name = "default", text
    found = find_workloads(snapshot, namespace, name)
    if not found:
        known = ", ".join(each.name for each in snapshot.workloads.get(namespace, ()))
        fail(f"there is no pod {name} in namespace {namespace}" + (f"; there are {known}" if known else ""))
    return found[0]


def _rows(answer: Reached) -> Iterator[tuple[str, str]]:
    result, call = answer.result, answer.call
    yield "caller", f"{answer.caller.namespace}/{answer.caller.name}"
    request = f"{call.method} {call.host}{call.path}, " if call.protocol != "tcp" else ""
    spoken = call.protocol if call.encryption == "plaintext" else f"{call.protocol} in TLS"
    yield "call", f"{request}{spoken} to {call.address}:{call.port}"
    steps = ("listener", "filter_chain", "route_config", "virtual_host", "route", "cluster", "redirect", "error")
    for step in steps:
        value = getattr(result, step)
        if value:
            yield step.replace("_", " "), str(value)
    for cluster, weight in result.weighted.items():
        yield "cluster", f"{cluster} (weight {weight})"
    if result.direct_response:
        yield "answer", f"status {result.direct_response}, from the proxy itself"
    if result.abort:
        yield "answer", f"{result.abort}, by fault injection"
    for cluster in result.missing_clusters:
        yield "missing", f"{cluster}: the proxy does not have it, and answers 503"
    for note in result.notes:
        yield "note", note


def _clusters(result: Result) -> Iterator[tuple[str, int]]:
    yield from result.weighted.items()
    if result.cluster:
        yield result.cluster, 1


def _document(answer: Reached) -> Mapping[str, Any]:
    result, call = answer.result, answer.call
    return {
        "caller": f"{answer.caller.namespace}/{answer.caller.name}",
        "call": {
            "address": call.address,
            "port": call.port,
            "protocol": call.protocol,
            "tls": call.encryption == "tls",
            "host": call.host,
            "path": call.path,
            "method": call.method,
        },
        "arrives": answer.arrives,
        "listener": result.listener,
        "filterChain": result.filter_chain,
        "routeConfig": result.route_config,
        "virtualHost": result.virtual_host,
        "route": result.route,
        "clusters": [{"cluster": cluster, "weight": weight} for cluster, weight in _clusters(result)],
        "redirect": result.redirect,
        "directResponse": result.direct_response,
        "abort": result.abort,
        "error": result.error or "",
        "missingClusters": list(result.missing_clusters),
        "notes": list(result.notes),
    }
