"""`pillion agent`: run Envoy beside a workload, with the flags of Istio's `proxy sidecar`."""

import os
import sys
from typing import Any

import click


@click.command()
@click.argument("words", nargs=-1, metavar="[proxy] [sidecar]")
@click.option("--domain", default="", help="DNS domain of the node id; default NAMESPACE.svc.cluster.local")
@click.option("--serviceCluster", "service_cluster", default="", help="the workload's name for traces")
@click.option("--concurrency", default=0, help="worker threads; default: as the ProxyConfig says")
@click.option("--proxyLogLevel", "proxy_log_level", default="", help="log level of Envoy (warning)")
@click.option("--proxyComponentLogLevel", "proxy_component_log_level", default="", help="per component (misc:error)")
@click.option("--envoy-path", default="", help="path of Envoy; default ENVOY_PATH, the installed one, PATH")
@click.option("--pod-info", default="/etc/istio/pod", help="folder of the downward API's labels and annotations")
@click.option("--print-bootstrap", is_flag=True, help="print Envoy's bootstrap and end")
@click.option("--log_output_level", hidden=True, expose_value=False)
@click.option("--log_as_json", is_flag=True, hidden=True, expose_value=False)
def command(words: tuple[str, ...], *, print_bootstrap: bool, **options: Any) -> None:
    """Run Envoy beside a workload: bootstrap, readiness, probes, metrics, drain, restart.

    The pod is described by the environment, as Istio's injector writes it: POD_NAME, POD_NAMESPACE, INSTANCE_IP,
    PROXY_CONFIG, ISTIO_META_*, ISTIO_KUBE_APP_PROBERS.
    """
    from pillion.agent import main, plan  # noqa: PLC0415 not needed for --help

    if not set(words) <= {"proxy", "sidecar"}:
        raise click.UsageError(f"unknown proxy type {' '.join(words)!r}: only sidecar")
    settings = plan.Settings(template_only=print_bootstrap, **options)
    if print_bootstrap:
        click.echo(plan.plan(settings, os.environ).document)
        return
    sys.exit(main.main(settings, os.environ))
