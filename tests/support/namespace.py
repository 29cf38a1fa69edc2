"""A pod's network namespace for tests: made with unshare, gone with its holder, nothing left on the host."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


class Namespace:
    """A network namespace with loopback up."""

    def __init__(self) -> None:
        ready = "ip link set lo up && echo ready && exec sleep infinity"
        self._holder = subprocess.Popen(
            ("unshare", "--net", "--kill-child", "sh", "-c", ready), stdout=subprocess.PIPE, text=True
        )
        assert self._holder.stdout
        assert self._holder.stdout.readline() == "ready\n"

    @property
    def pid(self) -> int:
        return self._holder.pid

    def command(self, *words: str, uid: int = 0) -> tuple[str, ...]:
        """The command that runs `words` inside, as that user."""
        user = ("setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups") if uid else ()
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net", *user, *words)

    def run(
        self, *words: str, uid: int = 0, check: bool = True, environment: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run a command inside and wait for it."""
        done = subprocess.run(
            self.command(*words, uid=uid),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, **(environment or {})},
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done

    def python(self, code: str, *arguments: str, uid: int = 0) -> str:
        """Run Python code inside; the answer is what it prints."""
        return self.run(sys.executable, "-I", "-c", code, *arguments, uid=uid).stdout

    def pillion(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run our own command inside."""
        return self.run(str(Path(sys.executable).with_name("pillion")), *words, check=check)

    def close(self) -> None:
        self._holder.kill()
        self._holder.wait()
        if self._holder.stdout:
            self._holder.stdout.close()


@contextmanager
def network_namespace() -> Iterator[Namespace]:
    namespace = Namespace()
    try:
        yield namespace
    finally:
        namespace.close()


def connect(pod: Namespace, other: Namespace, *addresses: tuple[str, str]) -> None:
    """Lay a cable between two namespaces; each `(pod's address, other's address)` with prefix length."""
    pod.run("ip", "link", "add", "eth0", "type", "veth", "peer", "name", "eth1", "netns", str(other.pid))
    for one, two in addresses:
        pod.run("ip", "addr", "add", one, "dev", "eth0", *(("nodad",) if ":" in one else ()))
        other.run("ip", "addr", "add", two, "dev", "eth1", *(("nodad",) if ":" in two else ()))
    pod.run("ip", "link", "set", "eth0", "up")
    other.run("ip", "link", "set", "eth1", "up")
