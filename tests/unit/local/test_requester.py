"""Requests are told apart by the port that they come from."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from pillion.local import requester
from pillion.local.requester import unused_port


class Greeting(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.client_address[0].encode() + b":%d" % self.client_address[1])

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (their name)
        pass


@contextmanager
def served() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Greeting) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_no_port_is_given_twice() -> None:
    used: set[int] = set()
    given = [unused_port(used) for _ in range(200)]
    assert len(set(given)) == len(given)
    assert used == set(given)


def test_a_port_that_was_used_is_passed_over() -> None:
    middle = middle_port()
    for _ in range(20):
        assert unused_port(set(range(middle))) >= middle


def test_requests_say_where_they_came_from_and_pass_over_the_ports_of_those_before() -> None:
    middle = middle_port()
    with served() as port:
        done = subprocess.run(
            [sys.executable, "-S", "-E", requester.__file__, *map(str, range(middle))],
            input=json.dumps([{"id": str(each), "host": "127.0.0.1", "port": port} for each in range(20)]),
            capture_output=True,
            text=True,
            check=True,
        )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == 20
    assert all(answer["status"] == 200 and answer["body"] == answer["source"] for answer in answers)
    assert all(int(answer["source"].rpartition(":")[2]) >= middle for answer in answers)


def middle_port() -> int:
    lowest, highest = map(int, Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split())
    return (lowest + highest) // 2
