"""`pillion webhook`: serve injection to a cluster's API server, over HTTPS."""

import os
import sys
from typing import TYPE_CHECKING, cast

import click

from pillion.cli.output import fail

if TYPE_CHECKING:
    from pillion.controlplane.webhook.limits import OnError


@click.command(short_help="serve injection to an API server over HTTPS")
@click.option("--cert", required=True, help="certificate chain, PEM; read again when it changes")
@click.option("--key", required=True, help="private key, PEM; read again when it changes")
@click.option(
    "--settings",
    "maps",
    multiple=True,
    help="file or folder with ConfigMaps istio-sidecar-injector and istio, or such a ConfigMap as a mounted volume",
)
@click.option(
    "--injectConfigFile", "config", default="", help="key config of ConfigMap istio-sidecar-injector, or a template"
)
@click.option("--valuesFile", "values", default="", help="key values of ConfigMap istio-sidecar-injector")
@click.option("--meshConfigFile", "mesh", default="", help="key mesh of ConfigMap istio")
@click.option("-r", "--revision", default="", help="revision that injects; default is the default one")
@click.option("--host", default="127.0.0.1", show_default=True, help="address to listen at")
@click.option("--port", default=15017, show_default=True, help="port to listen at")
@click.option(
    "--on-error",
    type=click.Choice(["refuse", "allow"]),
    default="refuse",
    show_default=True,
    help="what becomes of a pod that cannot be injected",
)
@click.option(
    "--workers", default=-1, help="processes that inject; 0 for none but this one, default one a CPU, at most 4"
)
@click.option("--drain", default=0.0, help="seconds to serve on after SIGTERM, not ready")
@click.option("--watch", is_flag=True, help="let ProxyConfigs count, and on OpenShift the namespaces' ids")
@click.option("--kubeconfig", default="", help="with --watch: where the API server is; by default as kubectl finds it")
@click.option("--context", default="", help="context of the kubeconfig")
def command(cert: str, key: str, maps: tuple[str, ...], revision: str, **rest: object) -> None:
    """Answer AdmissionReviews at /inject as Istio's injection webhook does; /readyz and /metrics say how it goes.

    Settings and certificate are read again when their files change, or at SIGHUP; what is unusable is reported and
    the last good ones stay. Without settings the ones of pillion are used.
    """
    import uvloop  # noqa: PLC0415 not needed for --help

    from pillion.controlplane.webhook.certificate import CertificateError  # noqa: PLC0415
    from pillion.controlplane.webhook.files import SettingsFiles  # noqa: PLC0415
    from pillion.controlplane.webhook.serve import Plan, serve  # noqa: PLC0415
    from pillion.sources.kubernetes.access import AccessError, find_access  # noqa: PLC0415

    workers = cast(int, rest["workers"])
    texts = {name: str(rest[name]) for name in ("config", "values", "mesh")}
    try:
        access = find_access(str(rest["kubeconfig"]), str(rest["context"])) if rest["watch"] else None
    except AccessError as error:
        fail(f"webhook: {error}")
    plan = Plan(
        host=str(rest["host"]),
        port=cast(int, rest["port"]),
        chain=cert,
        key=key,
        settings=SettingsFiles(maps=maps, revision="" if revision == "default" else revision, **texts),
        native_sidecars=os.environ.get("ENABLE_NATIVE_SIDECARS") == "true",
        native_by_nodes=os.environ.get("ENABLE_NATIVE_SIDECARS") == "auto",
        openshift=os.environ.get("PLATFORM") == "openshift",
        compliance_policy=os.environ.get("COMPLIANCE_POLICY", ""),
        workers=min(4, os.cpu_count() or 1) if workers < 0 else workers,
        on_error=cast("OnError", rest["on_error"]),
        drain_seconds=cast(float, rest["drain"]),
        access=access,
    )
    try:
        uvloop.run(serve(plan, lambda line: click.echo(f"webhook: {line}", err=True)))
    except* (OSError, CertificateError) as group:
        click.echo(f"webhook: {'; '.join(str(each) for each in group.exceptions)}", err=True)
        sys.exit(2)
