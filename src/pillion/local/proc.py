"""What the kernel says in `/proc` about processes and mounts, read afresh each time."""

import os
from pathlib import Path

from pillion.value import Value

_STATE, _PARENT, _START = 0, 1, 19
"""Positions in `/proc/PID/stat` behind the command's name."""


class Mount(Value):
    """A mounted file system, as a mount namespace sees it."""

    point: str
    kind: str
    source: str


def start_time(pid: int) -> int | None:
    """Return when a process started, in clock ticks since boot, or nothing if it does not run (a zombie does not).

    With the pid it names a process for good: a number that is used again comes with another time.
    """
    fields = stat(pid)
    return int(fields[_START]) if fields and fields[_STATE] not in {"Z", "X"} else None


def parent(pid: int) -> int:
    """Return the pid of a process' parent; 0 if there is none, or no such process."""
    fields = stat(pid)
    return int(fields[_PARENT]) if fields else 0


def stat(pid: int) -> list[str]:
    """Return the fields of `/proc/PID/stat` from the state on, or none."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return []
    return text.rpartition(")")[2].split()


def pids() -> tuple[int, ...]:
    """Return the pids of all processes that we can see."""
    return tuple(sorted(int(name) for name in os.listdir("/proc") if name.isdigit()))  # noqa: PTH208 (no Path needed)


def command_line(pid: int) -> str:
    """Return a process' command line as one text; its name in brackets if it has none, or nothing if it is gone."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").replace(b"\0", b" ")
        return words.decode(errors="replace") or f"[{Path(f'/proc/{pid}/comm').read_text().strip()}]"
    except OSError:
        return ""


def mounts(pid: int | str = "self") -> tuple[Mount, ...]:
    """Return the mounts that a process sees; none if it is gone or may not be asked."""
    try:
        lines = Path(f"/proc/{pid}/mountinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(_mount(line) for line in lines)


def mounts_below(path: Path) -> tuple[str, ...]:
    """Return the mount points at and below a path in our mount namespace, the deepest first."""
    place = os.path.realpath(path)
    inside = [mount.point for mount in mounts() if mount.point == place or mount.point.startswith(f"{place}/")]
    return tuple(sorted(inside, key=len, reverse=True))


def boot_id() -> str:
    """Return what names this run of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _mount(line: str) -> Mount:
    before, _, after = line.partition(" - ")
    kind, source = (*after.split(" "), "", "")[:2]
    point = before.split(" ")[4].encode().decode("unicode_escape") if "\\" in line else before.split(" ")[4]
    return Mount(point=point, kind=kind, source=source)
