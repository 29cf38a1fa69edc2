"""An append-only book of everything that a mesh makes on this machine, from which it can be taken away again.

What is made is written down first; what was taken away is marked as done. So after any end of the mesh, `kill -9` of
all its processes too, `local.undo` finds here what may still be there.

A line is written with one system call and synchronised; the book lives in `/run`, in memory, where that costs nothing.
"""

import contextlib
import os
from collections.abc import Generator
from pathlib import Path
from types import TracebackType
from typing import Self, final

import msgspec

from pillion.local import proc
from pillion.value import Value


class Process(Value, tag=True):
    """A process: known by its pid and its start time together."""

    pid: int
    start: int
    what: str = ""


class Mount(Value, tag=True):
    """A mount point in the host's mount namespace."""

    path: str


class Link(Value, tag=True):
    """A network link in the host's network namespace."""

    name: str


class Namespace(Value, tag=True):
    """A namespace that was given a name: a file on which it is mounted."""

    path: str


class Directory(Value, tag=True):
    """A folder; with `tree` all that is in it is ours too, else it goes only when it is empty."""

    path: str
    tree: bool = False


class File(Value, tag=True):
    """A file."""

    path: str


class Socket(Value, tag=True):
    """A Unix socket's name in the file system."""

    path: str


Made = Process | Mount | Link | Namespace | Directory | File | Socket


class _Line(Value, omit_defaults=True):
    number: int
    made: Made | None = None
    done: bool = False
    boot: str = ""


_ENCODER = msgspec.json.Encoder()
_DECODER = msgspec.json.Decoder(_Line)


@final
class Journal:
    """A journal open for writing. Several processes may write to one file: a line is one `write`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._next = 1 + max((line.number for line in _lines(path)), default=0)
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if self._next == 1:
            self._write(_Line(number=0, boot=proc.boot_id()))

    def record(self, made: Made) -> int:
        """Write down what is about to be made, and return the number to mark it done by."""
        number, self._next = self._next, self._next + 1
        self._write(_Line(number=number, made=made))
        return number

    def process(self, pid: int, what: str = "") -> int:
        """Write down a process that was just started."""
        return self.record(Process(pid=pid, start=proc.start_time(pid) or 0, what=what))

    def done(self, number: int) -> None:
        """Mark something as taken away."""
        self._write(_Line(number=number, done=True))

    @contextlib.contextmanager
    def making(self, made: Made) -> Generator[None]:
        """Write down what the body makes; when the body fails, it was not made."""
        number = self.record(made)
        try:
            yield
        except BaseException:
            self.done(number)
            raise

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, line: _Line) -> None:
        os.write(self._descriptor, _ENCODER.encode(line) + b"\n")
        os.fdatasync(self._descriptor)


def pending(path: Path) -> tuple[tuple[int, Made], ...]:
    """Return what a journal holds and does not mark as done, oldest first; after a reboot, only what lies on disk."""
    left: dict[int, Made] = {}
    rebooted = False
    for line in _lines(path):
        rebooted = rebooted or (line.boot not in {"", proc.boot_id()})
        if line.done:
            left.pop(line.number, None)
        elif line.made is not None:
            left[line.number] = line.made
    return tuple((number, made) for number, made in left.items() if not (rebooted and isinstance(made, _IN_MEMORY)))


def describe(made: Made) -> str:
    """Say what something is, for a sentence."""
    match made:
        case Process():
            return f"process {made.pid}" + (f" ({made.what})" if made.what else "")
        case Mount():
            return f"mount {made.path}"
        case Link():
            return f"network link {made.name}"
        case Namespace():
            return f"namespace {made.path}"
        case Directory():
            return f"directory {made.path}"
        case File():
            return f"file {made.path}"
        case Socket():
            return f"socket {made.path}"


def _lines(path: Path) -> list[_Line]:
    lines: list[_Line] = []
    with contextlib.suppress(FileNotFoundError):
        for text in path.read_bytes().splitlines():
            # the last line may be torn when the machine went down
            with contextlib.suppress(msgspec.MsgspecError):
                lines.append(_DECODER.decode(text))
    return lines


_IN_MEMORY = (Process, Mount, Link, Namespace)
