"""Who reaches whom: real HTTP requests from inside client pods, and what each client's Envoy says it did with them."""

import asyncio
import datetime as dt
import json
import sys
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any, cast

from pillion.local import requester
from pillion.local.server.mesh import Mesh
from pillion.value import Value

PROXY = "istio-proxy"
MILLISECONDS = "2006-01-02T15:04:05.000"
"""How the access log writes when a request began."""
PATIENCE = 5.0
"""Seconds until an access log line must be there; Envoy writes them at least once a second."""


class Target(Value):
    """A service to ask for."""

    host: str
    port: int

    @property
    def name(self) -> str:
        """`ratings.prod-us1:9080`."""
        return f"{self.host}:{self.port}"


class Seen(Value):
    """What one client saw of one service."""

    client: str
    """The client pod's workload: `prod-us1/shop`."""
    target: str
    status: int = 0
    """HTTP status; 0 when there was no answer."""
    error: str = ""
    """`closed`, `refused`, `timed out`, `unknown name`, or empty."""
    answered: str = ""
    """The workload that answered: `prod-us1/ratings`, or empty."""
    by_socket: bool = False
    """Whether it answered on a Unix socket."""
    cluster: str = ""
    """The cluster that the client's Envoy used; empty without an Envoy, or when it answered by itself."""

    @property
    def reached(self) -> bool:
        """Whether the service answered."""
        return self.status == 200 and bool(self.answered)


Used = dict[str, set[int]]
"""The ports that pods sent requests from so far, by the pod's key."""


async def ask(mesh: Mesh, clients: Sequence[str], targets: Sequence[Target], used: Used) -> tuple[Seen, ...]:
    """Send a request from each client to each target, in the order of clients, then targets.

    No request comes from a port that is `used`, and its own is added.
    """
    answers = await asyncio.gather(*(_ask_one(mesh, client, targets, used) for client in clients))
    return tuple(seen for each in answers for seen in each)


async def _ask_one(mesh: Mesh, client: str, targets: Sequence[Target], used: Used) -> list[Seen]:
    key = mesh.pods.find(client)
    if key is None:
        raise LookupError(f"there is no pod of {client}")
    wanted = [{"id": target.name, "host": target.host, "port": target.port} for target in targets]
    before = used.setdefault(key, set())
    argv = [sys.executable, "-S", "-E", requester.__file__, *map(str, before)]
    began = f"{dt.datetime.now(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}"
    done = await mesh.kubelet.exec_captured(key, "", argv, json.dumps(wanted).encode())
    answers = [cast("dict[str, Any]", json.loads(line)) for line in done.stdout.decode().splitlines()]
    sources = [str(answer["source"]) for answer in answers if answer["source"]]
    before.update(int(source.rpartition(":")[2]) for source in sources)
    clusters = await used_clusters(mesh, key, sources, began) if mesh.pods.running()[key].injected else {}
    return [_seen(client, answer, clusters) for answer in answers]


def _seen(client: str, answer: Mapping[str, Any], clusters: Mapping[str, str]) -> Seen:
    answered, by_socket = _who(str(answer["body"]))
    cluster = clusters.get(str(answer["source"]), "")
    return Seen(
        client=client,
        target=str(answer["id"]),
        status=int(answer["status"]),
        error=str(answer["error"]),
        answered=answered,
        by_socket=by_socket,
        cluster="" if cluster == "-" else cluster,
    )


def _who(body: str) -> tuple[str, bool]:
    try:
        said = cast("dict[str, Any]", json.loads(body))
        return f"{said['namespace']}/{said['container']}", str(said["port"]).startswith("/")
    except (ValueError, LookupError, TypeError):
        return "", False


async def used_clusters(mesh: Mesh, key: str, sources: Iterable[str], since: str) -> dict[str, str]:
    """Find in the access log of a pod's Envoy which cluster the connections from these `address:port`s went to.

    A port may have been used before: only requests that began after `since`, a time in UTC as the log writes it, count.
    """
    wanted = set(sources)
    found: dict[str, str] = {}
    try:
        async with asyncio.timeout(PATIENCE):
            async for line in _lines(mesh.kubelet.logs(key, PROXY, follow=True, tail=1000)):
                source, cluster = logged(line)
                if source in wanted and line[1 : len(MILLISECONDS) + 1] >= since[: len(MILLISECONDS)]:
                    found[source] = cluster
                if found.keys() == wanted:
                    break
    except TimeoutError:
        return found
    return found


async def _lines(pieces: AsyncIterator[bytes]) -> AsyncIterator[str]:
    rest = b""
    async for piece in pieces:
        *lines, rest = (rest + piece).split(b"\n")
        for line in lines:
            yield line.decode("utf-8", "replace")


def logged(line: str) -> tuple[str, str]:
    """Read a line of Istio's default access log: the caller's `address:port` and the cluster; two empty for others."""
    words = line.split()
    return (words[-3], words[-6]) if len(words) >= 12 and line.startswith("[") else ("", "")
