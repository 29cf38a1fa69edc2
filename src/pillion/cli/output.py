"""What commands print: tables, JSON, diagnostics; and how a failure becomes an exit code."""

import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import wraps
from typing import Any, NoReturn, ParamSpec, TypeVar

import click
import msgspec

from pillion.local.client import Client, ClientError
from pillion.local.state import DEFAULT_MESH, Layout, StateError, base_of, layout_of
from pillion.value import Diagnostic, Diagnostics

P = ParamSpec("P")
R = TypeVar("R")

mesh_option = click.option(
    "--mesh", default=DEFAULT_MESH, show_default=True, envvar="PILLION_MESH", help="name of the mesh"
)
output_option = click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", help="how to print the answer"
)


def need_root() -> None:
    """End with a message unless root asks: to anybody else a mesh on this machine looks as if it were not there."""
    if os.geteuid() != 0:
        fail("a mesh on this machine needs root, for network namespaces: try sudo")


def layout(mesh: str) -> Layout:
    """Find the state folder of a mesh."""
    return layout_of(mesh, base_of(os.environ, os.getuid()))


timeout_option = click.option(
    "--timeout",
    type=click.FloatRange(min=0),
    default=10.0,
    metavar="SECONDS",
    help="how long to wait for the proxies",
    show_default=True,
)


def client(mesh: str) -> Client:
    """Find a running mesh."""
    need_root()
    return Client(layout(mesh))


def fail(message: str, code: int = 2) -> NoReturn:
    """End with a message: 2 for a usage or input error, 1 for a finding."""
    click.echo(f"pillion: {message}", err=True)
    sys.exit(code)


def guarded(function: Callable[P, R]) -> Callable[P, R]:
    """Turn the errors that a user can do something about into messages and exit code 2."""

    @wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except (ClientError, StateError) as problem:
            fail(str(problem))
        except BrokenPipeError:
            sys.exit(0)

    return run


def print_json(value: Any) -> None:
    """Print a value as indented JSON."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_yaml(value: Any) -> None:
    """Print a value as YAML, as kubectl writes it."""
    from pillion.resources.yaml.dump import dump  # noqa: PLC0415 (dear, and hardly asked for)

    click.echo(dump(value), nl=False)


def print_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print columns as kubectl does: upper-case header, three spaces between."""
    lines = [[str(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *lines, strict=True)]
    for line in [list(header), *lines]:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        click.echo("   ".join(cells).rstrip())


def print_diagnostics(diagnostics: Diagnostics, *, quiet_infos: bool = True) -> None:
    """Print what is wrong, a line each, to standard error."""
    for each in diagnostics:
        if not (quiet_infos and each.severity == "info"):
            click.echo(str(each), err=True)


def unpacked(diagnostics: list[Any]) -> Diagnostics:
    """Read diagnostics that the server sent."""
    return tuple(msgspec.convert(each, Diagnostic) for each in diagnostics)
