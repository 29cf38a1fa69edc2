"""Who rules on a review: we ourselves on a small one, a process of its own on a big one.

The process is started when the first big one comes, and killed when it takes too long: a resource that is hard to judge
keeps nobody waiting but who wrote it.
"""

import asyncio
import sys
from asyncio.subprocess import PIPE, Process
from typing import final

import msgspec

from pillion.controlplane.frames import exchange
from pillion.controlplane.validation.review import Ruling, rule

MODULE = "pillion.controlplane.validation.worker"
SMALL = 16 * 1024
"""Bytes that are judged within a few milliseconds."""
ATTEMPTS = 2
"""The process may have ended for another reason than this review."""

_ruling = msgspec.msgpack.Decoder(Ruling)


class JudgeLostError(Exception):
    """The process ended before it ruled."""


@final
class Judge:
    """Rules; an async context manager, at whose end the process ends too."""

    def __init__(self, small: int = SMALL) -> None:
        """Set up; bodies of at most `small` bytes are judged at once."""
        self._small = small
        self._process: Process | None = None
        self._turn = asyncio.Lock()

    async def __aenter__(self) -> "Judge":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def rule(self, body: bytes, seconds: float) -> Ruling:
        """Rule in time. Raises `TimeoutError`, and `JudgeLostError`."""
        if len(body) <= self._small:
            return rule(body)
        async with asyncio.timeout(seconds), self._turn:
            for _ in range(ATTEMPTS):
                ruling = await self._asked(body)
                if ruling is not None:
                    return ruling
        raise JudgeLostError

    async def _asked(self, body: bytes) -> Ruling | None:
        """Ask the process, which answers one at a time; one whose answer nobody waits for any more is ended."""
        if self._process is None:
            # A session of its own: an interrupt from the keyboard must not end it before its last answer.
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", MODULE, stdin=PIPE, stdout=PIPE, start_new_session=True
            )
        is_whole = False
        try:
            ruling = _ruling.decode(await exchange(self._process, body))
            is_whole = True
        except (OSError, asyncio.IncompleteReadError):
            return None
        finally:
            if not is_whole:
                await self._end()
        return ruling

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        await process.wait()
