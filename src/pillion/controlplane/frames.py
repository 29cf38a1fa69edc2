"""How we speak with processes that work for us, over their standard input and output: in frames.

A frame is four bytes of length, and as many of content.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from asyncio.subprocess import Process

LENGTH = 4


def framed(content: bytes) -> bytes:
    """Make a frame."""
    return len(content).to_bytes(LENGTH, "big") + content


def frames(stream: BinaryIO) -> Iterator[bytes]:
    """Give the contents of frames until the stream ends."""
    while len(head := stream.read(LENGTH)) == LENGTH:
        yield stream.read(int.from_bytes(head, "big"))


async def exchange(process: "Process", content: bytes) -> bytes:
    """Send a frame to a process and give the content of the one that it answers with.

    Raises `OSError` and `asyncio.IncompleteReadError` when the process ends before that. Who is cancelled here has to
    end it: the answer would be taken for that of the next one.
    """
    to, back = process.stdin, process.stdout
    assert to is not None  # noqa: S101 piped
    assert back is not None  # noqa: S101
    to.write(framed(content))
    await to.drain()
    head = await back.readexactly(LENGTH)
    return await back.readexactly(int.from_bytes(head, "big"))
