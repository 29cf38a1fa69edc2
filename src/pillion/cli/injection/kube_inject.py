"""`pillion kube-inject`: inject the workloads of files, with the flags of `istioctl kube-inject`."""

import json
import os
import sys
from typing import cast

import click

from pillion.cli.injection.settings import SettingsSource, cluster_map_options, cluster_maps, read_settings
from pillion.cli.injection.texts import joined, read_inputs, write_output
from pillion.inject.conversion import Conversion, convert
from pillion.inject.injection import Injector, Options
from pillion.value import Diagnostic, Diagnostics, FrozenMap, has_errors


@click.command(short_help="inject the sidecar into the workloads of files")
@click.option(
    "-f", "--filename", multiple=True, help="file or folder of Kubernetes YAML, - for standard input; repeatable"
)
@click.option("-o", "--output", default="", help="file to write; json for a report; standard output if absent")
@click.option(
    "--injectConfigFile", "config", default="", help="key config of ConfigMap istio-sidecar-injector, or a template"
)
@click.option("--valuesFile", "values", default="", help="key values of ConfigMap istio-sidecar-injector")
@click.option("--meshConfigFile", "mesh", default="", help="key mesh of ConfigMap istio")
@click.option("--operatorFileName", "operator", default="", help="IstioOperator whose values and mesh config to use")
@click.option("-r", "--revision", default="", help="revision that injects; default is the default one")
@cluster_map_options
@click.option(
    "--webhookConfig", hidden=True, expose_value=False, help="istioctl's; the ConfigMaps say all that it says"
)
def command(filename: tuple[str, ...], output: str, revision: str, **named: str) -> None:
    """Inject the sidecar into Kubernetes workloads; other documents pass through as they are.

    Without settings the ones of pillion are used. A cluster is asked only if an option names one, its kubeconfig,
    context, namespace or ConfigMap, and only for settings that no file gives. Injecting a second time changes nothing.
    The result goes straight into `kubectl apply -f -`.
    """
    if not filename:
        raise click.UsageError("filename not specified (see --filename or -f)")
    revision = "" if revision == "default" else revision
    options = Options(
        revision=revision,
        native_sidecars=os.environ.get("ENABLE_NATIVE_SIDECARS") == "true",
        compliance_policy=os.environ.get("COMPLIANCE_POLICY", ""),
    )
    source = SettingsSource(
        config=named.pop("config"),
        values=named.pop("values"),
        mesh=named.pop("mesh"),
        operator=named.pop("operator"),
        cluster=cluster_maps(revision, **named),
    )
    injector = Injector(read_settings(source), FrozenMap(os.environ))
    results: list[Conversion] = []
    if not has_errors(injector.diagnostics):
        results = [convert(text, name, injector, options) for name, text in read_inputs(filename)]
    told = (*injector.diagnostics, *(each for result in results for each in result.diagnostics))
    found = tuple(dict.fromkeys(told))
    _tell(found)
    if output == "json":
        click.echo(_report(results, found))
    elif not has_errors(found):
        write_output(joined(result.text for result in results), output)
    sys.exit(2 if has_errors(found) else 0)


def _tell(found: Diagnostics) -> None:
    for each in found:
        click.echo(str(each), err=True)


def _report(results: list[Conversion], found: tuple[Diagnostic, ...]) -> str:
    decisions = [decision for result in results for decision in result.decisions]
    report = {
        "decisions": [
            {
                "injected": each.injects,
                "rules": [{"name": r.name, "outcome": r.outcome, "reason": r.reason} for r in each.rules],
            }
            for each in decisions
        ],
        "diagnostics": [
            {"code": each.code, "severity": each.severity, "message": each.message, "where": str(each.where)}
            for each in found
        ],
        "documents": joined(result.text for result in results),
    }
    return json.dumps(cast(object, report), indent=2)
