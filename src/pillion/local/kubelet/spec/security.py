"""The user and capabilities that a container runs with.

As Kubernetes and its runtimes have it: a container's own setting wins over its pod's, capabilities start from a
default set, `add` and `drop` change it. Two differences keep the machine whole: devices cannot be made, and no program
gives its process new rights unless the container asks for that.
"""

from pillion.local.kubelet.spec.pod import Container, PodSecurityContext
from pillion.value import Value

NUMBERS = {
    name: number
    for number, name in enumerate(
        (
            "CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP",
            "LINUX_IMMUTABLE", "NET_BIND_SERVICE", "NET_BROADCAST", "NET_ADMIN", "NET_RAW", "IPC_LOCK", "IPC_OWNER",
            "SYS_MODULE", "SYS_RAWIO", "SYS_CHROOT", "SYS_PTRACE", "SYS_PACCT", "SYS_ADMIN", "SYS_BOOT", "SYS_NICE",
            "SYS_RESOURCE", "SYS_TIME", "SYS_TTY_CONFIG", "MKNOD", "LEASE", "AUDIT_WRITE", "AUDIT_CONTROL", "SETFCAP",
            "MAC_OVERRIDE", "MAC_ADMIN", "SYSLOG", "WAKE_ALARM", "BLOCK_SUSPEND", "AUDIT_READ", "PERFMON", "BPF",
            "CHECKPOINT_RESTORE",
        )
    )
}  # fmt: skip
DEFAULT = frozenset(
    (
        "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "SETGID", "SETUID", "SETPCAP", "NET_BIND_SERVICE",
        "NET_RAW", "SYS_CHROOT", "AUDIT_WRITE", "SETFCAP",
    )
)  # fmt: skip
NEVER = frozenset(("MKNOD", "SYS_MODULE", "SYS_BOOT", "SYS_TIME", "SYS_RAWIO"))
"""What no pod needs and the machine would feel; a privileged container goes without them too."""


class Rights(Value):
    """Who a container's process is, and what it may."""

    uid: int = 0
    gid: int = 0
    groups: tuple[int, ...] = ()
    capabilities: tuple[int, ...] = ()
    """Numbers, in order."""
    no_new_privileges: bool = True


def rights_of(container: Container, pod: PodSecurityContext) -> Rights:
    """Compute a container's rights."""
    own = container.security_context
    uid = _first(own.run_as_user, pod.run_as_user, 0)
    gid = _first(own.run_as_group, pod.run_as_group, uid if _is_lonely(own.run_as_user, pod.run_as_user) else 0)
    groups = {*pod.supplemental_groups, *(() if pod.fs_group is None else (pod.fs_group,))}
    names = _capabilities(own.privileged, own.capabilities.add, own.capabilities.drop)
    return Rights(
        uid=uid,
        gid=gid,
        groups=tuple(sorted(groups)),
        capabilities=tuple(sorted(NUMBERS[name] for name in names)),
        no_new_privileges=not (own.privileged or own.allow_privilege_escalation is True),
    )


def _first(*choices: int | None) -> int:
    return next((choice for choice in choices if choice is not None), 0)


def _is_lonely(*uids: int | None) -> bool:
    """Return whether a user was named: it gets the group of its own number, as an image's user has one."""
    return any(uid is not None for uid in uids)


def _capabilities(privileged: bool, add: tuple[str, ...], drop: tuple[str, ...]) -> frozenset[str]:
    everything = frozenset(NUMBERS)
    if privileged:
        return everything - NEVER
    dropped, added = ({_plain(name) for name in names} for names in (drop, add))
    start: frozenset[str] = frozenset() if "ALL" in dropped else DEFAULT - dropped
    return (start | (everything if "ALL" in added else added & everything)) - NEVER


def _plain(name: str) -> str:
    return name.upper().removeprefix("CAP_")
