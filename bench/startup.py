"""How long commands take, as whole processes, and what memory they need."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from bench.figure import Figure, figure

RUNS = 15
PILLION = Path(sys.executable).with_name("pillion")
SAMPLE = Path(__file__).parents[1] / "samples" / "tour" / "mesh" / "prod-us1.yaml"


def benchmarks() -> Iterator[Figure]:
    """Measure commands."""
    yield from _command("pillion --help", [PILLION, "--help"], 0.12, 40)
    yield from _command(
        "pillion capture print", [PILLION, "capture", "print", *["-p", "15001", "-z", "15006", "-u", "1337"]], 0.1
    )
    yield from _command("pillion kube-inject of one file", [PILLION, "kube-inject", "-f", SAMPLE], 0.25, 60)


LAUNCHER = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
began = time.perf_counter()
actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - began, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""A process begins with the peak of the one that started it, so a small one must."""


def _command(name: str, argv: list[str | Path], seconds: float, megabytes: float | None = None) -> Iterator[Figure]:
    times: list[float] = []
    peaks: list[float] = []
    for _ in range(RUNS):
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", LAUNCHER, *argv], stdout=subprocess.PIPE, check=True, text=True
        )
        elapsed, peak, code = done.stdout.split()
        assert code == "0", f"{name} ended with {code}"
        times.append(float(elapsed))
        peaks.append(int(peak) * 1024 / 1e6)
    yield figure(name, "s", times, seconds)
    yield figure(f"{name}, peak memory", "MB", peaks, megabytes)
