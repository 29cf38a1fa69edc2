"""`pillion agent`: run Envoy beside a workload, with the flags of Istio's `proxy sidecar`; speak to a running one."""

import os
import sys
from collections.abc import Callable
from typing import Any

import click

LOCALHOST = "127.0.0.1"
FLAGS = (
    click.Option(["--domain"], default="", help="DNS domain of the node id; default NAMESPACE.svc.cluster.local"),
    click.Option(["--serviceCluster", "service_cluster"], default="", help="the workload's name for traces"),
    click.Option(["--concurrency"], default=0, help="worker threads; default: as the ProxyConfig says"),
    click.Option(["--proxyLogLevel", "proxy_log_level"], default="", help="log level of Envoy (warning)"),
    click.Option(
        ["--proxyComponentLogLevel", "proxy_component_log_level"], default="", help="per component (misc:error)"
    ),
    click.Option(["--outlierLogPath", "outlier_log_path"], default="", help="where ejected hosts are logged"),
    click.Option(["--envoy-path"], default="", help="path of Envoy; default ENVOY_PATH, the installed one, PATH"),
    click.Option(["--pod-info"], default="/etc/istio/pod", help="folder of the pod's labels and annotations"),
    click.Option(["--print-bootstrap"], is_flag=True, help="print Envoy's bootstrap and end"),
    *(
        click.Option([f"--{name}"], hidden=True, expose_value=False)
        for name in ("log_output_level", "log_caller", "log_target", "stsPort", "tokenManagerPlugin", "meshConfig")
    ),
    click.Option(["--log_as_json"], is_flag=True, hidden=True, expose_value=False),
)


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context, **options: Any) -> None:
    """Run Envoy beside a workload: bootstrap, readiness, probes, metrics, drain, restart.

    The pod is described by the environment, as Istio's injector writes it: POD_NAME, POD_NAMESPACE, INSTANCE_IP,
    PROXY_CONFIG, ISTIO_META_*, ISTIO_KUBE_APP_PROBERS.
    """
    if ctx.invoked_subcommand is None:
        _run(options)


command.params += FLAGS


def _run(options: dict[str, Any]) -> None:
    from pillion.agent import main, plan  # noqa: PLC0415 not needed for --help

    print_bootstrap = options.pop("print_bootstrap")
    settings = plan.Settings(template_only=print_bootstrap, **options)
    if not print_bootstrap:
        sys.exit(main.main(settings, os.environ))
    try:
        click.echo(plan.plan(settings, os.environ).document)
    except plan.PlanError as error:
        for diagnostic in error.diagnostics:
            click.echo(str(diagnostic), err=True)
        sys.exit(2)


def _with_flags(function: Callable[..., None]) -> click.Command:
    made = click.command(function.__name__)(function)
    made.params += FLAGS
    command.add_command(made)
    return made


@_with_flags
def sidecar(**options: Any) -> None:
    """Run Envoy beside a workload (the default)."""
    _run(options)


@_with_flags
@click.argument("role", type=click.Choice(["sidecar"]), expose_value=False)
def proxy(**options: Any) -> None:
    """Run Envoy beside a workload, as pilot-agent is called."""
    _run(options)


@command.command()
@click.option("--url", default="http://127.0.0.1:15021/healthz/ready", help="where readiness is asked")
@click.option("--timeoutSeconds", "timeout", default=60, help="how long to wait")
@click.option("--periodMillis", "period", default=100, help="pause between two questions")
@click.option("--requestTimeoutMillis", hidden=True, expose_value=False)
def wait(url: str, timeout: int, period: int) -> None:
    """Wait until the proxy is ready; exit code 1 if it is not in time."""
    from pillion.agent import client  # noqa: PLC0415 not needed for --help

    host, _, port = url.removeprefix("http://").partition("/")[0].rpartition(":")
    if not port.isdecimal():
        raise click.UsageError(f"{url!r} names no port")
    if not client.wait((host.strip("[]"), int(port)), float(timeout), period / 1000):
        click.echo(f"agent: not ready after {timeout} s", err=True)
        sys.exit(1)


@command.command()
@click.option("--port", default=15020, help="the agent's status port")
def drain(port: int) -> None:
    """Send clients of the proxy away, gracefully; it goes on until it is ended."""
    _ask(port, "POST", "/drain")


@command.command()
@click.argument("method")
@click.argument("path")
@click.option("--debug-port", "port", default=15000, help="Envoy's admin port, or another one of the pod")
def request(method: str, path: str, port: int) -> None:
    """Send a request to Envoy's admin port and print the answer."""
    _ask(port, method.upper(), path)


def _ask(port: int, method: str, path: str) -> None:
    from pillion.agent import client, http  # noqa: PLC0415 not needed for --help

    try:
        answer = client.request((LOCALHOST, port), method, path)
    except (OSError, TimeoutError, http.HttpError) as error:
        click.echo(f"agent: {error}", err=True)
        sys.exit(1)
    click.echo(answer.body, nl=False)
    if answer.status >= 400:
        sys.exit(1)
