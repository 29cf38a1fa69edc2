"""Make a pod's own view of the file system, then become its PID 1.

Started by `unshare` as the first process of the pod's namespaces with two arguments: the descriptor on which it
reports, and the one that holds its plan. Reports `n` when the namespaces exist, `r` when the pod is ready for its
containers, or `e` and a message.

The root is an overlay over this machine's file system: a pod reads all of it and what it writes is gone with the pod.
PID 1 becomes `cat`: it sleeps on its standard input, whose other end only the kubelet holds. When the kubelet dies,
however it dies, `cat` reads the end of its input and exits, and the kernel kills every process of the pod. SIGCHLD
ignored means that the kernel reaps orphans: the smallest init there is.
"""

# importing pathlib would cost a third of the start-up time
# ruff: noqa: PTH101, PTH102, PTH103, PTH106, PTH108, PTH110, PTH112, PTH114, PTH116, PTH120, PTH123, PTH208, PTH211

import marshal
import os
import signal
import stat
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pillion.local.kubelet.inside import syscalls
else:
    import syscalls  # a file of the same folder: the package is not on the path of a script

OWN = ("/proc", "/sys", "/dev", "/run", "/tmp", "/var/run")  # noqa: S108  # what a pod never shares with the machine
DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
OLD_ROOT = "/.machine"
LINKS = {
    "fd": "/proc/self/fd",
    "stdin": "/proc/self/fd/0",
    "stdout": "/proc/self/fd/1",
    "stderr": "/proc/self/fd/2",
    "ptmx": "pts/ptmx",
}


def below(path: str, tree: str) -> bool:
    """Return whether `path` is `tree` or lies in it."""
    return path == tree or path.startswith(tree.rstrip("/") + "/")


def mounts_seen() -> list[tuple[str, str]]:
    """List (mount point, file system type) of all mounts, parents first; of several at one point the last counts."""
    mounts: dict[str, str] = {}
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        for line in table:
            fields, _, rest = line.partition(" - ")
            point = fields.split(" ")[4].encode().decode("unicode_escape")
            mounts[point] = rest.split(" ")[0]
    return sorted(mounts.items())


def make_target(path: str, like: str) -> None:
    """Create the mount point `path`: a file or a folder, as `like` is one."""
    if os.path.isdir(like):
        os.makedirs(path, exist_ok=True)
    elif not os.path.lexists(path):
        os.makedirs(os.path.dirname(path), exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o644))


def lay_over(work: str, lower: str, target: str) -> None:
    """Mount a private writable layer over the folder `lower` at `target`."""
    layer = f"{work}/layers/{len(os.listdir(f'{work}/layers'))}"
    os.makedirs(f"{layer}/upper")
    os.makedirs(f"{layer}/work")
    owner = os.stat(lower)
    os.chown(f"{layer}/upper", owner.st_uid, owner.st_gid)
    os.chmod(f"{layer}/upper", stat.S_IMODE(owner.st_mode))
    escaped = lower.replace("\\", "\\\\").replace(":", "\\:").replace(",", "\\,")
    syscalls.mount("overlay", target, "overlay", 0, f"lowerdir={escaped},upperdir={layer}/upper,workdir={layer}/work")


def see_through(work: str, root: str) -> None:
    """Show this machine's file systems under `root`, each under a private layer where the kernel can."""
    lay_over(work, "/", root)
    for point, _kind in mounts_seen():
        is_own = any(below(point, own) for own in OWN)
        if point == "/" or is_own or below(point, work) or not os.path.lexists(root + point):
            continue
        with suppress(OSError):  # what a pod cannot see, it does without
            if not os.path.isdir(point):
                syscalls.mount(point, root + point, "", syscalls.MS_BIND)
                continue
            try:
                lay_over(work, point, root + point)
            except OSError:
                syscalls.mount(point, root + point, "", syscalls.MS_BIND)


def open_ways(paths: list[str]) -> None:
    """Let every user of the pod walk to these folders, say to a Python below /root.

    Only where a private layer lies over the machine's files: there the change is the pod's alone.
    """
    mounts = dict(mounts_seen())
    for path in paths:
        way = ""
        for step in ("", *path.strip("/").split("/")):
            way = f"{way.rstrip('/')}/{step}"
            around = max((point for point in mounts if below(way, point)), key=len)
            if mounts[around] == "overlay" and os.path.isdir(way):
                os.chmod(way, stat.S_IMODE(os.stat(way).st_mode) | (0o555 if way == path else 0o111))


def make_own(work: str, root: str) -> None:
    """Mount what belongs to the pod alone: /run, /tmp, /dev, /proc, /sys."""
    for name in ("run", "run/lock", "tmp"):
        os.mkdir(f"{work}/{name}")
        os.chmod(f"{work}/{name}", 0o1777)  # noqa: S103  # uid 1337 makes its sockets in /var/run
    for name in ("run", "tmp"):
        syscalls.mount(f"{work}/{name}", f"{root}/{name}", "", syscalls.MS_BIND)
    if not os.path.islink(f"{root}/var/run"):
        os.makedirs(f"{root}/var/run", exist_ok=True)
        syscalls.mount(f"{work}/run", f"{root}/var/run", "", syscalls.MS_BIND)
    syscalls.mount("proc", f"{root}/proc", "proc", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    with suppress(OSError):  # some machines forbid it; nothing that we run needs it
        syscalls.mount("sysfs", f"{root}/sys", "sysfs", syscalls.MS_NOSUID | syscalls.MS_NODEV | syscalls.MS_NOEXEC)
    make_devices(f"{root}/dev")


def make_devices(folder: str) -> None:
    """Fill a fresh /dev: the harmless devices, the machine's terminals, and shared memory of the pod's own."""
    syscalls.mount("tmpfs", folder, "tmpfs", syscalls.MS_NOSUID, "mode=755,size=64k")
    for name in DEVICES:
        make_target(f"{folder}/{name}", f"/dev/{name}")
        syscalls.mount(f"/dev/{name}", f"{folder}/{name}", "", syscalls.MS_BIND)
    os.mkdir(f"{folder}/pts")
    syscalls.mount("/dev/pts", f"{folder}/pts", "", syscalls.MS_BIND)
    os.mkdir(f"{folder}/shm")
    syscalls.mount("tmpfs", f"{folder}/shm", "tmpfs", syscalls.MS_NOSUID | syscalls.MS_NODEV, "mode=1777")
    for name, target in LINKS.items():
        os.symlink(target, f"{folder}/{name}")


def write_file(path: str, content: bytes, mode: int) -> None:
    """Write a file anew: a link or a mount of the machine's at its place is left alone."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with suppress(FileNotFoundError):
        os.unlink(path)
    descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, mode)
    try:
        os.write(descriptor, content)
        os.fchmod(descriptor, mode)
    finally:
        os.close(descriptor)


def fill_volumes(folder: str, volumes: dict[str, Any]) -> None:
    """Create the pod's volumes: folders that every user may write, with the files of ConfigMaps and their like."""
    os.mkdir(folder, 0o755)
    for name, volume in volumes.items():
        os.mkdir(f"{folder}/{name}")
        for path, content, mode in volume["files"]:
            write_file(f"{folder}/{name}/{path}", content, mode)
            if volume["group"] is not None:
                os.chown(f"{folder}/{name}/{path}", -1, volume["group"])
        if volume["group"] is not None:
            os.chown(f"{folder}/{name}", -1, volume["group"])
        os.chmod(f"{folder}/{name}", volume["mode"] | (stat.S_ISGID if volume["group"] is not None else 0))


def build(plan: dict[str, Any]) -> None:
    """Make the pod's root and move into it."""
    work: str = plan["work"]
    root = f"{work}/root"
    syscalls.mount("tmpfs", work, "tmpfs", syscalls.MS_NOSUID, "mode=755")
    os.mkdir(root)
    os.mkdir(f"{work}/layers")
    see_through(work, root)
    make_own(work, root)
    fill_volumes(f"{work}/volumes", plan["volumes"])
    os.makedirs(f"{root}/.pillion", mode=0o700)
    syscalls.mount(f"{work}/volumes", f"{root}/.pillion", "", syscalls.MS_BIND)
    binds = [(os.path.realpath(source), target) for source, target in plan["binds"]]
    syscalls.enter_root(root, OLD_ROOT)  # only inside does an absolute link such as /var/run lead to the pod's own
    for source, target in binds:
        if os.path.exists(OLD_ROOT + source):
            make_target(target, OLD_ROOT + source)
            syscalls.mount(OLD_ROOT + source, target, "", syscalls.MS_BIND | syscalls.MS_REC)
    syscalls.unmount(OLD_ROOT)
    os.rmdir(OLD_ROOT)
    open_ways(plan["open"])
    for path, content in plan["files"].items():
        write_file(path, content, 0o644)
    syscalls.set_hostname(plan["hostname"])


def read_exactly(size: int) -> bytes:
    """Read `size` bytes of standard input; end quietly when the kubelet has gone."""
    content = b""
    while len(content) < size:
        piece = os.read(0, size - len(content))
        if not piece:
            os._exit(1)
        content += piece
    return content


def main() -> None:
    """Build the pod, take the host table that needs the pod's address, and become PID 1."""
    report, source = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(report, False)
    try:
        os.write(report, b"n")
        with open(source, "rb") as file:
            plan = cast("dict[str, Any]", marshal.load(file))  # noqa: S302  # written by our own kubelet
        os.umask(0o022)
        build(plan)
        size = int.from_bytes(read_exactly(4), "big")
        write_file("/etc/hosts", read_exactly(size), 0o644)
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        os.write(report, b"r")
        os.execvp("cat", ["cat"])  # noqa: S606  # no shell is the point
    except BaseException as error:  # noqa: BLE001  # the kubelet must hear of whatever it is
        os.write(report, b"e" + str(error).encode())
        os._exit(1)


main()
