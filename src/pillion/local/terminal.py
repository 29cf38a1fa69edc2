"""A terminal for a command in a pod: a new one, whose other end is carried to and from the caller's own.

The caller's terminal itself cannot be given away: it belongs to the caller's shell.
"""

import contextlib
import fcntl
import os
import pty
import select
import signal
import termios
import tty
from collections.abc import Generator
from typing import NamedTuple

PIECE = 65536


class Pair(NamedTuple):
    """A terminal: the end that we hold, and the end that the command gets."""

    ours: int
    theirs: int


@contextlib.contextmanager
def opened(source: int) -> Generator[Pair]:
    """Open a terminal as large as the one at `source`, following its size; put that one into raw mode meanwhile."""
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(source)

    def resize(*_: object) -> None:
        size = fcntl.ioctl(source, termios.TIOCGWINSZ, bytes(8))
        fcntl.ioctl(ours, termios.TIOCSWINSZ, size)

    resize()
    handler = signal.signal(signal.SIGWINCH, resize)
    try:
        tty.setraw(source)
        yield Pair(ours, theirs)
    finally:
        signal.signal(signal.SIGWINCH, handler)
        termios.tcsetattr(source, termios.TCSADRAIN, before)
        os.close(ours)


def relay(ours: int, source: int, target: int, until: int) -> None:
    """Carry bytes between a terminal and the caller's streams until descriptor `until` can be read."""
    listening = [ours, source, until]
    while True:
        ready, _, _ = select.select(listening, [], [])
        if source in ready:
            typed = os.read(source, PIECE)
            if typed:
                os.write(ours, typed)
            else:
                listening.remove(source)
        if ours in ready and not _pass(ours, target):
            listening.remove(ours)
        if until in ready:
            # what the command said last may still be under way
            while select.select([ours], [], [], 0)[0] and _pass(ours, target):
                pass
            return


def _pass(source: int, target: int) -> bool:
    try:
        said = os.read(source, PIECE)
    except OSError:
        return False  # the command has closed its end
    os.write(target, said)
    return bool(said)
