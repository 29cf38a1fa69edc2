"""Make one container's view of its pod, give up rights, then become its command.

Started by `nsenter` inside the pod's namespaces with two arguments: the descriptor on which it reports, and the one
that holds its plan. Reports `m` when its mount namespace is made and waits until it may go on: meanwhile the kubelet
takes hold of that namespace, by which it knows all processes of this container. Should it fail, before or later, it
reports `e` and a message.
"""

# importing pathlib would cost a third of the start-up time
# ruff: noqa: PTH103, PTH110, PTH112, PTH120

import fcntl
import marshal
import os
import stat
import sys
import termios
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from pillion.local.kubelet.inside import syscalls
else:
    import syscalls  # a file of the same folder: the package is not on the path of a script


def mount_volumes(mounts: tuple[tuple[str, str, bool], ...]) -> None:
    """Bind (source, target, read only) triples in a mount namespace of this container's own."""
    syscalls.unshare_mounts()
    for source, target, read_only in mounts:
        if os.path.isdir(source) or not os.path.lexists(source):
            os.makedirs(source, exist_ok=True)
            os.makedirs(target, exist_ok=True)
        elif not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        syscalls.mount(source, target, "", syscalls.MS_BIND | syscalls.MS_REC)
        if read_only:
            syscalls.mount("", target, "", syscalls.MS_BIND | syscalls.MS_REMOUNT | syscalls.MS_RDONLY)
    syscalls.unmount("/.pillion")


def take_identity(plan: dict[str, Any]) -> None:
    """Become the plan's user with no more capabilities than the plan's."""
    for descriptor in (0, 1, 2):
        if stat.S_ISFIFO(os.fstat(descriptor).st_mode):  # a user opens its own /dev/stdout by name, as Envoy does
            os.fchown(descriptor, plan["uid"], plan["gid"])
    if plan["tty"]:
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    syscalls.limit_capabilities(frozenset(plan["capabilities"]))
    os.setgroups(plan["groups"])
    os.setresgid(plan["gid"], plan["gid"], plan["gid"])
    os.setresuid(plan["uid"], plan["uid"], plan["uid"])
    if plan["no_new_privileges"]:
        syscalls.forbid_new_privileges()


def become(argv: list[str], variables: dict[str, str]) -> None:
    """Become a command, found in the `PATH` of `variables`."""
    try:
        os.execvpe(argv[0], argv, variables)  # noqa: S606  # no shell is the point
    except OSError as error:
        raise OSError(f"cannot run {argv[0]}: {error.strerror}") from None


def main() -> None:
    """Become the container's command."""
    report, source = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(report, False)
    try:
        with open(source, "rb") as file:  # pathlib would cost its import
            plan = cast("dict[str, Any]", marshal.load(file))  # noqa: S302  # written by our own kubelet
        os.umask(0o022)
        if plan["mounts"] is not None:
            mount_volumes(plan["mounts"])
        os.makedirs(plan["directory"], exist_ok=True)
        os.chdir(plan["directory"])
        take_identity(plan)
        os.write(report, b"m")
        if not os.read(report, 1):
            os._exit(1)
        become(plan["argv"], plan["env"])
    except BaseException as error:  # noqa: BLE001  # the kubelet must hear of whatever it is
        os.write(report, b"e" + str(error).encode())
        os._exit(128)


main()
