"""`pillion inject doctor`: what injection does to the workloads of files, why, and what to mind."""

import sys
from typing import Any

import click
from msgspec.structs import replace

from pillion.analysis.injection.blast_radius import BlastRadius, blast_radii
from pillion.analysis.injection.cases import Case, cases, namespaces
from pillion.analysis.injection.diagnosis import Diagnosis, diagnose
from pillion.analysis.injection.drift import Drift, drift
from pillion.cli.injection.export import settings as export
from pillion.cli.injection.pods import pods_of_cluster
from pillion.cli.injection.settings import ClusterMaps, cluster_maps
from pillion.cli.injection.status import status
from pillion.controlplane.webhook.files import SettingsFiles
from pillion.controlplane.webhook.files import read as read_settings
from pillion.inject.documents import POD
from pillion.inject.injection import Injector, Options
from pillion.inject.rendering.proxy_configs import Shelves
from pillion.inject.schema.types import Json, section
from pillion.inject.settings import INJECTOR_MAP, MESH_MAP, Settings, from_config_maps
from pillion.mesh.catalog import Catalog
from pillion.resources.decode import decode
from pillion.resources.istio.proxy_config import ProxyConfig
from pillion.resources.lines import locate_all
from pillion.sources.files import Reading, read_paths
from pillion.value import Diagnostic, Diagnostics, Where, has_errors

KIND = ProxyConfig.__name__


@click.group(short_help="look into injection")
def command() -> None:
    """Look into injection."""


command.add_command(status)
command.add_command(export)


@command.command()
@click.argument("paths", nargs=-1, required=True, metavar="FILE|DIR|POD...")
@click.option(
    "--settings", multiple=True, help="file or folder with the two ConfigMaps; the input's own, else pillion's"
)
@click.option("--against", multiple=True, help="other settings, to say what would change with them")
@click.option("-r", "--revision", default="", help="revision that injects; default is the default one")
@click.option("--native-sidecars", is_flag=True, help="the nodes can run the proxy as a native sidecar")
@click.option("--kubeconfig", default="", help="ask about pods (NAMESPACE/POD) of the cluster of this kubeconfig")
@click.option("--context", default="", help="ask about pods of the cluster of this context")
@click.option("-i", "--istioNamespace", "home", default="", help="with a cluster: where its settings are; istio-system")
@click.option("-n", "--namespace", default="", help="with a cluster: of pods that do not name theirs")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="how to print the answer")
def doctor(
    paths: tuple[str, ...],
    settings: tuple[str, ...],
    against: tuple[str, ...],
    output: str,
    revision: str,
    native_sidecars: bool,  # click's flag
    **cluster: str,
) -> None:
    """Say for every workload whether it is injected, by which rule, with which patch, and what that means for it.

    Webhook configurations among the files are asked whose pods stop when they are down. With --kubeconfig or --context
    the workloads are pods of that cluster, whose webhooks and settings are asked. Exit code 1 when something is wrong,
    2 when files or settings cannot be read.
    """
    revision = "" if revision == "default" else revision
    reading, found = _read(paths, revision, **cluster)
    injector = _injector(settings, revision, reading)
    options = Options(
        by_hand=False, revision=revision, native_sidecars=native_sidecars, proxy_configs=_proxy_configs(reading)
    )
    known = namespaces(reading.documents)
    diagnoses = [_located(diagnose(case, injector, known, options), reading) for case in found]
    radii = blast_radii(reading.documents, found, known)
    drifts = drift(found, (injector, _injector(against, revision, None)), known, options) if against else ()
    notes = tuple(each for radius in radii for each in _lines(radius.findings, reading))
    if output == "json":
        click.echo(_json(diagnoses, radii, drifts))
    else:
        _print(diagnoses, radii, drifts, notes)
    for each in reading.diagnostics:
        click.echo(str(each), err=True)
    wrong = any(each.is_wrong for each in diagnoses) or bool(notes)
    sys.exit(2 if has_errors(reading.diagnostics) else 1 if wrong else 0)


def _read(
    names: tuple[str, ...], revision: str, *, kubeconfig: str, context: str, home: str, namespace: str
) -> tuple[Reading, tuple[Case, ...]]:
    """Read the input, and name the workloads to look at."""
    if not kubeconfig and not context:
        reading = read_paths(names)
        return reading, cases(reading.documents)
    maps = (
        cluster_maps(revision, kubeconfig=kubeconfig, context=context, home=home, injector_map="", mesh_map="")
        or ClusterMaps()
    )
    reading = pods_of_cluster(names, namespace, maps)
    pods = ((dict(each.content), each.origin) for each in reading.documents[: len(names)])
    return reading, tuple(Case(pod, origin, POD) for pod, origin in pods)


def _proxy_configs(reading: Reading) -> Shelves:
    """Take what counts for pods beside the settings."""
    found = (decode(dict(each.content))[0] for each in reading.documents if each.content.get("kind") == KIND)
    resources = (each for each in found if isinstance(each, ProxyConfig))
    placed = (
        replace(each, metadata=replace(each.metadata, namespace=each.metadata.namespace or "default"))
        for each in resources
    )
    return Catalog().with_changes(placed).shelves(ProxyConfig)


def _injector(names: tuple[str, ...], revision: str, reading: Reading | None) -> Injector:
    settings, problems = _settings(names, revision, reading)
    if settings is not None:
        injector = Injector(settings)
        problems = (*problems, *injector.diagnostics)
        if not has_errors(problems):
            return injector
    for each in problems:
        click.echo(str(each), err=True)
    sys.exit(2)


def _settings(names: tuple[str, ...], revision: str, reading: Reading | None) -> tuple[Settings | None, Diagnostics]:
    if names or reading is None:
        return read_settings(SettingsFiles(maps=names, revision=revision))
    found: dict[str, Json] = {}
    for document in reading.documents:
        content = dict(document.content)
        if content.get("kind") == "ConfigMap":
            found[str(section(content, "metadata").get("name"))] = content
    names_of = {name: (f"{name}-{revision}", name) for name in (INJECTOR_MAP, MESH_MAP)}
    maps = {name: next((found[each] for each in own if each in found), None) for name, own in names_of.items()}
    return from_config_maps({name: each for name, each in maps.items() if each is not None})


def _lines(found: Diagnostics, reading: Reading) -> Diagnostics:
    """Give diagnostics of one document their lines; a rule that looked at no field has none."""
    with_origin = tuple(each for each in found if each.where.origin is not None)
    if not with_origin or with_origin[0].where.origin is None:
        return found
    text = reading.texts[with_origin[0].where.origin.file]
    placed = iter(locate_all(with_origin, text))
    return tuple(each if each.where.origin is None else next(placed) for each in found)


def _located(diagnosis: Diagnosis, reading: Reading) -> Diagnosis:
    here = Diagnostic(code=diagnosis.verdict, severity="info", message="", where=diagnosis.where)
    every = _lines((here, *diagnosis.rules, *diagnosis.findings), reading)
    rules = len(diagnosis.rules)
    return Diagnosis(
        workload=diagnosis.workload,
        verdict=diagnosis.verdict,
        where=every[0].where,
        rules=every[1 : rules + 1],
        is_namespace_known=diagnosis.is_namespace_known,
        patch=diagnosis.patch,
        findings=every[rules + 1 :],
        added=diagnosis.added,
    )


def _place(where: Where) -> str:
    return str(Where(origin=where.origin, line=where.line)) if where.origin else ""


def _print(
    diagnoses: list[Diagnosis], radii: tuple[BlastRadius, ...], drifts: tuple[Drift, ...], notes: Diagnostics
) -> None:
    for each in diagnoses:
        _print_workload(each)
    for radius in radii:
        effect = "refused" if radius.failure_policy == "Fail" else "started without what it does"
        click.echo(f"{radius.webhook}: while it is down, pods are {effect} ({radius.failure_policy})")
        click.echo(f"  namespaces: {', '.join(radius.namespaces) or 'none'}")
        click.echo(f"  workloads: {', '.join(radius.workloads) or 'none'}")
    for note in notes:
        click.echo(f"  {note}")
    for changed in drifts:
        click.echo(f"{changed.workload}: {changed.before} -> {changed.after} with the other settings")
        for operation in changed.operations:
            click.echo(f"  {operation}")


def _print_workload(each: Diagnosis) -> None:
    click.echo(f"{each.workload} ({_place(each.where)}): {each.verdict}")
    if not each.is_namespace_known:
        click.echo("  its namespace is not among the files: the webhook's selectors were not asked")
    for rule in each.rules:
        place = f"  ({_place(rule.where)})" if rule.where.origin else ""
        click.echo(f"  {rule.hint:<6} {rule.code}: {rule.message}{place}")
    for title, totals in (("requests", each.added.requests), ("limits", each.added.limits)):
        if totals:
            click.echo(f"  adds {title}: " + ", ".join(f"{name} {amount}" for name, amount in totals.items()))
    for finding in each.findings:
        click.echo(f"  {finding}")
    for operation in each.patch:
        click.echo(f"  patch {operation}")


def _json(diagnoses: list[Diagnosis], radii: tuple[BlastRadius, ...], drifts: tuple[Drift, ...]) -> str:
    import json  # noqa: PLC0415 only here

    report: dict[str, Any] = {
        "workloads": [
            {
                "workload": each.workload,
                "where": _place(each.where),
                "verdict": each.verdict,
                "namespaceKnown": each.is_namespace_known,
                "rules": [
                    {"name": r.code, "outcome": r.hint, "reason": r.message, "where": _place(r.where)}
                    for r in each.rules
                ],
                "added": {"requests": dict(each.added.requests), "limits": dict(each.added.limits)},
                "findings": [_finding(finding) for finding in each.findings],
                "patch": [json.loads(operation) for operation in each.patch],
            }
            for each in diagnoses
        ],
        "webhooks": [
            {
                "webhook": each.webhook,
                "failurePolicy": each.failure_policy,
                "namespaces": each.namespaces,
                "workloads": each.workloads,
                "findings": [_finding(finding) for finding in each.findings],
            }
            for each in radii
        ],
        "drift": [
            {
                "workload": each.workload,
                "before": each.before,
                "after": each.after,
                "operations": [json.loads(operation) for operation in each.operations],
            }
            for each in drifts
        ],
    }
    return json.dumps(report, indent=2)


def _finding(found: Diagnostic) -> dict[str, str]:
    return {
        "code": found.code,
        "severity": found.severity,
        "message": found.message,
        "where": str(found.where),
        "hint": found.hint,
    }
