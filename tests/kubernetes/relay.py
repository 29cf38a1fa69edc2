"""A way to an API server that can be cut, held, or cut after so many bytes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Relay:
    """Passes bytes on, as long as it is whole."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._whole = True
        self._held = False
        self._left: int | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[int]:
        """Offer a port that leads to the API server."""
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            self.cut()

    def cut(self) -> None:
        """Break all connections, and those to come."""
        self._whole = False
        self._break()

    def cut_after(self, count: int) -> None:
        """Break all connections once so many bytes came from the server; new ones are fine."""
        self._left = count

    def hold(self) -> None:
        """Keep the connections, and say nothing more on them."""
        self._held = True

    def mend(self) -> None:
        """Be whole again; what was held stays unsaid."""
        self._whole, self._held, self._left = True, False, None

    def _break(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if not self._whole:
            writer.transport.abort()
            return
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        self._writers |= {writer, far_writer}
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._pass(reader, far_writer, counted=False))
                tasks.create_task(self._pass(far_reader, writer, counted=True))
        finally:
            self._writers -= {writer, far_writer}
            writer.close()
            far_writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, counted: bool) -> None:
        lost = False
        try:
            while data := await reader.read(65536):
                lost = lost or self._held
                if lost:
                    continue
                if counted and self._left is not None:
                    self._left -= len(data)
                    if self._left <= 0:
                        writer.write(data[: self._left])
                        self._left = None
                        self._break()
                        return
                writer.write(data)
        except OSError:
            pass
        writer.transport.abort()
