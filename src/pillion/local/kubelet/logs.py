"""What containers write: pumped from their pipes into files of bounded size, and read back, also while they grow.

A file `<n>.log` holds the output of a container's n-th run. When it is full it becomes `<n>.log.1`, and a new one
begins.
"""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import suppress
from io import FileIO
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
        self._files: list[Path] = []
        """All files in the order of their making, where they are now."""
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
        self._run, self._size, self._closed = run, 0, False
        self._file = os.open(self.path(run), os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_TRUNC, 0o644)
        self._files.append(self.path(run))
        for old in (self.path(run - KEPT_RUNS), Path(f"{self.path(run - KEPT_RUNS)}.1")):
            old.unlink(missing_ok=True)
        self._tell()

    def write(self, content: bytes) -> None:
        """Append output; a full disk loses it rather than the container."""
        if self._file is None:
            return
        if self._size + len(content) > LIMIT:
            self._end_file()
            full = Path(f"{self.path(self._run)}.1")
            self.path(self._run).replace(full)
            self._files[-1:] = [full, self.path(self._run)]
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
        content, index = self.text(self._run), len(self._files) - 1
        file = self._open(index)
        try:
            if file:
                file.seek(0, os.SEEK_END)
            yield content if tail is None else last_lines(content, tail)
            while True:
                grown = self._grown
                piece = file.read(PIECE) if file else b""
                if piece:
                    yield piece
                elif index + 1 < len(self._files):
                    index += 1
                    if file:
                        file.close()
                    file = self._open(index)
                elif self._closed:
                    return
                else:
                    await grown.wait()
        finally:
            if file:
                file.close()

    def _open(self, index: int) -> FileIO | None:
        """Open the file of a place in the order of files; it stays readable when it is renamed or removed."""
        with suppress(FileNotFoundError, IndexError):
            return FileIO(self._files[index]) if index >= 0 else None
        return None


def last_lines(content: bytes, count: int) -> bytes:
    """Return the last `count` lines."""
    return b"".join(content.splitlines(keepends=True)[-count:]) if count else b""


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
