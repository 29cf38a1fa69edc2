"""Sends requests from inside a pod until told to stop, as many a second as asked; nothing is tried twice.

Runs as `python -S -E load_client.py HOST PORT RATE`: every other request on a connection of its own, the rest on a kept
one, which is only replaced when an answer says `Connection: close`. What is late is sent at once, so the rate holds on
average. Prints a dot for every ten requests; ends when its input does, and prints on a line of its own
`{"sent", "kept", "connections", "seconds", "failures"}`.
"""

import json
import select
import socket
import sys
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


def load(host, port, rate):
    sent = kept = connections = 0
    failures = []
    link = None
    began = time.monotonic()
    while not select.select([0], [], [], max(0, began + sent / rate - time.monotonic()))[0]:
        sent += 1
        if sent % 10 == 0:
            sys.stdout.write(".")
            sys.stdout.flush()
        alone = sent % 2
        try:
            if alone or link is None:
                made = connect(host, port)
            if alone:
                with made:
                    ask(made, host, port, last=True)
                continue
            if link is None:
                link = made
                connections += 1
            kept += 1
            if not ask(link, host, port, last=False):
                link.close()
                link = None
        except (OSError, Broken) as problem:
            what = "alone" if alone else "kept"
            failures.append(f"{time.monotonic() - began:.2f} s, {what}: {type(problem).__name__} {problem}")
            if not alone and link is not None:
                link.close()
                link = None
    seconds = time.monotonic() - began
    return {"sent": sent, "kept": kept, "connections": connections, "seconds": seconds, "failures": failures}


if __name__ == "__main__":
    sys.stdout.write("\n" + json.dumps(load(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))))
