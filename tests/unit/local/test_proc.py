"""What the kernel says."""

import os
import subprocess
from pathlib import Path

from pillion.local import proc


def echo(cat: subprocess.Popen[bytes]) -> None:
    """Wait until a `cat` runs: it stands in the process table before it does."""
    assert cat.stdin is not None
    assert cat.stdout is not None
    cat.stdin.write(b"\n")
    cat.stdin.flush()
    cat.stdout.readline()


def test_a_process_is_named_by_its_pid_and_start_time() -> None:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        echo(child)
        assert proc.start_time(child.pid) == proc.start_time(child.pid) is not None
        assert proc.parent(child.pid) == os.getpid()
        assert proc.command_line(child.pid) == "cat"
        assert child.pid in proc.pids()
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert proc.start_time(child.pid) is None
    assert proc.parent(child.pid) == 0
    assert proc.command_line(child.pid) == ""


def test_mounts_are_read_with_their_kind() -> None:
    assert "proc" in {mount.kind for mount in proc.mounts() if mount.point == "/proc"}
    assert proc.mounts(999999999) == ()
    assert "/proc" in proc.mounts_below(Path("/proc"))
    assert proc.mounts_below(Path("/proc/self/task")) == ()


def test_the_boot_has_a_name() -> None:
    assert len(proc.boot_id()) == 36
