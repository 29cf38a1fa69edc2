"""A command as a whole process: how long it takes, and the most memory that it had."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.figure import Figure, figure

PILLION = Path(sys.executable).with_name("pillion")
LAUNCHER = """
import os, sys, time
null = os.open(os.devnull, os.O_WRONLY)
began = time.perf_counter()
actions = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
_, status, usage = os.wait4(pid, 0)
print(time.perf_counter() - began, usage.ru_maxrss, os.waitstatus_to_exitcode(status))
"""
"""On Linux a process begins with the peak memory of the one that starts it, so a small one must."""


def weigh(
    name: str, arguments: Sequence[str | Path], runs: int, aims: tuple[float, float], folder: str
) -> Iterator[Figure]:
    """Run `pillion` with these arguments again and again, its modules compiled once, as where it is installed."""
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = folder
    argv = [sys.executable, "-I", "-S", "-c", LAUNCHER, PILLION, *arguments]
    times: list[float] = []
    peaks: list[float] = []
    for _ in range(runs + 1):
        done = subprocess.run(argv, stdout=subprocess.PIPE, check=True, text=True, env=environment)
        elapsed, peak, code = done.stdout.split()
        assert code == "0", f"{name} ended with {code}"
        times.append(float(elapsed))
        peaks.append(int(peak) * 1024 / 1e6)
    yield figure(name, "s", times[1:], aims[0])
    yield figure(f"{name}, peak memory", "MB", peaks[1:], aims[1])
