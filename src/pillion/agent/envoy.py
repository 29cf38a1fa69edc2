"""A running Envoy: watched and ended."""

import asyncio
import os
import signal
import subprocess

KILL_AFTER = 3.0
"""Seconds between SIGTERM and SIGKILL."""


class Envoy:
    """A running Envoy."""

    def __init__(self, process: "subprocess.Popen[bytes]") -> None:
        self._process = process
        self._watch = os.pidfd_open(process.pid)

    @property
    def pid(self) -> int:
        """Envoy's process id."""
        return self._process.pid

    async def ended(self) -> int:
        """Wait for the end and return the exit code, negative for a signal."""
        loop = asyncio.get_running_loop()
        gone = loop.create_future()
        loop.add_reader(self._watch, lambda: gone.done() or gone.set_result(None))
        try:
            await gone
        finally:
            loop.remove_reader(self._watch)
        return self._process.wait()

    async def stop(self) -> int:
        """End Envoy: SIGTERM, and SIGKILL if that does not help; return the exit code."""
        self._signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(KILL_AFTER):
                return await self.ended()
        except TimeoutError:
            self._signal(signal.SIGKILL)
            return await self.ended()

    def kill(self) -> None:
        """End Envoy at once."""
        self._signal(signal.SIGKILL)
        self._process.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self._process.poll() is None:
            self._process.send_signal(number)
