"""`kill -9` of the kubelet leaves no process of a pod, no mount and no link behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pillion.local import inventory, proc
from pillion.local.undo import undo

pytestmark = pytest.mark.root

KUBELET = """
import asyncio, sys
from pathlib import Path
from local.machine import SLEEP, is_ready, machine, shell

async def main() -> None:
    async with machine(Path(sys.argv[1])) as it:
        keys = [await it.run(f"web-{number}", shell("a", SLEEP), shell("b", "setsid sleep 1000 & " + SLEEP),
                             {"name": "echo", "image": "x", "ports": [{"containerPort": 80}]}) for number in range(3)]
        for key in keys:
            await it.until(key, is_ready)
        print("ready", flush=True)
        await asyncio.Event().wait()

asyncio.run(main())
"""


def test_nothing_outlives_a_kubelet_that_was_killed(tmp_path: Path) -> None:
    home = tmp_path / "mesh"
    home.mkdir()
    before = inventory.take()
    folders = os.pathsep.join(str(path) for path in (Path(__file__).parents[1], Path(__file__).parents[2] / "src"))
    with subprocess.Popen(
        (sys.executable, "-c", KUBELET, home),
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": folders},
    ) as kubelet:
        assert kubelet.stdout
        assert kubelet.stdout.readline() == "ready\n"
        family = descendants(kubelet.pid)
        assert len(family) >= 3 * 9
        kubelet.send_signal(signal.SIGKILL)
    until_gone(family)
    report = undo(home / "journal")
    assert report.problems == ()
    assert not (home / "pods" / "test_web-0").exists()
    assert inventory.difference(before, inventory.take()) == ()


def descendants(pid: int) -> dict[int, int]:
    """Every process below, with its start time."""
    parents = {one: proc.parent(one) for one in proc.pids()}
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return {one: proc.start_time(one) or 0 for one in found - {pid}}


def until_gone(family: dict[int, int]) -> None:
    for pid, start in family.items():
        while proc.start_time(pid) == start:
            os.sched_yield()
