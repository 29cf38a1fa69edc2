"""A machine for a node leaves nothing behind, also when there is none."""

import subprocess
import sys
from pathlib import Path

import pytest

from kubernetes.kit.machine import GUARD

pytestmark = pytest.mark.root


def test_a_machine_that_does_not_start_leaves_nothing_and_says_why(tmp_path: Path) -> None:
    folder, name = tmp_path / "machine", f"pillion-{tmp_path.name[-8:]}-none"
    folder.mkdir()
    argv = [sys.executable, "-I", str(GUARD), str(folder), name]
    done = subprocess.run(argv, input="", capture_output=True, text=True, check=False, env={"PATH": str(tmp_path)})
    assert "setpriv" in done.stdout
    assert done.stderr == ""
    assert not folder.exists()
    assert list(Path("/sys/fs/cgroup").glob(f"**/{name}")) == []
