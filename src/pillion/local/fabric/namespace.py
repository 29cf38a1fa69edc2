"""The threads that live in the fabric's network namespace.

A network namespace belongs to a thread, not to a process. So a few worker threads of ours move into a fresh one, and
what must happen in there is a function run by one of them: a socket that it opens and a program that it starts belong
to the namespace for ever. Nothing but a descriptor of ours holds the namespace (no name, no mount, no process): when
our process ends, by `kill -9` too, the kernel takes it away with every link and rule in it.
"""

import asyncio
import contextlib
import ctypes
import os
import socket
import threading
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import ParamSpec, TypeVar, final

CLONE_NEWNET = 0x40000000
_LIBC = ctypes.CDLL(None, use_errno=True)

P = ParamSpec("P")
R = TypeVar("R")


@final
class NetworkNamespace:
    """A network namespace without a name."""

    def __init__(self) -> None:
        with ThreadPoolExecutor(max_workers=1) as maker:
            self._descriptor = maker.submit(_make).result()
        # several, for taking down a link blocks for tens of milliseconds in the kernel
        self._threads = ThreadPoolExecutor(4, "fabric", initializer=_setns, initargs=(self._descriptor,))

    @property
    def path(self) -> Path:
        """Where other programs find the namespace while this process lives: for `nsenter --net=`."""
        return Path(f"/proc/{os.getpid()}/fd/{self._descriptor}")

    @property
    def inode(self) -> int:
        """The number that names the namespace in `/proc/*/ns/net`."""
        return os.fstat(self._descriptor).st_ino

    async def run(self, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a short blocking function inside the namespace."""
        future = self._threads.submit(function, *args, **kwargs)
        return await asyncio.wrap_future(future)

    async def run_in(self, pid: int, function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run a short blocking function inside the network namespace of another process."""

        def there() -> R:
            with self._inside_of(pid):
                return function(*args, **kwargs)

        return await asyncio.wrap_future(self._threads.submit(there))

    async def socket(self, family: int, kind: int) -> socket.socket:
        """Make a socket that lives in the namespace, not blocking."""
        making = asyncio.wrap_future(self._threads.submit(_socket, family, kind))
        try:
            return await asyncio.shield(making)
        except asyncio.CancelledError:
            # nobody waits for it any more, and it may be made already
            making.add_done_callback(_let_go)
            raise

    def close(self) -> None:
        """Let go of the namespace; it ends when its last socket does. Safe to repeat."""
        self._threads.shutdown()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @contextlib.contextmanager
    def _inside_of(self, pid: int) -> Generator[None]:
        with Path(f"/proc/{pid}/ns/net").open("rb") as there:
            _setns(there.fileno())
        try:
            yield
        finally:
            _setns(self._descriptor)


def sysctl(key: str, value: int) -> None:
    """Set a `net.` kernel parameter of the calling thread's network namespace; a kernel without it needs none."""
    with contextlib.suppress(FileNotFoundError):
        Path("/proc/sys", *key.split(".")).write_text(str(value))


def _make() -> int:
    if _LIBC.unshare(CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot make a network namespace: {os.strerror(number)}")
    return os.open(f"/proc/self/task/{threading.get_native_id()}/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def _setns(descriptor: int) -> None:
    if _LIBC.setns(descriptor, CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"cannot enter a network namespace: {os.strerror(number)}")


def _let_go(made: "asyncio.Future[socket.socket]") -> None:
    if not made.cancelled() and made.exception() is None:
        made.result().close()


def _socket(family: int, kind: int) -> socket.socket:
    made = socket.socket(family, kind)
    made.setblocking(False)
    return made
