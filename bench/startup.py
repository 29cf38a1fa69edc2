"""How long commands take, as whole processes, and what memory they need."""

import os
import subprocess
import sys
import time
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


def _command(name: str, argv: list[str | Path], seconds: float, megabytes: float | None = None) -> Iterator[Figure]:
    times: list[float] = []
    peaks: list[float] = []
    for _ in range(RUNS):
        began = time.perf_counter()
        process = subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _, status, usage = os.wait4(process.pid, 0)
        times.append(time.perf_counter() - began)
        peaks.append(usage.ru_maxrss / 1000)
        assert os.waitstatus_to_exitcode(status) == 0, name
    yield figure(name, "s", times, seconds)
    yield figure(f"{name}, peak memory", "MB", peaks, megabytes)
