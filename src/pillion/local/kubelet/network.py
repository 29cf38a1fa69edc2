"""What the kubelet needs of the rest of the local mesh: a network, a journal, ConfigMaps and Secrets."""

import asyncio
from typing import Any, Protocol

from pillion.local.journal import Made

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class PodNetwork(Protocol):
    """Puts pods on the network, and opens connections to them from where they can be reached."""

    async def attach(self, pod: str, pid: int) -> tuple[str, ...]:
        """Give the network namespace of process `pid` its link and `lo`; return the pod's addresses, IPv4 first."""
        ...

    async def detach(self, pod: str) -> None:
        """Take the pod's link and addresses back; a pod that is unknown is none of its business."""
        ...

    async def open_connection(self, address: str, port: int) -> Connection:
        """Connect to a pod as the machine's kubelet; raise OSError as `asyncio.open_connection` does."""
        ...

    def resolv_conf(self, namespace: str) -> str:
        """Return the text of /etc/resolv.conf for a pod of `namespace`."""
        ...


class Journal(Protocol):
    """Remembers what must be taken away should the kubelet die: `local.journal.Journal`, and who pretends to be it."""

    def record(self, made: Made) -> int:
        """Write down what is about to be made; return the number to mark it done by."""
        ...

    def process(self, pid: int, what: str = "") -> int:
        """Write down a process that was just started; return its number."""
        ...

    def done(self, number: int) -> None:
        """Mark something as taken away."""
        ...


class Objects(Protocol):
    """Finds the ConfigMaps and Secrets that pods refer to."""

    def __call__(self, kind: str, namespace: str, name: str) -> dict[str, Any] | None:
        """Return the document of `kind` (`ConfigMap` or `Secret`), or None."""
        ...
