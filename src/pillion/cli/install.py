"""`pillion install`: install into a cluster, or print what would be applied."""

import asyncio
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import click

from pillion.cli.output import fail, print_diagnostics, print_json
from pillion.install.apply import Manner, Outcome, install
from pillion.install.authority import AuthorityError
from pillion.install.cluster import Cluster
from pillion.install.objects import objects
from pillion.install.options import Options, Resources, check
from pillion.install.plan import Step
from pillion.resources.frozen import FrozenJson, freeze
from pillion.resources.yaml.dump import dump_all
from pillion.resources.yaml.load import load
from pillion.sources.kubernetes.access import Access, AccessError, find_access
from pillion.sources.kubernetes.client import ApiError, KubernetesClient
from pillion.value import FrozenMap, has_errors

DONE = {
    "create": "created",
    "change": "changed",
    "unchanged": "unchanged",
    "leave": "left",
    "refuse": "refused",
    "remove": "removed",
}


@click.command()
@click.option("--kubeconfig", default="", help="file that says where the API server is; by default as kubectl finds it")
@click.option("--context", default="", help="context of the kubeconfig")
@click.option("-n", "--namespace", default="istio-system", show_default=True, help="the system namespace")
@click.option(
    "--root-namespace", default="", help="where rules for the whole mesh stand; the system namespace if empty"
)
@click.option("-r", "--revision", default="default", show_default=True, help="revision to install beside others")
@click.option("--hub", default="pillion", show_default=True, help="registry and folder of the image")
@click.option("--tag", default="latest", show_default=True, help="tag of the image")
@click.option("--image", default="pillion", show_default=True, help="name of the image")
@click.option("--pull-policy", default="", help="imagePullPolicy of our containers")
@click.option("--pull-secret", "pull_secrets", multiple=True, help="Secret for the registry; repeatable")
@click.option("--replicas", default=2, show_default=True, help="of the injector, and of the control plane")
@click.option("--injector-request", multiple=True, help="cpu=AMOUNT or memory=AMOUNT; repeatable")
@click.option("--injector-limit", multiple=True, help="the same, as a limit")
@click.option("--control-plane-request", multiple=True, help="cpu=AMOUNT or memory=AMOUNT; repeatable")
@click.option("--control-plane-limit", multiple=True, help="the same, as a limit")
@click.option("--disruption-budget/--no-disruption-budget", default=True, help="keep one of several replicas")
@click.option("--network-policy/--no-network-policy", default=False, help="close all ports but ours")
@click.option("--crds/--no-crds", default=True, help="make the CustomResourceDefinitions that are not there")
@click.option("--validation/--no-validation", default=True, help="have the control plane judge what is written")
@click.option(
    "--status/--no-status", default=True, help="have it say in the status of objects that it cannot read them"
)
@click.option("--allocate/--no-allocate", default=True, help="have it give addresses to ServiceEntries without any")
@click.option("--on-failure", type=click.Choice(["refuse", "allow"]), default="refuse", help="pods without an injector")
@click.option(
    "--native-sidecars",
    type=click.Choice(["auto", "true", "false"]),
    default="false",
    show_default=True,
    help="auto: when all nodes can run them",
)
@click.option("--platform", default="", help="openshift: a proxy's ids are those of its namespace")
@click.option("--meshConfigFile", "mesh", default="", help="MeshConfig fields, laid over ours")
@click.option("--valuesFile", "values", default="", help="values of the injection template, laid over ours")
@click.option("--ca-bundle", default="", help="PEM file of who vouches for the injector, instead of our own authority")
@click.option("--certificate-secret", default="", help="Secret with the injector's tls.crt and tls.key")
@click.option("--dry-run", is_flag=True, help="say what would be done, as the API server sees it; write nothing")
@click.option("--adopt", is_flag=True, help="take over objects that somebody else applied from our YAML")
@click.option("--force-conflicts", is_flag=True, help="take fields back that others have set on our objects")
@click.option("--wait/--no-wait", default=True, help="wait until the Deployments are available")
@click.option("--timeout", default=300.0, show_default=True, help="seconds to wait")
@click.option(
    "-o", "--output", type=click.Choice(["table", "json", "yaml"]), default="table", help="yaml: print, do nothing"
)
def command(kubeconfig: str, context: str, output: str, **rest: Any) -> None:
    """Install injector and control plane. What is there and is not ours is never overwritten."""
    options = _options(rest)
    found = check(options)
    print_diagnostics(found)
    if has_errors(found):
        sys.exit(2)
    if output == "yaml":
        click.echo(dump_all([each.document() for each in objects(options)]), nl=False)
        if options.is_certificate_ours:
            click.echo("install: the control plane writes caBundle and the injector's certificate", err=True)
        elif not options.ca_bundle:
            click.echo("install: caBundle is left to whoever issues the injector's certificate", err=True)
        return
    manner = Manner(
        dry_run=rest["dry_run"],
        adopt=rest["adopt"],
        force=rest["force_conflicts"],
        patience=rest["timeout"] if rest["wait"] else 0.0,
    )
    try:
        outcome = asyncio.run(_install(find_access(kubeconfig, context), options, manner, told=output == "table"))
    except (AccessError, ApiError, AuthorityError) as problem:
        fail(str(problem))
    _conclude(outcome, manner, output)


async def _install(access: Access, options: Options, manner: Manner, *, told: bool) -> Outcome:
    def say(step: Step) -> None:
        if told:
            verb = step.action if manner.dry_run else DONE[step.action]
            click.echo(f"{verb:<10} {step.key}" + (f": {step.reason}" if step.reason else ""))

    async with KubernetesClient(access) as client:
        return await install(Cluster(client), options, manner, say)


def _conclude(outcome: Outcome, manner: Manner, output: str) -> None:
    if output == "json":
        steps = [_step_json(step) for step in outcome.steps]
        waiting = list(outcome.waiting)
        print_json({"dryRun": manner.dry_run, "refused": outcome.refused, "steps": steps, "waiting": waiting})
    if outcome.refused:
        fail("nothing was written: something that is not ours stands in the way", 1)
    if outcome.waiting:
        fail(f"installed, but not all of it works yet: {'; '.join(outcome.waiting)}", 1)


def _step_json(step: Step) -> dict[str, str]:
    key = step.key
    return {
        "kind": key.kind,
        "namespace": key.namespace,
        "name": key.name,
        "action": step.action,
        "reason": step.reason,
    }


def _options(rest: Mapping[str, Any]) -> Options:
    usual = Options()
    return Options(
        system_namespace=rest["namespace"],
        disruption_budget=rest["disruption_budget"],
        refuse_on_failure=rest["on_failure"] == "refuse",
        injector_resources=_resources(
            usual.injector_resources, rest["injector_request"], rest["injector_limit"]
        ),
        control_plane_resources=_resources(
            usual.control_plane_resources, rest["control_plane_request"], rest["control_plane_limit"]
        ),
        mesh=_fields(rest["mesh"]),
        values=_fields(rest["values"]),
        ca_bundle=_text(rest["ca_bundle"]) if rest["ca_bundle"] else "",
        **{
            name: rest[name]
            for name in (
                "root_namespace", "revision", "hub", "tag", "image", "pull_policy", "pull_secrets", "replicas",
                "network_policy", "crds", "validation", "status", "allocate", "certificate_secret", "native_sidecars",
                "platform",
            )
        },
    )  # fmt: skip


def _resources(usual: Resources, requests: tuple[str, ...], limits: tuple[str, ...]) -> Resources:
    asked = FrozenMap({**usual.requests, **_amounts(requests)})
    return Resources(requests=asked, limits=FrozenMap(_amounts(limits)))


def _amounts(words: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for word in words:
        name, equals, amount = word.partition("=")
        if not equals:
            fail(f"{word!r} is no amount, expected cpu=AMOUNT or memory=AMOUNT")
        found[name] = amount
    return found


def _fields(file: str) -> FrozenMap[FrozenJson]:
    if not file:
        return FrozenMap()
    content, found = load(_text(file))
    if not isinstance(content, Mapping):
        fail(f"{file} is no YAML map" + (f": {found[0].message}" if found else ""))
    return cast("FrozenMap[FrozenJson]", freeze(content))


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        fail(f"{file} cannot be read: {problem}")
