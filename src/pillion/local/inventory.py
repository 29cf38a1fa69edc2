"""What there is on this machine, for the proof that a mesh left nothing behind.

One inventory is taken before a mesh comes and one after it went; their difference is what was left. All of it is read
from the machine itself: nothing here knows the journal or asks the mesh what it made.

Other people's programs come and go meanwhile, other meshes too. What one of them holds, a program that was there
before, a service that began since, or a descendant of either, is not counted; what nobody answers for, is.
"""

import contextlib
import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from pillion.local import proc
from pillion.local.state import Layout, meshes, running
from pillion.value import FrozenMap, Value

NAMESPACES = ("net", "mnt", "pid", "uts", "ipc", "user", "cgroup")
RESOLVER_FILES = ("/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf")
PARAMETERS = (
    "net/ipv4/ip_forward",
    "net/ipv4/conf/all/rp_filter",
    "net/ipv4/conf/all/route_localnet",
    "net/ipv6/conf/all/forwarding",
    "net/netfilter/nf_conntrack_max",
)
_RULES = {
    "iptables rule": ("iptables-save",),
    "ip6tables rule": ("ip6tables-save",),
    "nftables rule": ("nft", "--stateless", "list", "ruleset"),
    "route": ("ip", "-o", "route", "show", "table", "all"),
    "routing rule": ("ip", "rule"),
}
_COUNTERS = re.compile(r"\s*\[\d+:\d+\]|\s*expires -?\d+sec|^#.*")

Kind = Literal["namespace", "mount", "link", "rule", "file", "resolver", "parameter", "process"]


class Left(Value):
    """One thing that is there now and was not, or that is no longer as it was."""

    kind: Kind
    sentence: str


class Process(Value):
    """A process, and the namespaces that it and its threads live in."""

    pid: int
    start: int
    parent: int
    command: str
    namespaces: tuple[str, ...] = ()
    """`net:[4026531840]` and so on."""


class Inventory(Value):
    """What there was at one moment."""

    observer: int
    """The pid of the process that looked."""
    processes: tuple[Process, ...] = ()
    mounts: tuple[str, ...] = ()
    links: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    contents: tuple[tuple[str, str], ...] = ()
    """Of the resolver's files: path and digest."""
    parameters: tuple[tuple[str, str], ...] = ()
    others: tuple[int, ...] = ()
    """The pids of processes that run other meshes."""


def take(*state: Path) -> Inventory:
    """Look at the machine; `state` are the folders of the meshes that are looked at."""
    return Inventory(
        observer=os.getpid(),
        processes=tuple(_processes()),
        mounts=tuple(sorted({f"{one.kind} on {one.point}" for one in proc.mounts()})),
        links=tuple(sorted(name for _, name in socket.if_nameindex())),
        rules=tuple(sorted(_rules())),
        files=tuple(sorted(str(path) for folder in (*state, Path("/run/netns")) for path in _tree(folder))),
        contents=tuple((path, _digest(Path(path))) for path in RESOLVER_FILES),
        parameters=tuple((name, _content(Path("/proc/sys", name)).decode().strip()) for name in PARAMETERS),
        others=tuple(sorted({pid for folder in state for pid in _others(folder)})),
    )


def _others(folder: Path) -> Iterator[int]:
    for name in meshes(folder.parent):
        pid = running(Layout(directory=str(folder.parent / name)))
        if pid and name != folder.name:
            yield pid


def left_since(before: Inventory, folder: Path, patience: float = 1.0) -> tuple[Left, ...]:
    """Return what a mesh left behind; what is gone within `patience` seconds was only passing by."""
    deadline = time.monotonic() + patience
    while True:
        left = difference(before, take(folder))
        if not left or time.monotonic() > deadline:
            return left
        time.sleep(0.1)


def encode(inventory: Inventory) -> bytes:
    """Write an inventory down, to compare with in another process."""
    return msgspec.json.encode(inventory)


def decode(text: bytes) -> Inventory:
    """Read what `encode` wrote."""
    return msgspec.json.decode(text, type=Inventory)


def difference(before: Inventory, after: Inventory) -> tuple[Left, ...]:
    """Return what was left behind: empty is the proof."""
    left = [*_left_processes(before, after)]
    left += [Left(kind="mount", sentence=f"a mount is left: {one}") for one in _new(before.mounts, after.mounts)]
    left += [Left(kind="link", sentence=f"network link {one} is left") for one in _new(before.links, after.links)]
    left += [Left(kind="link", sentence=f"network link {one} is missing") for one in _new(after.links, before.links)]
    left += [Left(kind="rule", sentence=f"a rule is left: {one}") for one in _new(before.rules, after.rules)]
    left += [Left(kind="rule", sentence=f"a rule is missing: {one}") for one in _new(after.rules, before.rules)]
    left += [Left(kind="file", sentence=f"{one} is left") for one in _new(before.files, after.files)]
    changed = _changed(before.contents, after.contents)
    left += [Left(kind="resolver", sentence=f"{one} is not as it was") for one in changed]
    left += [
        Left(kind="parameter", sentence=f"kernel parameter {one.replace('/', '.')} is not as it was")
        for one in _changed(before.parameters, after.parameters)
    ]
    return tuple(left)


def _left_processes(before: Inventory, after: Inventory) -> Iterator[Left]:
    known = {(one.pid, one.start) for one in before.processes}
    known |= {(one.pid, one.start) for one in after.processes if one.pid in after.others}
    old_namespaces = {name for one in before.processes for name in one.namespaces}
    present = {one.pid: one for one in after.processes}
    holders: dict[str, Process] = {}
    for process in after.processes:
        new = [name for name in process.namespaces if name not in old_namespaces]
        if process.pid != after.observer:
            whose = _answers_for(process, present, known, old_namespaces, after.observer)
            if whose == "another":
                continue
            if whose == "us" or new or "pillion" in process.command:
                yield Left(kind="process", sentence=f"process {process.pid} is left: {process.command}")
        for name in new:
            holders.setdefault(name, process)
    for name, process in sorted(holders.items()):
        sentence = f"namespace {name} is left, held by process {process.pid}: {process.command}"
        yield Left(kind="namespace", sentence=sentence)


def _answers_for(
    process: Process, present: Mapping[int, Process], known: set[tuple[int, int]], old: set[str], observer: int
) -> Literal["us", "another", "nobody"]:
    """Say whose a process is, by its ancestors: ours, another's, or nobody's (an orphan).

    Another's are the descendants of a process that was there before, and of an orphan on the machine itself that is
    not pillion: what we leave behind there bears our name, all else of ours lives in namespaces of its own.
    """
    step, seen = process, set[int]()
    while step.pid not in seen:
        if (step.pid, step.start) in known:
            return "another"
        seen.add(step.pid)
        above = present.get(step.parent)
        if above is None or above.pid == 1:
            break
        if above.pid == observer:
            return "us"
        step = above
    elsewhere = step is process or "pillion" in step.command or not old.issuperset(step.namespaces)
    return "nobody" if elsewhere else "another"


def _processes() -> Iterator[Process]:
    for pid in proc.pids():
        start = proc.start_time(pid)
        if start is not None:
            command = proc.command_line(pid)
            names = tuple(sorted(_namespaces(pid)))
            yield Process(pid=pid, start=start, parent=proc.parent(pid), command=command, namespaces=names)


def _namespaces(pid: int) -> set[str]:
    """Return the namespaces of a process; of every thread those of the network, for a thread may have its own."""
    links = [f"/proc/{pid}/ns/{kind}" for kind in NAMESPACES]
    with contextlib.suppress(OSError):
        links += [f"/proc/{pid}/task/{task}/ns/net" for task in os.listdir(f"/proc/{pid}/task")]  # noqa: PTH208
    found: set[str] = set()
    for link in links:
        with contextlib.suppress(OSError):
            found.add(os.readlink(link))  # noqa: PTH115 (thousands of them)
    return found


def _rules() -> Iterator[str]:
    for what, command in _RULES.items():
        if shutil.which(command[0]):
            done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
            lines = (_COUNTERS.sub("", line).strip() for line in done.stdout.splitlines())
            yield from {f"{what} {line}" for line in lines if line and line not in {"{", "}", "COMMIT"}}


def _tree(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield folder
        yield from folder.rglob("*")


def _digest(path: Path) -> str:
    return hashlib.sha256(_content(path)).hexdigest()


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _new(before: Sequence[str], after: Sequence[str]) -> list[str]:
    return sorted(set(after) - set(before))


def _changed(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> list[str]:
    old = FrozenMap(dict(before))
    return [name for name, value in after if old.get(name) != value]
