"""A mesh that was killed with all its might is taken away by its journal, and the inventory proves it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pillion.local import inventory
from pillion.local.undo import undo

pytestmark = pytest.mark.root

MAKER = """
import subprocess, sys
from pathlib import Path
from pillion.local.journal import Directory, Journal, Link, Mount, Namespace

home = Path(sys.argv[1])
home.mkdir()
book = Journal(home / "journal")
book.record(Directory(path=str(home), tree=True))
pod = subprocess.Popen(["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "sleep", "1000"],
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True)
book.process(pod.pid, "pod")
with book.making(Mount(path=str(home / "mounted"))):
    (home / "mounted").mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", str(home / "mounted")], check=True)
with book.making(Link(name="pillion-test0")):
    subprocess.run(["ip", "link", "add", "pillion-test0", "type", "veth", "peer", "pillion-test1"], check=True)
with book.making(Namespace(path=str(home / "ns"))):
    (home / "ns").touch()
    subprocess.run(["unshare", f"--net={home}/ns", "true"], check=True)
here = Path("/proc/self/ns/net").readlink()
while Path(f"/proc/{pod.pid}/ns/net").readlink() == here:
    pass
print("made", flush=True)
sys.stdin.read()
"""


def test_undo_brings_the_machine_back(tmp_path: Path) -> None:
    home = tmp_path / "mesh"
    before = inventory.take(tmp_path)
    command = [sys.executable, "-c", MAKER, str(home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        assert maker.stdout.readline() == b"made\n"
        os.kill(maker.pid, signal.SIGKILL)
    kinds = {left.kind for left in inventory.difference(before, inventory.take(tmp_path))}
    assert {"process", "namespace", "mount", "link", "file"} <= kinds
    report = undo(home / "journal")
    assert report.problems == ()
    assert [left.sentence for left in inventory.difference(before, inventory.take(tmp_path))] == []
    assert undo(home / "journal").undone == ()
