"""Follows files and folders: an async iterator of the paths that changed, some ten milliseconds after they did.

inotify through ctypes. A file is followed through its folder, so an editor that saves by renaming is no different from
one that writes in place. A file counts as changed when its writer closes it, never half-written; one that vanishes is
given a moment to come back, for that is how many editors save.
"""

import asyncio
import collections
import contextlib
import ctypes
import os
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, final

_CLOSE_WRITE, _MOVED_FROM, _MOVED_TO = 0x8, 0x40, 0x80
_CREATE, _DELETE, _DELETE_SELF, _MOVE_SELF = 0x100, 0x200, 0x400, 0x800
_OVERFLOW, _IGNORED, _IS_FOLDER = 0x4000, 0x8000, 0x40000000
_MASK = _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE | _DELETE_SELF | _MOVE_SELF
_NONBLOCK_CLOEXEC = os.O_NONBLOCK | os.O_CLOEXEC
_EVENT = struct.Struct("=iIII")
_LIBC = ctypes.CDLL(None, use_errno=True)

SETTLING = 0.01
"""Seconds that a burst has to complete."""
COMING_BACK = 0.04
"""Seconds that a vanished file has to come back."""


@final
class Watch:
    """Follows paths from the moment it is made: make it first, read the files then, and no change is missed.

    Iterating yields the paths that changed, appeared or vanished, in bursts: a file as it was given, or what is below
    a folder that was given. Such a folder may go and come again: what is in it then counts as changed. If the kernel
    loses events, all paths do. A file need not exist yet, its folder must. Needs a running event loop.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._files = {path for path in paths if not path.is_dir()}
        self._roots = {path for path in paths if path.is_dir()}
        self._folders: dict[int, tuple[Path, bool]] = {}
        """Folder by watch descriptor, and whether all in it is followed, not only `_files`."""
        self._readable = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._descriptor = _checked(_LIBC.inotify_init1(_NONBLOCK_CLOEXEC), "inotify")
        try:
            for path in paths:
                if path in self._roots:
                    collections.deque(self._follow(path), maxlen=0)
                self._add(path.parent, whole=False)  # a folder may go, and another one come in its place
        except BaseException:
            os.close(self._descriptor)
            raise
        self._loop.add_reader(self._descriptor, self._readable.set)

    def close(self) -> None:
        """Stop following."""
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> frozenset[Path]:
        while True:
            await self._readable.wait()
            await asyncio.sleep(SETTLING)
            changed = self._read()
            if any(not path.exists() for path in changed):
                await asyncio.sleep(COMING_BACK)
                changed |= self._read()
            if changed:
                return frozenset(changed)

    def _read(self) -> set[Path]:
        self._readable.clear()
        changed: set[Path] = set()
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self._descriptor, 1 << 16):
                changed.update(self._changed(data))
        return changed

    def _changed(self, data: bytes) -> Iterator[Path]:
        position = 0
        while position < len(data):
            watch, mask, _, length = _EVENT.unpack_from(data, position)
            position += _EVENT.size
            name = os.fsdecode(data[position : position + length].rstrip(b"\0"))
            position += length
            if mask & _OVERFLOW:
                yield from self._paths
            elif watch in self._folders:
                yield from self._event(watch, mask, name)

    def _event(self, watch: int, mask: int, name: str) -> Iterator[Path]:
        folder, whole = self._folders[watch]
        if mask & _IGNORED:
            del self._folders[watch]
            return
        path = folder / name if name else folder
        if not whole:
            if path in self._roots and mask & (_CREATE | _MOVED_TO):
                yield from self._follow(path)
            elif path in self._files and not _is_being_written(path, mask):
                yield path
        elif mask & _IS_FOLDER and mask & (_CREATE | _MOVED_TO):
            # what is in it already came before we looked
            yield from self._follow(path)
        elif not name or not _is_being_written(path, mask):
            yield path

    def _follow(self, folder: Path) -> Iterator[Path]:
        """Follow a folder and all below; yield the files that are in there."""
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            self._add(folder, whole=True)
            for entry in list(folder.iterdir()):
                if entry.is_dir() and not entry.is_symlink():
                    yield from self._follow(entry)
                else:
                    yield entry

    def _add(self, folder: Path, *, whole: bool) -> None:
        text = os.fsencode(folder)
        watch = _checked(_LIBC.inotify_add_watch(self._descriptor, text, _MASK), str(folder))
        known = self._folders.get(watch)
        self._folders[watch] = (folder, whole or (known is not None and known[1]))


def _is_being_written(path: Path, mask: int) -> bool:
    """Return whether a file was only created so far: its writer will close it. A link is whole at once."""
    if not mask & _CREATE:
        return False
    try:
        found = path.lstat()
    except OSError:
        return False
    return not path.is_symlink() and found.st_nlink == 1


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), what)
    return result
