"""`Fabric`: pods come and go, services change, names are answered; all in one network namespace that dies with us."""

import asyncio
import contextlib
import shutil
import socket
import subprocess
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import final

from pillion.local.addresses import Book, Claim, Pool, assign
from pillion.local.fabric import conntrack, netlink, rules, wiring
from pillion.local.fabric.model import ClusterService, FabricSettings, Family, HostRecord, family_of
from pillion.local.fabric.nameserver import Nameserver
from pillion.local.fabric.namespace import NetworkNamespace
from pillion.local.fabric.zone import Zone
from pillion.value import FrozenMap

Books = FrozenMap[Book]
"""Who had which pod address, by CIDR."""
NO_BOOKS: Books = FrozenMap()


class FabricError(Exception):
    """The network cannot do what it is asked; the message says why, and what to do."""


@final
class Fabric:
    """The network of one mesh. Made by `fabric`."""

    def __init__(
        self,
        settings: FabricSettings,
        tasks: asyncio.TaskGroup,
        books: Books = NO_BOOKS,
        remember: Callable[[Books], None] = lambda _: None,
    ) -> None:
        self.settings = settings
        self.namespace = NetworkNamespace()
        self._nameserver = Nameserver(settings, tasks)
        self._books = books
        self._remember = remember
        self._pods: dict[str, tuple[str, tuple[str, ...]]] = {}
        self._links = 0
        self._rules: dict[Family, rules.Chains] = {}
        self._udp: dict[conntrack.Place, frozenset[conntrack.Place]] = {}
        self._used: frozenset[str] = frozenset()
        self._answered: frozenset[str] = frozenset()
        self._one_at_a_time = asyncio.Lock()

    async def start(self) -> None:
        """Lay the network and answer for names; raise `FabricError` if a tool for that is missing."""
        for family in self.settings.families:
            _restorer(family)
        await self.namespace.run(wiring.prepare, self.settings)
        await self._nameserver.start(self.namespace)

    def close(self) -> None:
        """Take the network down: every link, rule and socket in it."""
        self._nameserver.close()
        self.namespace.close()

    async def attach(self, pod: str, pid: int) -> tuple[str, ...]:
        """Connect the network namespace of a process as a pod's and return its addresses, the first family first.

        `pod` is `namespace/name`: it gets the addresses that it had before, if they are free. Attaching a pod again
        (its sandbox was made anew) moves it. Raises `OSError` if the process is gone.
        """
        addresses = self._addresses_for(pod)
        before = self._pods.get(pod)
        self._links += 1
        link = f"pod{self._links}"
        self._pods[pod] = (link, addresses)
        try:
            await self.namespace.run(wiring.plug_in, link, pod, addresses, pid)
            await self.namespace.run_in(pid, wiring.bring_up, addresses)
            await self.namespace.run(wiring.await_passage, link)
        except OSError:
            del self._pods[pod]
            await self.namespace.run(wiring.unplug, link)
            raise
        if before is not None:
            await self.namespace.run(wiring.unplug, before[0])
        return addresses

    async def detach(self, pod: str) -> None:
        """Disconnect a pod; its addresses are free, and remembered. Unknown pods and repeated calls are fine."""
        known = self._pods.pop(pod, None)
        if known is not None:
            await self.namespace.run(wiring.unplug, known[0])

    async def set_services(self, services: Sequence[ClusterService], hosts: Sequence[HostRecord] = ()) -> None:
        """Make these the services and host names of the mesh, all at once.

        Established TCP connections stay as they are; a UDP flow finds another endpoint if its own has gone.
        """
        self._nameserver.zone = Zone(services, hosts, self.settings.domain)
        async with self._one_at_a_time:
            await self._answer_for(frozenset(address for service in services for address in service.cluster_ips))
            for family in self.settings.families:
                after = rules.chains(services, self.settings, family)
                change = rules.transaction(self._rules.get(family, rules.NO_RULES), after, family)
                if change is not None:
                    await self.namespace.run(_restore, change)
                    self._rules[family] = after
            udp = conntrack.udp_targets(services)
            await self.namespace.run(conntrack.forget, self._udp, udp)
            self._udp = udp

    async def open_connection(self, address: str, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Connect from inside the fabric, as a node's kubelet does: a probe, a port-forward."""
        family = socket.AF_INET if family_of(address) == 4 else socket.AF_INET6
        connection = await self.namespace.socket(family, socket.SOCK_STREAM)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.get_running_loop().sock_connect(connection, (address, port))
            return await asyncio.open_connection(sock=connection)
        except BaseException:
            connection.close()
            raise

    def resolv_conf(self, namespace: str) -> str:
        """Return the text of `/etc/resolv.conf` for a pod of a Kubernetes namespace."""
        domain = self.settings.domain
        search = f"{namespace}.svc.{domain} svc.{domain} {domain}"
        return f"search {search}\nnameserver {self.settings.dns_address}\noptions ndots:5\n"

    def _addresses_for(self, pod: str) -> tuple[str, ...]:
        found: list[str] = []
        books = dict(self._books)
        for position, cidr in enumerate(self.settings.pod_cidrs):
            node = self.settings.node_address(family_of(cidr))
            live = [Claim(owner=one, address=known[1][position]) for one, known in self._pods.items() if one != pod]
            pool = Pool(cidr=cidr, reserved=(node,))
            assignment, diagnostics = assign(pool, books.get(cidr, Book()), [*live, Claim(owner=pod)])
            if pod not in assignment.addresses:
                raise FabricError("; ".join(str(one) for one in diagnostics))
            found.append(assignment.addresses[pod])
            books[cidr] = assignment.book
        self._books = FrozenMap(books)
        self._remember(self._books)
        return tuple(found)

    async def _answer_for(self, used: frozenset[str]) -> None:
        if used == self._used:
            return
        addresses = rules.addresses_beyond(used, self.settings.service_cidrs)
        new, gone = addresses - self._answered, self._answered - addresses

        def change() -> None:
            netlink.send(
                [wiring.answer_for(one) for one in sorted(new)]
                + [wiring.stop_answering_for(one) for one in sorted(gone)]
            )

        if new or gone:
            await self.namespace.run(change)
        self._used, self._answered = used, addresses


@contextlib.asynccontextmanager
async def fabric(
    settings: FabricSettings,
    tasks: asyncio.TaskGroup,
    books: Books = NO_BOOKS,
    remember: Callable[[Books], None] = lambda _: None,
) -> AsyncGenerator[Fabric]:
    """Offer a network for as long as the body runs; `remember` gets the books whenever an address is given away."""
    made = Fabric(settings, tasks, books, remember)
    try:
        await made.start()
        yield made
    finally:
        made.close()


def _restore(change: rules.Transaction) -> None:
    tool = _restorer(change.family)
    done = subprocess.run(
        [tool, "--noflush"], input=change.text, capture_output=True, text=True, check=False, timeout=30
    )
    if done.returncode != 0:
        raise FabricError(f"{tool} refused the services' rules: {done.stderr.strip()}")


def _restorer(family: Family) -> str:
    name = "iptables" if family == 4 else "ip6tables"
    # the nft one first: the old one keeps a lock file on the host
    tool = shutil.which(f"{name}-nft-restore") or shutil.which(f"{name}-restore")
    if tool is None:
        raise FabricError(f"{name}-restore is missing, and cluster IPs need it: install Debian's package iptables")
    return tool
