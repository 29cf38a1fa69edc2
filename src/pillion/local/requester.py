"""Send HTTP requests from inside a pod and print what came back, a JSON object a line.

Runs by itself (`python -S -E requester.py < targets.json`) and imports the standard library's smallest parts,
because it starts in every client pod. Input: a JSON list of `{"id", "host", "port", "path"}`; `address` may replace
the name to connect to. Arguments: local ports not to be used. Output, in order: `{"id", "status", "body", "source",
"error"}`; `source` is where the request came from, `address:port`; `error` is a word for what the caller saw.
"""

import json
import socket
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing itself would cost more than the rest of this script
    from typing import Any

TIMEOUT = 5.0
"""Seconds for a whole request."""


def ask(target: "dict[str, Any]", used: "set[int]") -> "dict[str, Any]":
    """Send one request, from a port that is none of `used`, and add that port."""
    answer: dict[str, Any] = {"id": target["id"], "status": 0, "body": "", "source": "", "error": ""}
    host, port = target["host"], target["port"]
    try:
        own = ("", unused_port(used))
        with socket.create_connection((target.get("address") or host, port), TIMEOUT, own) as connection:
            source = connection.getsockname()[:2]
            answer["source"] = ("[{}]:{}" if ":" in source[0] else "{}:{}").format(*source)
            request = f"GET {target.get('path', '/')} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
            connection.sendall(request.encode())
            received = b""
            while part := connection.recv(65536):
                received += part
    except socket.gaierror:
        answer["error"] = "unknown name"
    except TimeoutError:
        answer["error"] = "timed out"
    except ConnectionRefusedError:
        answer["error"] = "refused"
    except OSError:
        answer["error"] = "closed"
    else:
        head, _, body = received.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        if len(words) > 1 and words[1].isdigit():
            answer["status"] = int(words[1])
            whole = dechunked(body) if b"transfer-encoding: chunked" in head.lower() else body
            answer["body"] = whole.decode("utf-8", "replace")
        else:
            answer["error"] = "closed"
    return answer


def unused_port(used: "set[int]") -> int:
    """Choose a local port, and remember it: the kernel gives one port to two connections if they go to two places.

    Whoever looks a request up by its port would then find the other one's. The same over time: where connections are
    redirected to one port, as traffic capture does, a second one from a port within some two minutes of the first is
    given another port on its way.
    """
    while True:
        with socket.socket() as probe:
            probe.bind(("", 0))
            port = int(probe.getsockname()[1])
        if port not in used:
            used.add(port)
            return port


def dechunked(body: bytes) -> bytes:
    """Join the chunks of a body."""
    whole = b""
    while body:
        size, _, body = body.partition(b"\r\n")
        length = int(size.partition(b";")[0] or b"0", 16)
        if not length:
            break
        whole, body = whole + body[:length], body[length + 2 :]
    return whole


if __name__ == "__main__":
    seen = {int(each) for each in sys.argv[1:]}
    for each in json.load(sys.stdin):
        sys.stdout.write(json.dumps(ask(each, seen)) + "\n")
