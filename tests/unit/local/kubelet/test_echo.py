"""The stand-in answers HTTP/1.1 and plain lines, says who it is, and stays small."""

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pillion.local.kubelet.images import ECHO


@contextmanager
def echo(path: Path) -> Iterator[tuple[Path, int]]:
    """Run the server on a Unix socket below `path`; yield the socket and the process."""
    door = path / "x.sock"
    variables = {"ECHO_UNIX": str(door), "ECHO_POD": 'p"1', "ECHO_NAMESPACE": "n", "ECHO_SERVICE_ACCOUNT": "s"}
    with subprocess.Popen((sys.executable, "-S", "-E", ECHO, "app"), env=os.environ | variables) as server:
        while not door.exists() or not _accepts(door):
            assert server.poll() is None
        yield door, server.pid
        server.terminate()
    assert server.returncode == 0


def _accepts(door: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as link:
        return link.connect_ex(str(door)) == 0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, int]]:
    with echo(tmp_path_factory.mktemp("echo")) as running:
        yield running


class Client(http.client.HTTPConnection):
    def __init__(self, door: Path) -> None:
        super().__init__("echo")
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(str(door))


def asked(door: Path, method: str = "GET", path: str = "/", **more: Any) -> tuple[int, Any]:
    client = Client(door)
    client.request(method, path, **more)
    response = client.getresponse()
    body = response.read()
    client.close()
    return response.status, json.loads(body) if body else None


def test_it_says_who_it_is_and_what_it_heard(server: tuple[Path, int]) -> None:
    status, document = asked(server[0], "POST", "/a?b=c", body=b"12345", headers={"X-Test": 'v"\t'})
    assert status == 200
    assert document["headers"].pop("x-test") == 'v"'
    assert document == {
        "pod": 'p"1',
        "namespace": "n",
        "serviceAccount": "s",
        "container": "app",
        "port": str(server[0]),
        "remoteAddress": "unix",
        "method": "POST",
        "path": "/a?b=c",
        "headers": {"host": "echo", "accept-encoding": "identity", "content-length": "5"},
    }


def test_a_connection_is_kept_and_bodies_are_skipped(server: tuple[Path, int]) -> None:
    client = Client(server[0])
    for number, body in enumerate((b"", b"x" * 200_000, iter([b"chunk", b"ed"]))):
        client.request("PUT", f"/{number}", body=body, encode_chunked=True)
        assert json.loads(client.getresponse().read())["path"] == f"/{number}"
    client.close()


@pytest.mark.parametrize(("path", "code"), [("/status/503", 503), ("/status/204", 204), ("/status/x", 200)])
def test_a_status_on_demand(server: tuple[Path, int], path: str, code: int) -> None:
    assert asked(server[0], path=path)[0] == code


def test_head_has_no_body(server: tuple[Path, int]) -> None:
    assert asked(server[0], "HEAD") == (200, None)


def test_plain_lines_are_answered_too(server: tuple[Path, int]) -> None:
    with socket.socket(socket.AF_UNIX) as link:
        link.connect(str(server[0]))
        link.sendall(b"hello\nGETAWAY\n")
        with link.makefile("rb") as lines:
            assert [json.loads(lines.readline())["received"] for _ in range(2)] == ["hello", "GETAWAY"]


def test_a_client_that_leaves_in_the_middle_harms_nobody(server: tuple[Path, int]) -> None:
    for _ in range(3):
        with socket.socket(socket.AF_UNIX) as link:
            link.connect(str(server[0]))
            link.sendall(b"GET / HTTP/1.1\r\nhost:")
    assert asked(server[0])[0] == 200


def test_it_is_small(server: tuple[Path, int]) -> None:
    resident = next(
        int(line.split()[1])
        for line in Path(f"/proc/{server[1]}/status").read_text().splitlines()
        if line.startswith("VmRSS")
    )
    assert resident < 12_000
