"""`guard.py FOLDER CGROUP`: holds a machine as long as its standard input is open, and takes it away afterwards.

Whoever started it may end in any way, the kernel closes the pipe. First everything that runs inside ends, then control
groups and the folder go. Prints `ready PID` when the machine's first process, PID, is.
"""

import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
CGROUPS = Path("/sys/fs/cgroup")
EMPTIED = 30.0
"""Seconds until control groups have to be empty after their processes were killed."""


def places(name: str) -> list[Path]:
    """Return where a control group of this name is: in one tree, or in one for each controller."""
    if (CGROUPS / "cgroup.controllers").exists():
        return [CGROUPS / name]
    return [each / name for each in sorted(CGROUPS.iterdir()) if each.is_dir() and not each.is_symlink()]


def removed(place: Path) -> bool:
    """Remove a control group and those below it; tell whether nothing is left."""
    if not place.exists():
        return True
    below = [Path(each) for each, _, _ in os.walk(place, topdown=False)]
    try:
        for each in below:
            each.rmdir()
    except OSError:
        return False
    return True


def take_away(folder: Path, groups: list[Path]) -> int:
    """Remove control groups, once they are empty, and the folder; return the exit code."""
    deadline = time.monotonic() + EMPTIED
    while left := [each for each in groups if not removed(each)]:
        if time.monotonic() > deadline:
            break
        time.sleep(0.05)
    shutil.rmtree(folder)
    for each in left:
        print("in use:", each, flush=True)  # noqa: T201 (who started it reads this)
    return 1 if left else 0


def main(folder: Path, cgroup: str) -> int:
    """Hold the machine; return the exit code."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    groups = places(cgroup)
    machine: subprocess.Popen[bytes] | None = None
    argv = ["setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child"]
    argv += ["--mount-proc", sys.executable, "-I", str(HERE / "init.py"), str(folder)]
    try:
        for each in groups:
            each.mkdir()
        with (folder / "machine.log").open("wb") as log:
            machine = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        assert machine.stdout is not None
        if machine.stdout.readline() == b"ready\n":
            first = int(Path(f"/proc/{machine.pid}/task/{machine.pid}/children").read_text())
            hold(first)
        else:
            print((folder / "machine.log").read_text()[-1000:], flush=True)  # noqa: T201 (who started it reads this)
    except OSError as problem:
        print(problem, flush=True)  # noqa: T201 (who started it reads this)
    finally:
        if machine is not None:
            machine.kill()
            machine.wait()
        code = take_away(folder, groups)
    return code


def hold(first: int) -> None:
    """Wait for the end of our input, then end a machine's first process: it is gone when all that runs inside is."""
    process = os.pidfd_open(first)
    print("ready", first, flush=True)  # noqa: T201 (who started it waits for this)
    sys.stdin.read()
    signal.pidfd_send_signal(process, signal.SIGKILL)
    select.select([process], [], [], EMPTIED)
    os.close(process)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
