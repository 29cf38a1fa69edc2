"""How commands speak with a running mesh: HTTP over the Unix socket in its state folder.

Only the standard library: a command should start fast.
"""

import array
import http.client
import json
import os
import socket
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast, final
from urllib.parse import urlencode

from pillion.local import terminal
from pillion.local.state import Layout, hint, last_words, running


class ClientError(Exception):
    """The mesh could not do it; the message is for the user."""

    def __init__(self, message: str, *, status: int = 0) -> None:
        super().__init__(message)
        self.status = status


@final
class NotRunningError(ClientError):
    """There is no such mesh."""


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


@final
class Client:
    """A running mesh, as commands see it."""

    def __init__(self, layout: Layout) -> None:
        """Find the mesh; raise `NotRunningError` when there is none."""
        self._layout = layout
        if running(layout) is None:
            name = layout.path.name
            ended = last_words(layout)
            message = f"mesh {name} is not running; start it with {hint('up DIR', name)}"
            raise NotRunningError(f"{message}\n{ended}" if ended else message)

    def get(self, path: str, **query: str) -> Any:
        """Read something."""
        return self._call("GET", f"{path}?{urlencode(query)}" if query else path)

    def post(self, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Change something."""
        return self._call("POST", path, json.dumps(body or {}).encode())

    def stream(self, path: str, **query: str) -> Iterator[bytes]:
        """Read something that goes on, piece by piece."""
        connection = self._connection()
        connection.request("GET", f"{path}?{urlencode(query)}")
        response = connection.getresponse()
        if response.status != 200:
            raise _error(response.status, response.read())
        while piece := response.read1(65536):
            yield piece

    def execute(
        self, pod: str, container: str, argv: Sequence[str], *, tty: bool, streams: tuple[int, int, int]
    ) -> int:
        """Run a command in a container with these descriptors as its own; return its exit code.

        With `tty` it gets a terminal of its own instead, carried to and from the first two, which must be one.
        """
        request = json.dumps({"pod": pod, "container": container, "argv": list(argv), "tty": tty}).encode()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.connect(str(exec_socket(self._layout)))
            if tty:
                with terminal.opened(streams[0]) as pair:
                    _send(connection, request, (pair.theirs, pair.theirs, pair.theirs))
                    os.close(pair.theirs)
                    terminal.relay(pair.ours, streams[0], streams[1], connection.fileno())
            else:
                _send(connection, request, streams)
            received = b""
            while part := connection.recv(65536):
                received += part
        answer = cast(dict[str, Any], json.loads(received or b'{"error": "the mesh went away"}'))
        if "error" in answer:
            raise ClientError(str(answer["error"]))
        return int(answer["exitCode"])

    def _connection(self) -> _UnixConnection:
        return _UnixConnection(self._layout.server_socket)

    def _call(self, method: str, path: str, body: bytes | None = None) -> Any:
        connection = self._connection()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
            response = connection.getresponse()
            content = response.read()
        except (OSError, http.client.HTTPException) as problem:
            raise ClientError(f"the mesh does not answer on {self._layout.server_socket}: {problem}") from problem
        finally:
            connection.close()
        if response.status >= 400:
            raise _error(response.status, content)
        return json.loads(content) if content else None


def _send(connection: socket.socket, request: bytes, streams: tuple[int, int, int]) -> None:
    header = len(request).to_bytes(4, "big")
    connection.sendmsg([header], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", streams))])
    connection.sendall(request)


def exec_socket(layout: Layout) -> Path:
    """Give the socket over which `pillion exec` hands its terminal."""
    return layout.path / "exec.sock"


def _error(status: int, content: bytes) -> ClientError:
    try:
        message = str(json.loads(content)["error"])
    except (ValueError, LookupError, TypeError):
        message = content.decode("utf-8", "replace") or f"HTTP {status}"
    return ClientError(message, status=status)
