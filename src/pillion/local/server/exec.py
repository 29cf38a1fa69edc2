"""`pillion exec`: a command in a container with the caller's own terminal, handed over with its descriptors."""

import array
import asyncio
import json
import os
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

LONGEST_REQUEST = 1 << 20
Run = Callable[[dict[str, Any], tuple[int, int, int]], Awaitable[int]]
"""(request, stdin, stdout and stderr) -> exit code; raises an exception whose text is for the user."""


async def serve(path: Path, run: Run, tasks: asyncio.TaskGroup) -> None:
    """Answer on a Unix socket until cancelled."""
    loop = asyncio.get_running_loop()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(path))
        os.chmod(path, 0o600)  # noqa: PTH101 (a system call, not a walk)
        listener.listen()
        listener.setblocking(False)
        while True:
            connection, _ = await loop.sock_accept(listener)
            tasks.create_task(_answer(connection, run))


async def _answer(connection: socket.socket, run: Run) -> None:
    loop = asyncio.get_running_loop()
    descriptors: tuple[int, int, int] | tuple[()] = ()
    with connection:
        try:
            length, descriptors = await _receive_head(connection)
            request = await _receive(connection, length)
            answer: dict[str, Any] = {"exitCode": await run(json.loads(request), descriptors)}
        except Exception as problem:  # noqa: BLE001 (whatever it is, the caller is told and the mesh goes on)
            answer = {"error": str(problem) or type(problem).__name__}
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        try:
            await loop.sock_sendall(connection, json.dumps(answer).encode())
        except OSError:
            return


async def _receive_head(connection: socket.socket) -> tuple[int, tuple[int, int, int]]:
    await _readable(connection)
    header, ancillary, _, _ = connection.recvmsg(4, socket.CMSG_LEN(3 * array.array("i").itemsize))
    descriptors = array.array("i")
    for level, kind, data in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            descriptors.frombytes(data[: len(data) - len(data) % descriptors.itemsize])
    length = int.from_bytes(header, "big")
    if len(descriptors) != 3 or length > LONGEST_REQUEST:
        for descriptor in descriptors:
            os.close(descriptor)
        raise ValueError("not a request of `pillion exec`")
    return length, (descriptors[0], descriptors[1], descriptors[2])


async def _receive(connection: socket.socket, length: int) -> bytes:
    received = b""
    while len(received) < length:
        part = await asyncio.get_running_loop().sock_recv(connection, length - len(received))
        if not part:
            raise ValueError("the request ended early")
        received += part
    return received


async def _readable(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    loop.add_reader(connection.fileno(), lambda: ready.done() or ready.set_result(None))
    try:
        await ready
    finally:
        loop.remove_reader(connection.fileno())
