"""`pillion capture`: print, apply, verify or clean the capture rules of a pod, with istio-iptables' flags."""

import json
import os
import sys
from collections.abc import Callable
from typing import NoReturn

import click

from pillion.capture import config as settings
from pillion.capture import iptables, nftables
from pillion.capture.flags import FLAGS, Flag
from pillion.capture.plan import plan
from pillion.value import Diagnostics, has_errors

NOT_AT_WORK = 126
"""Istio's exit code for a failed validation; its repair controller looks for it."""


@click.group()
def command() -> None:
    """Traffic capture of a pod, in the network namespace where this runs; flags and variables are istio-iptables'."""


def _option(flag: Flag) -> click.Option:
    names = [f"--{flag.name}", flag.field, *([f"-{flag.short}"] if flag.short else [])]
    shown = f"{flag.help}  [env: {', '.join(flag.variables)}]" if flag.variables else flag.help
    if flag.kind == "bool":
        return click.Option(names, is_flag=False, flag_value="true", type=click.BOOL, help=shown, metavar="")
    return click.Option(names, type=click.INT if flag.kind == "int" else click.STRING, help=shown)


def _with_flags(function: Callable[..., None]) -> click.Command:
    made = click.command(function.__name__.removesuffix("_"))(function)
    made.params += [
        *(_option(flag) for flag in FLAGS),
        click.Option(["--output"], type=click.Choice(["text", "json"]), default="text", help="how to answer"),
        click.Option(["--log_output_level"], hidden=True, expose_value=False),
    ]
    command.add_command(made)
    return made


def read(options: dict[str, object]) -> tuple[settings.Config, Diagnostics]:
    """Return the settings from the options given, the environment and the machine."""
    from pillion.capture import environment  # noqa: PLC0415 not needed for --help

    given = {name: value for name, value in options.items() if value is not None and name != "output"}
    namespace = given.get("network_namespace") or os.environ.get("NETWORK_NAMESPACE")
    if namespace:
        try:
            environment.enter_network_namespace(str(namespace))
        except OSError as error:
            raise click.UsageError(f"cannot enter the network namespace {namespace}: {error.strerror}") from None
    return settings.decode(given, os.environ, environment.facts(os.environ))


def _config(options: dict[str, object]) -> settings.Config:
    config, diagnostics = read(options)
    for diagnostic in diagnostics:
        click.echo(str(diagnostic), err=True)
    if has_errors(diagnostics):
        sys.exit(2)
    return config


@_with_flags
def print_(output: str, **options: object) -> None:
    """Print the rules and change nothing."""
    _print(_config(options), output)


def _print(config: settings.Config, output: str) -> None:
    if config.native_nftables:
        texts = {"nft": nftables.transaction(plan(config, "nftables"))}
    else:
        rules = plan(config)
        texts = {"ipv4": iptables.restore_text(rules, 4), "ipv6": iptables.restore_text(rules, 6)}
    if output == "json":
        click.echo(json.dumps(texts, indent=2))
    else:
        headed = (f"# {name}\n{text}" if name == "ipv6" else text for name, text in texts.items() if text)
        click.echo("".join(headed), nl=False)


@_with_flags
def apply(output: str, **options: object) -> None:
    """Put the rules in; a second time changes nothing."""
    config = _config(options)
    if config.dry_run:
        _print(config, output)
        return
    if not config.skip_rule_apply:
        _act("clean" if config.cleanup_only else "apply", config, output)
    if config.run_validation:
        _validate(config)


@_with_flags
def verify(output: str, **options: object) -> None:
    """Compare the rules that are in with the ones that should be; exit code 1 if they differ."""
    _act("verify", _config(options), output)


@_with_flags
def clean(output: str, **options: object) -> None:
    """Take out what apply puts in, and nothing else."""
    _act("clean", _config(options), output)


def _act(verb: str, config: settings.Config, output: str) -> None:
    from pillion.capture import apply as actions  # noqa: PLC0415 print does without it

    try:
        report = getattr(actions, verb)(config)
    except actions.CaptureError as error:
        _fail(str(error) + ("" if actions.is_root() else " (this needs root)"))
    if output == "json":
        found = [
            {"family": each.family, "missing": each.comparison.missing, "foreign": each.comparison.foreign}
            | {"misplaced": each.comparison.misplaced}
            for each in report.found
        ]
        click.echo(json.dumps({"action": report.action, "found": found}, indent=2))
    else:
        click.echo(f"capture: {report.action}")
        for each in report.found if report.action == "different" else ():
            for kind in ("missing", "foreign", "misplaced"):
                for line in getattr(each.comparison, kind):
                    click.echo(f"  IPv{each.family} {kind}: {line}")
    if report.action == "different":
        sys.exit(1)


def _validate(config: settings.Config) -> None:
    from pillion.capture import validate  # noqa: PLC0415 few ask for it

    try:
        validate.validate(config)
    except validate.ValidationError as error:
        click.echo(f"capture: not at work: {error}", err=True)
        sys.exit(NOT_AT_WORK)
    click.echo("capture: at work")


def _fail(message: str) -> NoReturn:
    click.echo(f"capture: {message}", err=True)
    sys.exit(1)
