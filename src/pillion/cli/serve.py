"""`pillion serve`: the control plane of a cluster."""

import asyncio
import json
import signal
from typing import Any, cast

import click

from pillion.cli.output import fail
from pillion.controlplane import collector
from pillion.controlplane.serve.server import serving
from pillion.controlplane.serve.settings import Address, ServeSettings
from pillion.sources.kubernetes.access import Access, AccessError, find_access


class AddressType(click.ParamType[Address]):
    """`HOST:PORT`, or `:PORT` for every address."""

    name = "HOST:PORT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Address:
        """Read an address."""
        if isinstance(value, Address):
            return value
        host, colon, port = str(value).rpartition(":")
        if not colon or not port.isdigit() or int(port) > 65535:
            self.fail(f"{value!r} is not HOST:PORT", param, ctx)
        return Address(host.strip("[]"), int(port))


ADDRESS = AddressType()


@click.command()
@click.option("--kubeconfig", default="", help="file that says where the API server is; by default as kubectl finds it")
@click.option("--context", default="", help="context of the kubeconfig")
@click.option("-n", "--namespace", default="istio-system", show_default=True, help="the system namespace")
@click.option("--revision", default="", help="revision of this control plane")
@click.option(
    "--tls", type=ADDRESS, default=":15012", show_default=True, help="xDS for proxies that prove who they are"
)
@click.option("--plaintext", type=ADDRESS, is_flag=False, flag_value=":15010", help="xDS for anybody, as anybody")
@click.option("--monitoring", type=ADDRESS, default=":15014", show_default=True, help="metrics and readiness")
@click.option("--debug", type=ADDRESS, default="127.0.0.1:8080", show_default=True, help="debug pages, on loopback")
@click.option("--webhook", type=ADDRESS, default=":15017", show_default=True, help="/validate, for the API server")
@click.option("--validator", default="", help="ValidatingWebhookConfiguration to look after")
@click.option("--injector", default="", help="MutatingWebhookConfiguration to look after")
@click.option("--injector-certificate", default="", help="Secret with the injector's certificate, to be kept young")
@click.option("--status/--no-status", default=True, help="say in the status of objects that they cannot be read")
@click.option("--allocate/--no-allocate", default=True, help="give addresses to ServiceEntries without any")
@click.option("--host", "hosts", multiple=True, help="another name or address for our certificate; repeatable")
@click.option(
    "--max-connection-age", type=click.FloatRange(min=0), default=1800.0, show_default=True,
    help="seconds until a proxy has to connect anew, more or less; 0 for never",
)  # fmt: skip
@click.option("--drain", type=float, default=0.0, show_default=True, help="seconds from SIGTERM to the end of streams")
@click.option("-o", "--output", type=click.Choice(["text", "json"]), default="text", help="how to say where it listens")
def command(  # noqa: PLR0913, PLR0917  # one parameter an option
    kubeconfig: str,
    context: str,
    namespace: str,
    revision: str,
    tls: Address,
    plaintext: Address | None,
    monitoring: Address,
    debug: Address,
    webhook: Address,
    hosts: tuple[str, ...],
    drain: float,
    output: str,
    **writes: Any,
) -> None:
    """Tell every sidecar of a cluster what the cluster's Istio resources mean for it, until SIGTERM."""
    if debug.host not in {"127.0.0.1", "::1", "localhost"}:
        fail("--debug shows everybody's configuration to anybody: choose an address on loopback")
    settings = ServeSettings(
        namespace=namespace, revision=revision, tls=tls, plaintext=plaintext, monitoring=monitoring, debug=debug,
        webhook=webhook, hosts=hosts, drain=drain, **writes,
    )  # fmt: skip
    problems: list[str] = []
    try:
        access = find_access(kubeconfig, context)
        asyncio.run(_serve(access, settings, json_lines=output == "json"))
    except* (AccessError, OSError) as group:
        problems += _said(group)
    if problems:
        fail("; ".join(problems))


def _said(problem: BaseException) -> list[str]:
    """Tell what came together, one by one."""
    if not isinstance(problem, BaseExceptionGroup):
        return [str(problem)]
    inner = cast("tuple[BaseException, ...]", problem.exceptions)
    return [text for each in inner for text in _said(each)]


async def _serve(access: Access, settings: ServeSettings, *, json_lines: bool) -> None:
    collector.spare()
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with serving(access, settings) as replica:
        _say({"listening": dict(replica.ports)}, json_lines=json_lines)
        async with asyncio.TaskGroup() as tasks:
            stopping = tasks.create_task(stop.wait())
            getting_ready = tasks.create_task(replica.ready.wait())
            await asyncio.wait({stopping, getting_ready}, return_when=asyncio.FIRST_COMPLETED)
            if replica.ready.is_set():
                collector.settle()
                _say({"ready": dict(replica.ports)}, json_lines=json_lines)
            await stop.wait()
            getting_ready.cancel()


def _say(what: dict[str, dict[str, int]], *, json_lines: bool) -> None:
    if json_lines:
        click.echo(json.dumps(what))
        return
    for state, ports in what.items():
        click.echo(f"{state}: " + ", ".join(f"{name} on port {port}" for name, port in ports.items()))
