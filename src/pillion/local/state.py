"""Where a mesh on this machine keeps its state, what it remembers, and the lock that keeps it single.

The folder of a mesh, `<base>/<mesh>`, where base is `/run/pillion` for root, else `$XDG_RUNTIME_DIR/pillion`, else
`~/.local/state/pillion`:

    lock            held by the process that runs the mesh; holds its pid
    journal         what was made on this machine (`local.journal`)
    memory.json     who had which address, and since when each resource is known
    server.sock     the door for `pillion get`, `apply`, `down` and so on
    server.log      what a detached server says
    before.json     the machine's inventory before the mesh came
    logs/<pod>/<container>.log
    pods/<pod>/     files that are mounted into a pod; <pod> is <namespace>_<name>
    xds/<id>.sock   the control plane's door for one pod; short, for a socket's path may have 107 bytes and no more

All of it goes when the mesh is taken down. Of a server that died, what it said last is kept beside the folder, in
`<base>/<mesh>.log`, until the mesh is started again or taken down.
"""

import contextlib
import fcntl
import hashlib
import os
import re
from collections.abc import Iterable, Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast, final

import msgspec

from pillion.local import proc
from pillion.local.addresses import Book
from pillion.value import FrozenMap, Value

DEFAULT_MESH = "default"
"""The mesh that is meant when nobody says which."""
LAST_WORDS = 10
"""Lines of a dead server's log that are quoted."""
LONGEST_SOCKET_PATH = 107
_LONGEST_FOLDER = 200
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?")


class StateError(Exception):
    """The state cannot be used; the message says why, and what to do."""


@final
class MeshIsRunningError(StateError):
    """Another process runs this mesh."""

    def __init__(self, name: str, pid: int) -> None:
        who = f"by process {pid}" if pid else "by another process"
        super().__init__(
            f"mesh {name} is already run {who}: take it down with {hint('down', name)}, "
            "or start this one under another name"
        )
        self.pid = pid


class Layout(Value):
    """The folder of one mesh and the names in it."""

    directory: str

    @property
    def path(self) -> Path:
        """The mesh's folder."""
        return Path(self.directory)

    @property
    def journal(self) -> Path:
        """What was made on this machine."""
        return self.path / "journal"

    @property
    def memory(self) -> Path:
        """What is remembered, see `Memory`."""
        return self.path / "memory.json"

    @property
    def server_socket(self) -> Path:
        """The door for the other commands."""
        return self.path / "server.sock"

    @property
    def server_log(self) -> Path:
        """What a detached server says."""
        return self.path / "server.log"

    @property
    def last_log(self) -> Path:
        """What a detached server said that died."""
        return self.path.with_name(f"{self.path.name}.log")

    @property
    def before(self) -> Path:
        """The machine's inventory before the mesh came."""
        return self.path / "before.json"

    def pod_directory(self, pod: str) -> Path:
        """Return where a pod (`namespace/name`) has its files."""
        return self.path / "pods" / _folder(pod)

    def log(self, pod: str, container: str) -> Path:
        """Return where a container's output goes."""
        return self.path / "logs" / _folder(pod) / f"{container}.log"

    def xds_socket(self, pod: str) -> Path:
        """Return the control plane's socket for one pod."""
        return self.path / "xds" / f"{_short(pod)}.sock"


class Memory(Value):
    """What a mesh remembers while it is up, over crashes too."""

    books: FrozenMap[Book] = FrozenMap()
    """Who had which address, by CIDR."""
    created: FrozenMap[str] = FrozenMap()
    """When a resource without `creationTimestamp` was first seen, by `kind/namespace/name`; RFC 3339."""


def base_of(environment: Mapping[str, str], uid: int) -> Path:
    """Return the folder in which a user's meshes keep their state."""
    if uid == 0:
        # not $XDG_RUNTIME_DIR: `sudo` keeps it or not, and `down` must find what `up` made
        return Path("/run/pillion")
    if runtime := environment.get("XDG_RUNTIME_DIR"):
        return Path(runtime) / "pillion"
    return Path(environment.get("HOME", "/")) / ".local" / "state" / "pillion"


def layout_of(name: str, base: Path) -> Layout:
    """Return the layout of a mesh; raise `StateError` for a name, or a base, that cannot be used."""
    if not _NAME.fullmatch(name):
        raise StateError(
            f"{name!r} cannot name a mesh: use up to 40 lower-case letters, digits and '-', none at its ends"
        )
    layout = Layout(directory=str(base / name))
    longest = max(len(os.fsencode(path)) for path in (layout.xds_socket("any"), layout.server_socket))
    if longest > LONGEST_SOCKET_PATH:
        raise StateError(
            f"{base} is too deep a folder: a socket in it would have a path of {longest} bytes, "
            f"{LONGEST_SOCKET_PATH} are possible; use a shorter mesh name or set XDG_RUNTIME_DIR"
        )
    return layout


def meshes(base: Path) -> tuple[str, ...]:
    """Return the names of the meshes that have state, running or not."""
    if not base.is_dir():
        return ()
    return tuple(sorted(path.name for path in base.iterdir() if path.is_dir() and _NAME.fullmatch(path.name)))


@final
class Lock:
    """The right to run a mesh; it ends with the process, whatever happens."""

    def __init__(self, layout: Layout) -> None:
        """Make the mesh's folder and lock it; raise `MeshIsRunningError` if another process holds it."""
        layout.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = layout.path / "lock"
        self._descriptor = self._open()
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, f"{os.getpid()} {proc.start_time(os.getpid())}\n".encode(), 0)

    def release(self) -> None:
        """Give the right back."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _open(self) -> int:
        while True:
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
                raise MeshIsRunningError(self._path.parent.name, _pid_in(self._path)) from None
            # whoever took the mesh down may have removed the file that we locked
            with contextlib.suppress(FileNotFoundError):
                if self._path.stat().st_ino == os.fstat(descriptor).st_ino:
                    return descriptor
            os.close(descriptor)


def running(layout: Layout) -> int | None:
    """Return the pid of the process that runs a mesh, or nothing if none does."""
    path = layout.path / "lock"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid_in(path)
    finally:
        os.close(descriptor)
    return None


def running_meshes(base: Path) -> tuple[str, ...]:
    """Return the names of the meshes that somebody runs."""
    return tuple(name for name in meshes(base) if running(layout_of(name, base)) is not None)


def hint(words: str, mesh: str) -> str:
    """Quote the command that does something with a mesh, for a message."""
    return f"`pillion {words}`" if mesh == DEFAULT_MESH else f"`pillion {words} --mesh {mesh}`"


def keep_log(layout: Layout) -> None:
    """Keep what a server said that died, in place of what an earlier one said."""
    with contextlib.suppress(OSError):
        layout.server_log.replace(layout.last_log)


def last_words(layout: Layout) -> str:
    """Quote the end of what a detached server said that died; empty when none did, or one runs."""
    for log in (layout.server_log, layout.last_log):
        with contextlib.suppress(OSError):
            lines = log.read_text(errors="replace").splitlines()[-LAST_WORDS:]
            return "\n".join(("it ended unexpectedly; its log ends with:", *(f"  {line}" for line in lines)))
    return ""


def load(layout: Layout) -> Memory:
    """Return what is remembered; nothing if there is no memory or it cannot be read."""
    try:
        kept = cast(dict[str, Any], msgspec.json.decode(layout.memory.read_bytes()))
        books = {cidr: _book(cidr, **book) for cidr, book in kept["books"].items()}
        return Memory(books=FrozenMap(books), created=FrozenMap(kept["created"]))
    except (OSError, msgspec.MsgspecError, LookupError, TypeError, ValueError, AttributeError):
        return Memory()


def save(layout: Layout, memory: Memory) -> None:
    """Remember, all or nothing: whoever reads meanwhile reads the old or the new."""
    books = {cidr: {"addresses": dict(book.addresses), "cursor": book.cursor} for cidr, book in memory.books.items()}
    write_whole(layout.memory, msgspec.json.encode({"books": books, "created": dict(memory.created)}))


def write_whole(path: Path, content: bytes) -> None:
    """Replace a file by another content, all or nothing; nobody but its owner may read it."""
    beside = path.with_name(f".{path.name}.new")
    with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def first_seen(created: FrozenMap[str], resources: Iterable[str], now: str) -> FrozenMap[str]:
    """Return since when each resource is known: those seen before keep their time, those that are gone lose it."""
    return FrozenMap({resource: created.get(resource, now) for resource in resources})


def _book(cidr: str, addresses: dict[str, str], cursor: int) -> Book:
    network = ip_network(cidr)
    inside = {owner: text for owner, text in addresses.items() if ip_address(text) in network}
    return Book(addresses=FrozenMap(inside), cursor=cursor)


def _pid_in(path: Path) -> int:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return 0


def _folder(pod: str) -> str:
    name = pod.replace("/", "_")
    return name if len(name) <= _LONGEST_FOLDER else f"{name[:_LONGEST_FOLDER]}-{_short(pod)}"


def _short(pod: str) -> str:
    return hashlib.sha256(pod.encode()).hexdigest()[:16]
