"""Clients that keep asking from inside pods while a test does something, and meshes to do it in."""

import asyncio
import json
import os
import select
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from local import load_client
from local.meshes import RunningMesh
from pillion.local.kubelet.instance import Streams


class Load(NamedTuple):
    """What one client saw."""

    client: str
    sent: int
    kept: int
    """Requests on kept connections."""
    connections: int
    """Kept connections, one after another."""
    seconds: float
    failures: list[str]


class Client:
    """One that asks, while it does."""

    def __init__(self, name: str, mesh: RunningMesh, argv: list[str]) -> None:
        self.name = name
        self._stop, self._output = os.pipe(), os.pipe()
        self._received = b""
        key = str(mesh.mesh.pods.find(name))
        streams = Streams(stdin=self._stop[0], stdout=self._output[1], stderr=subprocess.DEVNULL)
        self._exit = asyncio.run_coroutine_threadsafe(mesh.mesh.kubelet.exec(key, "", argv, streams), mesh.loop)

    def sent(self) -> int:
        """Say how many requests it sent so far, to the last ten."""
        while select.select([self._output[0]], [], [], 0)[0]:
            piece = os.read(self._output[0], 65536)
            if not piece:
                break
            self._received += piece
        return 10 * self._received.count(b".")

    def until_sent(self, count: int) -> None:
        """Wait until it sent that many requests."""
        while self.sent() < count:
            assert select.select([self._output[0]], [], [], 20)[0], f"{self.name} sends nothing any more"

    def end(self) -> Load:
        """Have it stop; say what it saw."""
        os.close(self._stop[1])
        try:
            assert self._exit.result(30) == 0
        finally:
            os.close(self._stop[0])
            os.close(self._output[1])
        self.sent()
        os.close(self._output[0])
        told: dict[str, Any] = json.loads(self._received.partition(b"\n")[2])
        return Load(client=self.name, **told)


class Crowd:
    """Clients that ask at the same time."""

    def __init__(self, clients: Sequence[Client]) -> None:
        self.clients = clients
        self.seen: list[Load] = []
        """What they saw, when they are done."""

    def go_on(self, requests: int) -> None:
        """Wait until each has sent so many requests more."""
        for client, goal in [(each, each.sent() + requests) for each in self.clients]:
            client.until_sent(goal)

    @property
    def failures(self) -> list[tuple[str, list[str]]]:
        return [(each.client, each.failures) for each in self.seen if each.failures]


@contextmanager
def under_load(mesh: RunningMesh, clients: Sequence[str], target: str, rate: float) -> Iterator[Crowd]:
    """Have clients ask for `host:port` while the body runs."""
    host, _, port = target.rpartition(":")
    argv = [sys.executable, "-S", "-E", load_client.__file__, host, port, str(rate)]
    crowd = Crowd([Client(name, mesh, argv) for name in clients])
    try:
        crowd.go_on(10)
        yield crowd
    finally:
        crowd.seen += [client.end() for client in crowd.clients]


def namespace(name: str, injected: bool = True) -> str:
    label = "  labels: {istio-injection: enabled}\n" if injected else ""
    return f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {name}\n{label}"


def service(namespace: str, name: str, port: int = 8080, target: int = 8080) -> str:
    return (
        f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n  selector: {{app: {name}}}\n  ports:\n  - {{name: http, port: {port}, targetPort: {target}}}\n"
    )


def deployment(namespace: str, name: str, replicas: int = 1, labels: str = "", containers: str = "") -> str:
    default = (
        f"      - name: {name}\n        image: echo\n        ports: [{{containerPort: 8080}}]\n"
        "        readinessProbe: {httpGet: {path: /, port: 8080}}\n"
    )
    more = f", {labels}" if labels else ""
    return (
        f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n  replicas: {replicas}\n  selector:\n    matchLabels: {{app: {name}}}\n"
        f"  template:\n    metadata:\n      labels: {{app: {name}{more}}}\n"
        f"    spec:\n      terminationGracePeriodSeconds: 2\n      containers:\n{containers or default}"
    )


def sidecar(namespace: str, *egress: str, name: str = "default", more: str = "") -> str:
    hosts = "".join(f'    - "{host}"\n' for host in egress)
    return (
        f"apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {{name: {name}, namespace: {namespace}}}\n"
        f"spec:\n{more}" + (f"  egress:\n  - hosts:\n{hosts}" if egress else "")
    )


def joined(*documents: str) -> str:
    return "---\n".join(documents)
