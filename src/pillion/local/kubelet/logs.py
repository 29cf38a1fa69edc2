"""What containers write: pumped from their pipes into files of bounded size, and read back, also while they grow.

A file `<n>.log` holds the output of a container's n-th run. When it is full it becomes `<n>.log.1`, and a new one
begins.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

LIMIT = 8 * 2**20
KEPT_RUNS = 3
PIECE = 65536


class ContainerLog:
    """The output of one container over all its runs."""

    def __init__(self, folder: Path) -> None:
        """Write below `folder`, which is made when the container first runs."""
        self._folder = folder
        self._run = -1
        self._file: int | None = None
        self._size = 0
        self._closed = False
        self._grown = asyncio.Event()

    @property
    def run(self) -> int:
        """Return the number of the current run, -1 before the first."""
        return self._run

    def path(self, run: int) -> Path:
        """Return the file of a run."""
        return self._folder / f"{run}.log"

    def begin(self, run: int) -> None:
        """Start the file of a run, and forget runs of long ago."""
        self._folder.mkdir(parents=True, exist_ok=True)
        self._end_file()
        self._run, self._size = run, 0
        self._file = os.open(self.path(run), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o644)
        for old in (self.path(run - KEPT_RUNS), Path(f"{self.path(run - KEPT_RUNS)}.1")):
            old.unlink(missing_ok=True)
        self._tell()

    def write(self, content: bytes) -> None:
        """Append output; a full disk loses it rather than the container."""
        if self._file is None:
            return
        if self._size + len(content) > LIMIT:
            self._end_file()
            self.path(self._run).replace(f"{self.path(self._run)}.1")
            self._file = os.open(self.path(self._run), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
            self._size = 0
        with suppress(OSError):
            self._size += os.write(self._file, content)
        self._tell()

    def close(self) -> None:
        """End the log: the container will not run again; who follows comes to the end."""
        self._closed = True
        self._end_file()
        self._tell()

    def _end_file(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def _tell(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()

    def text(self, run: int) -> bytes:
        """Return all that is kept of a run."""
        content = b""
        for path in (Path(f"{self.path(run)}.1"), self.path(run)):
            with suppress(FileNotFoundError):
                content += path.read_bytes()
        return content

    async def follow(self, tail: int | None = None) -> AsyncIterator[bytes]:
        """Yield the output of the current run from its last `tail` lines on, then what comes, over restarts too."""
        run = self._run
        content = self.text(run)
        position = _size(self.path(run))
        yield content if tail is None else last_lines(content, tail)
        while True:
            grown = self._grown
            new = _read(self.path(run), position)
            if new is None:  # rotated, or gone
                position = 0
                new = _read(self.path(run), 0) or b""
            position += len(new)
            if new:
                yield new
            elif run != self._run:
                run, position = run + 1, 0
            elif self._closed:
                return
            else:
                await grown.wait()


def last_lines(content: bytes, count: int) -> bytes:
    """Return the last `count` lines."""
    return b"".join(content.splitlines(keepends=True)[-count:]) if count else b""


def _size(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_size
    return 0


def _read(path: Path, position: int) -> bytes | None:
    """Read from `position` on; None when the file is shorter than that."""
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size < position:
                return None
            file.seek(position)
            return file.read(PIECE)
    except FileNotFoundError:
        return b"" if position == 0 else None


class Pump:
    """Moves what comes out of a pipe into a log."""

    def __init__(self, log: ContainerLog) -> None:
        """Open the pipe; `write_end` is for the container."""
        self._log = log
        self._read_end, self.write_end = os.pipe()
        os.set_blocking(self._read_end, False)
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._read_end, self._move)
        self._open = True

    def started(self) -> None:
        """Close the container's end: it has its own copy now."""
        os.close(self.write_end)

    def _move(self) -> bool:
        try:
            content = os.read(self._read_end, PIECE)
        except BlockingIOError:
            return False
        if not content:
            self._shut()
            return False
        self._log.write(content)
        return True

    def _shut(self) -> None:
        if self._open:
            self._open = False
            self._loop.remove_reader(self._read_end)
            os.close(self._read_end)

    def finish(self) -> None:
        """Move what is left, and close."""
        while self._open and self._move():
            pass
        self._shut()
