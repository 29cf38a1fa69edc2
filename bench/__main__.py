"""Run the benchmarks, print their figures and write them to `build/bench.json`.

Usage: python -m bench [NAME...], names being those below.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
from bench import controlplane, envoy, inject, reflector, startup, webhook, world, xds
from bench.crowd import crowd
from bench.figure import Figure, figure


def _xds() -> Iterator[Figure]:
    found = xds.measure(crowd(), 1000)
    yield figure("xDS alone: 1000 clients connect at once", "ms", [found.connect_ms])
    yield figure("xDS alone: memory of a client", "MB", [found.memory_mb], 0.05)
    yield figure("xDS alone: endpoint change to the last of 1000 clients", "ms", [found.endpoint_last_ms], 120)


BENCHMARKS: dict[str, Callable[[], Iterator[Figure]]] = {
    "startup": startup.benchmarks,
    "world": world.benchmarks,
    "envoy": envoy.benchmarks,
    "controlplane": lambda: controlplane.benchmarks(crowd()),
    "xds": _xds,
    "inject": inject.benchmarks,
    "webhook": webhook.benchmarks,
    "reflector": reflector.benchmarks,
}


def main(names: list[str]) -> None:
    """Run them; each in a process of its own, so that no one's memory or event loop counts for another."""
    unknown = set(names) - BENCHMARKS.keys()
    if unknown:
        raise SystemExit(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(BENCHMARKS)}")
    if len(names) == 1:
        _print(list(BENCHMARKS[names[0]]()), names[0])
        return
    figures: list[object] = []
    for name in names or BENCHMARKS:
        print(f"{name}:", flush=True)
        _run(name)
        figures += json.loads((_folder() / f"bench.{name}.json").read_text())
    (_folder() / "bench.json").write_text(json.dumps(figures, indent=1) + "\n")


def _run(name: str) -> None:
    """Run one in a process of its own; whoever ends us gives it the time to end what it started."""
    process = subprocess.Popen([sys.executable, "-m", "bench", name])
    try:
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    if code:
        raise SystemExit(code)


def _end(number: int, _: object) -> None:
    signal.signal(number, signal.SIG_IGN)  # the way out is taken once
    raise SystemExit(128 + number)


def _print(figures: list[Figure], name: str) -> None:
    for each in figures:
        aim = "" if each.aim is None else f"   aim {each.aim:g}"
        print(f"  {each.name:<72} {each.median:10.3f} {each.unit:<3} p99 {each.p99:10.3f}   {each.runs} runs{aim}")
    text = json.dumps([msgspec.to_builtins(each) for each in figures], indent=1)
    (_folder() / f"bench.{name}.json").write_text(text)


def _folder() -> Path:
    folder = Path("build")
    folder.mkdir(exist_ok=True)
    return folder


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _end)  # an end like every other: what was started is ended
    main(sys.argv[1:])
