"""`init.py FOLDER`: the first process in a machine's namespaces. Prepares them, then reaps what containers leave.

Everything in them ends with it. Nothing that is done here is seen outside: mounts and links are of these namespaces,
and where Kubernetes would set something of the whole machine it finds a file instead.
"""

import os
import subprocess
import sys
from pathlib import Path

ADDRESS = "10.200.0.1"
DATA = "data"
"""A folder that is in memory, seen from inside only."""
EMPTY = ("/run", "/var/lib", "/var/log")
SYSCTLS = {
    "vm/overcommit_memory": "1",
    "vm/panic_on_oom": "0",
    "kernel/panic": "10",
    "kernel/panic_on_oops": "1",
    "kernel/keys/root_maxkeys": "1000000",
    "kernel/keys/root_maxbytes": "25000000",
}
"""What a kubelet wants to find, or else sets for the whole machine."""


def run(*argv: str) -> None:
    """Run a command that must not fail."""
    subprocess.run(argv, check=True)


def prepare(folder: Path) -> None:
    """Make folders that are empty, and a network of one bridge that leads nowhere."""
    run("mount", "--make-rshared", "/")
    for each in EMPTY:
        run("mount", "-t", "tmpfs", "tmpfs", each)
    # Containers' files are in memory: many, and gone at once.
    (folder / DATA).mkdir()
    run("mount", "-t", "tmpfs", "tmpfs", str(folder / DATA))
    for key, value in SYSCTLS.items():
        file = folder / key.replace("/", ".")
        file.write_text(f"{value}\n")
        run("mount", "--bind", str(file), f"/proc/sys/{key}")
    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "node0", "type", "bridge")
    run("ip", "addr", "add", f"{ADDRESS}/24", "dev", "node0")
    run("ip", "link", "set", "node0", "up")
    # A Service's address is rewritten on its way: it needs one, wherever it leads.
    run("ip", "route", "add", "default", "dev", "node0")
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")


def reap() -> None:
    """Wait for whoever ends, for ever: a child that only sleeps keeps the wait from failing."""
    with subprocess.Popen(["sleep", "infinity"]):
        while True:
            os.wait()


if __name__ == "__main__":
    prepare(Path(sys.argv[1]))
    print("ready", flush=True)  # noqa: T201 (who started it waits for this)
    reap()
