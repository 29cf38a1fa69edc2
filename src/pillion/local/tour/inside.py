"""Look at the Envoy of this pod, or end it so that its agent starts a fresh one.

Runs as `python -S -E inside.py [kill]`. Prints `{"pid": N, "resident": BYTES}`; the pid is that of the pod's own
process table.
"""

import json
import os
import signal
import sys

PAGE = os.sysconf("SC_PAGE_SIZE")


def envoy() -> int:
    """Find the Envoy of this pod; 0 when there is none."""
    for name in os.listdir("/proc"):  # noqa: PTH208
        if name.isdigit():
            try:
                with open(f"/proc/{name}/comm") as file:  # noqa: PTH123 (no pathlib: this starts often)
                    if file.read().strip() == "envoy":
                        return int(name)
            except OSError:
                continue
    return 0


if __name__ == "__main__":
    pid = envoy()
    if pid and sys.argv[1:] == ["kill"]:
        os.kill(pid, signal.SIGKILL)
    resident = 0
    if pid and sys.argv[1:] != ["kill"]:
        with open(f"/proc/{pid}/statm") as statm:  # noqa: PTH123
            resident = int(statm.read().split()[1]) * PAGE
    sys.stdout.write(json.dumps({"pid": pid, "resident": resident}))
