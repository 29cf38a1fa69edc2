"""Sends requests from inside a pod until told to stop, as many a second as asked; nothing is tried twice.

Runs as `python -S -E load_client.py HOST PORT RATE`: every other request on a connection of its own, the rest on a kept
one, which is only replaced when an answer says `Connection: close`. What is late is sent at once, so the rate holds on
average. Prints a dot for every ten requests; ends when its input does, and prints on a line of its own
`{"sent", "kept", "connections", "seconds", "failures"}`.
"""

import json
import socket
import sys
import threading
import time

TIMEOUT = 10.0


class Broken(Exception):  # noqa: N818
    pass


def connect(host, port):
    made = socket.create_connection((host, port), timeout=TIMEOUT)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def ask(connection, host, port, last):
    """Send one request; return whether the connection may be used again."""
    ending = "Connection: close\r\n" if last else ""
    connection.sendall(f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\n{ending}\r\n".encode())
    received = b""
    while b"\r\n\r\n" not in received:
        received += part(connection, received)
    head, _, body = received.partition(b"\r\n\r\n")
    head = head.lower()
    if not head.startswith(b"http/1.1 200"):
        raise Broken(received.decode("latin-1")[:400])
    length = next((int(line[15:]) for line in head.split(b"\r\n") if line.startswith(b"content-length:")), -1)
    while len(body) < length or (length < 0 and not body.endswith(b"0\r\n\r\n")):
        body += part(connection, received)
    return b"connection: close" not in head


def part(connection, received):
    piece = connection.recv(65536)
    if not piece:
        raise Broken("closed after " + repr(received[:100]))
    return piece


class Load:
    """What was sent, by both threads."""

    def __init__(self, host, port, rate):
        self.host, self.port, self.rate = host, port, rate
        self.over = threading.Event()
        self.lock = threading.Lock()
        self.sent = self.kept = self.connections = 0
        self.failures = []
        self.began = time.monotonic()

    def each_turn(self):
        """Yield whenever half of the rate has a request due."""
        turn = 0
        while not self.over.wait(max(0, self.began + 2 * turn / self.rate - time.monotonic())):
            turn += 1
            with self.lock:
                self.sent += 1
                if self.sent % 10 == 0:
                    sys.stdout.write(".")
                    sys.stdout.flush()
            yield

    def failed(self, what, problem):
        self.failures.append(f"{time.monotonic() - self.began:.2f} s, {what}: {type(problem).__name__} {problem}")

    def on_new_connections(self):
        for _ in self.each_turn():
            try:
                with connect(self.host, self.port) as link:
                    ask(link, self.host, self.port, last=True)
            except (OSError, Broken) as problem:
                self.failed("new", problem)

    def on_a_kept_one(self):
        link = None
        for _ in self.each_turn():
            self.kept += 1
            try:
                if link is None:
                    link = connect(self.host, self.port)
                    self.connections += 1
                if ask(link, self.host, self.port, last=False):
                    continue
            except (OSError, Broken) as problem:
                self.failed("kept", problem)
            if link is not None:
                link.close()
                link = None

    def told(self):
        seconds = time.monotonic() - self.began
        told = {"sent": self.sent, "kept": self.kept, "connections": self.connections}
        return {**told, "seconds": seconds, "failures": self.failures}


if __name__ == "__main__":
    load = Load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
    threads = [threading.Thread(target=each) for each in (load.on_new_connections, load.on_a_kept_one)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    load.over.set()
    for thread in threads:
        thread.join()
    sys.stdout.write("\n" + json.dumps(load.told()))
