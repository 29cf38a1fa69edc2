"""A server that stands in for an image that is not pulled: it answers on a container's ports and says who it is.

Started as `python -S -E echo.py CONTAINER PORT...`; `ECHO_UNIX` names a Unix socket to listen on too. HTTP/1.1
requests are answered with a JSON document (pod, namespace, service account, container, port, method, path, headers,
remote address); a connection that does not begin as HTTP gets the same document for each of its lines. The path
`/status/CODE` answers with that code. Standard library only, one thread, no `asyncio`: small and quick to start.
"""

# importing pathlib would cost a third of the start-up time
# ruff: noqa: PTH101, PTH108

import os
import selectors
import signal
import socket
import sys
from contextlib import suppress

METHODS = (b"GET ", b"POST ", b"PUT ", b"HEAD ", b"DELETE ", b"PATCH ", b"OPTIONS ", b"TRACE ", b"CONNECT ")
REASONS = {200: "OK", 204: "No Content", 404: "Not Found", 500: "Internal Server Error", 503: "Service Unavailable"}
HEAD_LIMIT = 1 << 20


def quoted(text: str) -> str:
    """Write a JSON string; `json` would cost a megabyte."""
    made = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char >= " " else f"\\u{ord(char):04x}" for char in made) + '"'


class Identity:
    """Who answers."""

    def __init__(self, container: str) -> None:
        """Read the pod's name from the environment."""
        pairs = {
            "pod": os.environ.get("ECHO_POD", ""),
            "namespace": os.environ.get("ECHO_NAMESPACE", ""),
            "serviceAccount": os.environ.get("ECHO_SERVICE_ACCOUNT", ""),
            "container": container,
        }
        self.prefix = "{" + ", ".join(f"{quoted(key)}: {quoted(value)}" for key, value in pairs.items())

    def document(self, port: str, remote: str, more: str = "") -> bytes:
        """Write the answer's document."""
        where = f', "port": {port if port.isdecimal() else quoted(port)}, "remoteAddress": {quoted(remote)}'
        return f"{self.prefix}{where}{more}}}\n".encode()


class Conversation:
    """One accepted connection."""

    def __init__(self, link: socket.socket, port: str, remote: str, identity: Identity) -> None:
        """Talk to `remote`, which connected to `port`."""
        self.link = link
        self.unsent = b""
        self.is_over = False
        self._port = port
        self._remote = remote
        self._identity = identity
        self._received = b""
        self._skip = 0

    def receive(self, content: bytes) -> None:
        """Take what came and prepare the answers."""
        if self._skip:
            skipped = min(self._skip, len(content))
            self._skip -= skipped
            content = content[skipped:]
        self._received += content
        while self._received and not self.is_over and not self._skip:
            if not self._answer_one():
                return

    def _answer_one(self) -> bool:
        start = self._received[:8]
        if any(start.startswith(method) or method.startswith(start) for method in METHODS):
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                self.is_over = len(self._received) > HEAD_LIMIT
                return False
            return self._answer_http(end)
        line, newline, rest = self._received.partition(b"\n")
        if not newline:
            self.is_over = len(line) > HEAD_LIMIT
            return False
        self._received = rest
        said = quoted(line.rstrip(b"\r").decode("latin-1"))
        self.unsent += self._identity.document(self._port, self._remote, f', "received": {said}')
        return True

    def _answer_http(self, end: int) -> bool:
        head = self._received[:end].decode("latin-1")
        first, *lines = head.split("\r\n")
        method, _, target = first.partition(" ")
        path, _, version = target.rpartition(" ")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        size = self._body_size(headers, end + 4)
        if size is None:
            return False
        have = len(self._received) - end - 4
        self._skip = max(0, size - have)
        self._received = self._received[end + 4 + size :]
        told = ", ".join(f"{quoted(name)}: {quoted(value)}" for name, value in headers.items())
        more = f', "method": {quoted(method)}, "path": {quoted(path)}, "headers": {{{told}}}'
        self._reply(method, path, self._identity.document(self._port, self._remote, more))
        wish = headers.get("connection", "").lower()
        self.is_over = wish == "close" or (version == "HTTP/1.0" and wish != "keep-alive")
        return True

    def _body_size(self, headers: dict[str, str], begin: int) -> int | None:
        """Return the size of a request's body; None when a chunked one has not come whole."""
        if headers.get("transfer-encoding", "").lower() != "chunked":
            length = headers.get("content-length", "0")
            return int(length) if length.isdecimal() else 0
        position = begin
        while True:
            line = self._received.find(b"\r\n", position)
            if line < 0:
                return None
            try:
                size = int(self._received[position:line].partition(b";")[0], 16)
            except ValueError:
                self.is_over = True
                return None
            position = line + 2 + size + 2
            if position > len(self._received):
                return None
            if size == 0:
                return position - begin

    def _reply(self, method: str, path: str, body: bytes) -> None:
        code = 200
        if path.startswith("/status/"):
            word = path[8:].partition("?")[0]
            code = int(word) if word.isdecimal() and 200 <= int(word) <= 599 else 200
        no_body = code in (204, 304)
        head = f"HTTP/1.1 {code} {REASONS.get(code, 'Status')}\r\nserver: pillion-echo\r\n"
        if not no_body:
            head += f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
        self.unsent += f"{head}\r\n".encode() + (b"" if no_body or method == "HEAD" else body)


class Server:
    """Listens, accepts and answers until it is told to end."""

    def __init__(self, identity: Identity) -> None:
        """Answer as `identity`."""
        self._identity = identity
        self._selector = selectors.DefaultSelector()

    def listen(self, listener: socket.socket, port: str) -> None:
        """Accept connections of a bound socket."""
        listener.listen(1024)
        listener.setblocking(False)
        self._selector.register(listener, selectors.EVENT_READ, port)

    def serve(self) -> None:
        """Answer for ever."""
        while True:
            for key, _ in self._selector.select():
                if isinstance(key.data, Conversation):
                    self._continue(key.data)
                else:
                    self._accept(key.fileobj, key.data)  # pyright: ignore[reportArgumentType]

    def _accept(self, listener: socket.socket, port: str) -> None:
        with suppress(OSError):
            for _ in range(64):
                link, address = listener.accept()
                link.setblocking(False)
                if link.family != socket.AF_UNIX:
                    link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                remote = f"{address[0]}:{address[1]}" if isinstance(address, tuple) else "unix"
                talk = Conversation(link, port, remote.removeprefix("::ffff:"), self._identity)
                self._selector.register(link, selectors.EVENT_READ, talk)

    def _continue(self, talk: Conversation) -> None:
        try:
            self._receive(talk)
            self._send(talk)
        except BlockingIOError:
            return
        except OSError:
            talk.unsent, talk.is_over = b"", True
        if talk.is_over and not talk.unsent:
            self._selector.unregister(talk.link)
            talk.link.close()

    def _receive(self, talk: Conversation) -> None:
        if talk.unsent or talk.is_over:
            return
        content = talk.link.recv(65536)
        if content:
            talk.receive(content)
        else:
            talk.is_over = True

    def _send(self, talk: Conversation) -> None:
        if not talk.unsent:
            return
        was_waiting = bool(self._selector.get_key(talk.link).events & selectors.EVENT_WRITE)
        with suppress(BlockingIOError):
            talk.unsent = talk.unsent[talk.link.send(talk.unsent) :]
        if bool(talk.unsent) != was_waiting:
            events = selectors.EVENT_WRITE if talk.unsent else selectors.EVENT_READ
            self._selector.modify(talk.link, events, talk)


def on_port(port: int) -> socket.socket:
    """Bind a TCP port on every address, of both families where the machine has both."""
    try:
        listener = socket.socket(socket.AF_INET6)
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        address = "::"
    except OSError:
        listener = socket.socket(socket.AF_INET)
        address = "0.0.0.0"  # noqa: S104  # a pod serves on all of its own addresses
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind((address, port))
    return listener


def on_path(path: str) -> socket.socket:
    """Bind a Unix socket that every user may connect to."""
    with suppress(FileNotFoundError):
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    os.chmod(path, 0o777)  # noqa: S103
    return listener


def main() -> None:
    """Serve the ports on the command line."""
    signal.signal(signal.SIGTERM, lambda _number, _frame: os._exit(0))
    name, *ports = sys.argv[1:]
    server = Server(Identity(name))
    for port in ports:
        try:
            server.listen(on_port(int(port)), port)
        except OSError as problem:
            sys.exit(f"{name} cannot listen on port {port}: {problem.strerror}")
    path = os.environ.get("ECHO_UNIX", "")
    if path:
        server.listen(on_path(path), path)
    server.serve()


if __name__ == "__main__":
    main()
