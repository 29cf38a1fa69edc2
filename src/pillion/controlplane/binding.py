"""Why an address cannot be listened at, in words that say what to do."""

import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager

LOWEST_FOR_ALL = 1024
_REASONS = {
    errno.EADDRINUSE: "another process listens there; end that one, or choose another port",
    errno.EADDRNOTAVAIL: "this machine does not have that address; choose one that it has",
    errno.EACCES: f"it is not allowed; choose a port from {LOWEST_FOR_ALL} on, or run as root",
}


class BindingError(OSError):
    """An address cannot be listened at; the text names it and says what to do."""

    def __str__(self) -> str:
        return str(self.args[0])


@contextmanager
def binding(host: str, port: int) -> Generator[None]:
    """Turn the `OSError` of a body that listens at an address into a `BindingError`."""
    try:
        yield
    except OSError as problem:
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        unknown = isinstance(problem, socket.gaierror)
        reason = f"there is no host {host}" if unknown else _REASONS.get(problem.errno or 0, str(problem))
        raise BindingError(f"cannot listen at {address}: {reason}") from problem
