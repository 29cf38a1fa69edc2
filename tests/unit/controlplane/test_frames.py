"""Frames to and from processes."""

import asyncio
import io
import sys
from asyncio.subprocess import PIPE

import pytest

from pillion.controlplane.frames import exchange, framed, frames

ECHO = """
import sys
from pillion.controlplane.frames import framed, frames
for content in frames(sys.stdin.buffer):
    if content == b"end":
        break
    sys.stdout.buffer.write(framed(content[::-1]))
    sys.stdout.buffer.flush()
"""


def test_what_is_framed_comes_out_again() -> None:
    contents = [b"", b"a", b"\x00" * 70_000]
    assert list(frames(io.BytesIO(b"".join(map(framed, contents))))) == contents
    assert list(frames(io.BytesIO(framed(b"a") + b"\x00\x00"))) == [b"a"]


def test_a_process_answers_frame_by_frame_and_its_end_is_told() -> None:
    async def play() -> None:
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", ECHO, stdin=PIPE, stdout=PIPE)
        try:
            big = b"ab" * 100_000
            assert await exchange(process, big) == big[::-1]
            assert await exchange(process, b"abc") == b"cba"
            with pytest.raises((OSError, asyncio.IncompleteReadError)):
                await exchange(process, b"end")
        finally:
            if process.returncode is None and process.stdin is not None:
                process.stdin.close()
            await process.wait()

    asyncio.run(play())
