"""`pillion`: finds the command, imports its module only then, and turns errors into exit codes.

Exit codes: 0 fine, 1 findings (something is wrong with the mesh), 2 a usage or input error, 130 interrupted.
"""

import importlib
import sys
from typing import Any, cast

import click

from pillion.resources.suggest import nearest

INTERRUPTED = 130
"""128 and SIGINT's number, as shells have it."""
COMMANDS: dict[str, tuple[str, str]] = {
    "agent": ("agent", "run Envoy beside a workload: bootstrap, readiness, drain, restart"),
    "apply": ("apply", "lay resources over the files of a running mesh"),
    "capture": ("capture", "traffic capture of a pod: print, apply, verify or clean its rules"),
    "demo": ("demo", "take a tour: three Sidecars at work on real Envoys"),
    "delete": ("delete", "take applied resources away again"),
    "down": ("down", "take a mesh down and prove that nothing of it is left"),
    "exec": ("exec", "run a command in a pod of a running mesh"),
    "get": ("get", "show what is in a running mesh"),
    "install": ("install", "install injector and control plane into a cluster"),
    "inject": ("injection.doctor", "look into injection: doctor says what it does to each workload, and why"),
    "kube-inject": ("injection.kube_inject", "inject the sidecar into the workloads of files"),
    "logs": ("logs", "show what a container wrote"),
    "proxy-config": ("proxy_config", "show what a pod's Envoy is configured with"),
    "proxy-status": ("proxy_status", "show how far each proxy of a cluster is"),
    "reach": ("reach", "say where a pod's call goes, from the files alone"),
    "serve": ("serve", "run the control plane of a cluster"),
    "status": ("status", "say how the control plane of a cluster is"),
    "uninject": ("injection.uninject", "take the sidecar off the workloads of files again"),
    "uninstall": ("uninstall", "take an installation out of a cluster, with proof"),
    "up": ("up", "run the mesh that files describe, on this machine"),
    "webhook": ("webhook", "serve injection to an API server over HTTPS"),
}
"""Command name -> (module under `pillion.cli`, one line of help)."""


class Commands(click.Group):
    """A group whose commands are imported when they are called, not when they are listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the names of all commands."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return its command."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"pillion.cli.{COMMANDS[cmd_name][0]}")
        return cast(click.Command, module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is asked for; say which one may have been meant when there is none."""
        if args[0] not in COMMANDS and not ctx.resilient_parsing and (meant := nearest(args[0], COMMANDS)):
            ctx.fail(f"No such command {args[0]!r}. Did you mean {meant!r}?")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that is asked for; Ctrl-C ends it as the shell expects, where it has no better end."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("pillion: interrupted", err=True)
            sys.exit(INTERRUPTED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing one of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in self.list_commands(ctx)])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="pillion", message="pillion %(version)s")
def main() -> None:
    """A sidecar mesh that speaks Istio's API: on one Linux machine, offline, or in Kubernetes."""
