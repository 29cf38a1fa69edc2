"""The way from an API server into its cluster, where nothing carries the cluster's addresses.

A Service's address leads nowhere on a machine without kube-proxy. An API server that is given an egress selector asks a
proxy for each connection into the cluster (HTTP CONNECT, as with konnectivity); this is that proxy, and it knows where
the process that plays a pod really listens.
"""

import socket
import threading
from pathlib import Path

CONFIGURATION = """
apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport: {{uds: {{udsName: {socket}}}}}
"""
CHUNK = 65536
HEAD = 8192
"""Bytes that the beginning of a request may have."""


class Network:
    """Carries connections to addresses of the cluster; a thread for each."""

    def __init__(self, folder: Path) -> None:
        self.ways: dict[str, tuple[str, int]] = {}
        """`10.96.1.2:443` -> where that really is; any other address but loopback leads nowhere."""
        self.configuration = folder / "egress.yaml"
        place = folder / "egress.sock"
        self.configuration.write_text(CONFIGURATION.format(socket=place))
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(place))
        self._listener.listen(64)
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near:
            try:
                with socket.create_connection(self._asked(near), 10) as far:
                    far.settimeout(None)
                    near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                    back = threading.Thread(target=_pump, args=(far, near), daemon=True)
                    back.start()
                    _pump(near, far)
                    back.join()
            except OSError as problem:
                _end(near, f"HTTP/1.1 502 Bad Gateway\r\n\r\n{problem}")

    def _asked(self, near: socket.socket) -> tuple[str, int]:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < HEAD:
            part = near.recv(HEAD)
            if not part:
                raise ConnectionError("the API server went away")
            head += part
        method, target, _ = head.decode().split(" ", 2)
        if method != "CONNECT":
            raise ConnectionError(f"{method} is not CONNECT")
        host, _, port = target.rpartition(":")
        if target not in self.ways and host != "127.0.0.1":
            raise ConnectionRefusedError(f"nothing is at {target}")
        return self.ways.get(target, (host, int(port)))


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(CHUNK):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        _end(source)
        _end(sink)


def _end(connection: socket.socket, words: str = "") -> None:
    try:
        if words:
            connection.sendall(words.encode())
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
