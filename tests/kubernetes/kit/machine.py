"""A machine of its own for a node: network, mount and process namespaces, and a place among the control groups.

There is no way out of its network. All of it ends with whoever made it, in whatever way (`guard`).
"""

import os
import secrets
import subprocess
import sys
from pathlib import Path

from kubernetes.kit import debian
from kubernetes.kit.init import ADDRESS

GUARD = Path(__file__).with_name("guard.py")


class Machine:
    """Runs until closed. The folder is its own, and goes with it."""

    address = ADDRESS

    def __init__(self, folder: Path) -> None:
        self.packages = debian.unpack()
        self.environment = {**os.environ, "PATH": debian.search_path(self.packages)}
        """Of what runs inside."""
        self.cgroup = f"pillion-{secrets.token_hex(4)}"
        self._guard = subprocess.Popen(
            [sys.executable, "-I", str(GUARD), str(folder), self.cgroup],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self._guard.stdout is not None
        said = self._guard.stdout.readline()
        if not said.startswith("ready "):
            raise RuntimeError(f"there is no machine for a node: {said}{self._guard.communicate()[0]}")
        self.pid = int(said.split()[1])
        """Its first process, seen from outside."""

    def inside(self, *argv: str) -> list[str]:
        """Return the command that runs this one inside."""
        return ["nsenter", "-t", str(self.pid), "--net", "--mount", "--pid", "--", *argv]

    def run(self, *argv: str) -> str:
        """Run a command inside; return what it prints."""
        done = subprocess.run(
            self.inside(*argv), capture_output=True, text=True, check=False, env=self.environment, timeout=120
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(argv)}: {done.stderr}")
        return done.stdout

    def close(self) -> None:
        """End everything inside and take it away.

        Raises:
            RuntimeError: something is still in use.
        """
        said, _ = self._guard.communicate()
        if self._guard.returncode:
            raise RuntimeError(f"a machine was not taken away whole: {said}")
