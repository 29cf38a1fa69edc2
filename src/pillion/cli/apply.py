"""`pillion apply`: lay resources over the watched files of a running mesh."""

import sys
from collections.abc import Sequence
from typing import Any

import click
import msgspec

from pillion.cli.output import (
    client,
    fail,
    guarded,
    mesh_option,
    output_option,
    print_diagnostics,
    print_json,
    timeout_option,
    unpacked,
)
from pillion.local.workloads import KINDS
from pillion.resources.documents import Document
from pillion.sources.files import read_paths
from pillion.value import Diagnostics, has_errors


@click.command()
@click.option("-f", "--filename", "files", multiple=True, required=True, help="file, folder, or - for standard input")
@timeout_option
@mesh_option
@output_option
@guarded
def command(files: tuple[str, ...], timeout: float, mesh: str, output: str) -> None:
    """Lay resources over the watched files; they count until `pillion delete`."""
    reading = read_paths(files)
    if has_errors(reading.diagnostics) and not reading.documents:
        _say(reading.diagnostics, unasked(reading.diagnostics), output)
        sys.exit(2)
    if not reading.documents:
        if output == "json":
            print_json(unasked(reading.diagnostics))
        fail(f"there is no resource in {', '.join(files)}")
    answer = client(mesh).post("/apply", order(reading.documents, timeout))
    told = reading.located(unpacked(answer["diagnostics"]))
    _say((*reading.diagnostics, *told), answer, output)
    if len(answer["results"]) < len(reading.documents):
        fail("some resources were refused; they change nothing")
    if has_errors(reading.diagnostics):
        fail("some files could not be read; what could is in force")
    if answer["errors"] or answer["waiting"] or answer["refused"]:
        sys.exit(1)


def unasked(found: Diagnostics) -> dict[str, Any]:
    """Give the answer about files that hold nothing to ask the mesh for."""
    errors = sum(each.severity == "error" for each in found)
    return {
        "results": [],
        "diagnostics": [msgspec.to_builtins(each) for each in found],
        "errors": errors,
        "seconds": 0.0,
        "proxies": 0,
        "told": 0,
        "waiting": [],
        "refused": {},
    }


def _say(found: Diagnostics, answer: dict[str, Any], output: str) -> None:
    if output == "json":
        print_json({**answer, "diagnostics": [msgspec.to_builtins(each) for each in found]})
        return
    for result in answer["results"]:
        click.echo(f"{result['resource']} {result['action']}")
    print_diagnostics(found, quiet_infos=False)
    if answer["results"]:
        print_reach(answer)


def print_reach(answer: dict[str, Any]) -> None:
    """Say how many proxies a change told something else, which have not taken that, and for whom else it counts."""
    waiting: list[str] = answer["waiting"]
    told: int = answer["told"]
    later = _later(answer["results"])
    if waiting:
        print_waiting(answer)
    elif told:
        proxies = "proxy" if told == 1 else "proxies"
        click.echo(f"in force at {told} {proxies} after {answer['seconds'] * 1000:.0f} ms")
    elif not answer["proxies"]:
        click.echo("no proxy is connected")
    elif not later:
        click.echo("changes nothing at any proxy")
    for each in later:
        click.echo(each)
    for peer, refusals in answer["refused"].items():
        for kind, reason in refusals.items():
            click.echo(f"the Envoy of {peer} refuses {kind.rpartition('.')[2]}: {reason}", err=True)


def _later(results: Sequence[dict[str, Any]]) -> list[str]:
    """Say what follows after the answer."""
    kinds = {each["resource"].partition(" ")[0] for each in results if each["action"] in {"created", "configured"}}
    found: list[str] = []
    if "ProxyConfig" in kinds:
        found.append("a ProxyConfig counts for pods that start from now on")
    if not kinds.isdisjoint(KINDS):
        found.append("proxies are told of pods when these start or stop")
    return found


def print_waiting(answer: dict[str, Any]) -> None:
    """Say which proxies have not taken a change in time."""
    waiting: list[str] = answer["waiting"]
    told: int = answer["told"]
    click.echo(f"in force at {told - len(waiting)} of {told}; waiting for {', '.join(waiting)}", err=True)


def order(documents: Sequence[Document], timeout: float) -> dict[str, Any]:
    """Write documents for the way to the server, which waits for the proxies so many seconds."""
    packed = [{"content": each.content, "origin": msgspec.to_builtins(each.origin)} for each in documents]
    return {"documents": packed, "timeout": timeout}
