"""Bare pods for tests of the fabric: a process in a network namespace of its own, and sockets in there."""

import asyncio
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from pillion.local.fabric.network import Fabric


class BarePod:
    def __init__(self, name: str, fabric: Fabric) -> None:
        self.name, self.fabric = name, fabric
        # `cat` waits for the end of its input, and so for ours
        self.process = subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE)
        self.addresses: tuple[str, ...] = ()

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def address(self) -> str:
        return self.addresses[0]

    async def join(self) -> "BarePod":
        await until(lambda: moved(self.pid))
        self.addresses = await self.fabric.attach(self.name, self.pid)
        return self

    async def socket(self, kind: int = socket.SOCK_STREAM, family: int = socket.AF_INET) -> socket.socket:
        made = await self.fabric.namespace.run_in(self.pid, socket.socket, family, kind)
        made.setblocking(False)
        return made

    async def serve(self, port: int, answer: bytes = b"") -> asyncio.Server:
        """Answer each line with the pod's name and the caller's address."""

        async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                while await reader.readline():
                    caller = writer.get_extra_info("peername")[0]
                    writer.write(f"{self.name} {caller}\n".encode())
            finally:
                writer.close()

        listening = await self.socket(family=socket.AF_INET6)
        listening.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        listening.bind(("::", port))
        return await asyncio.start_server(talk, sock=listening)

    async def connect(self, address: str, port: int) -> "Connection":
        made = await self.socket(family=socket.AF_INET6 if ":" in address else socket.AF_INET)
        try:
            await asyncio.get_running_loop().sock_connect(made, (address, port))
        except OSError:
            made.close()
            raise
        return Connection(*await asyncio.open_connection(sock=made))

    async def ask(self, address: str, port: int) -> list[str]:
        """Call once and return who answered and who the callee saw calling."""
        connection = await self.connect(address, port)
        try:
            return await connection.ask()
        finally:
            await connection.close()

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


class Connection:
    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    async def ask(self) -> list[str]:
        self.writer.write(b"\n")
        async with asyncio.timeout(20):
            return (await self.reader.readline()).decode().replace("::ffff:", "").split()

    async def close(self) -> None:
        self.writer.close()
        await self.writer.wait_closed()


def moved(pid: int) -> bool:
    """Return whether a process is in another network namespace than ours by now."""
    return Path(f"/proc/{pid}/ns/net").stat().st_ino != Path("/proc/self/ns/net").stat().st_ino


async def until(condition: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for a condition on the world outside that sends no event."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110
            await asyncio.sleep(0.005)
