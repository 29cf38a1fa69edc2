"""The loop: changes are gathered, a world is built from them, and every connected proxy is shown what is new for it.

The first change of a burst goes at once; what arrives while it is worked on, and for a moment after, goes together. A
proxy whose view did not change hears nothing. What cannot be built or shown is a diagnostic: proxies keep the last good
configuration, and the loop goes on.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import final

from pillion.controlplane.client import Client
from pillion.mesh.catalog import Catalog
from pillion.mesh.endpoint import Locality
from pillion.mesh.settings import MeshSettings
from pillion.mesh.snapshot import World
from pillion.proxy.node import Proxy, read_proxy
from pillion.proxy.telling import Teller
from pillion.resources.meta import HasMetadata, Ref
from pillion.value import Diagnostic, Diagnostics, Value
from pillion.xds.cache import inconsistencies
from pillion.xds.provider import RefusedError
from pillion.xds.request import Node
from pillion.xds.resource import View

LOG = logging.getLogger(__name__)
Identify = Callable[[str, Proxy], str | None]
"""(peer, who it says it is) -> why it may not have that, or None."""


class Push(Value):
    """What one push did."""

    generation: int
    seconds: float
    """From the first change to the last view shown; acknowledgements come later."""
    told: int
    """Clients whose view changed."""
    refused: tuple[str, ...] = ()
    """Why views were not published."""


@final
class ControlPlane:
    """Turns resources into what each connected proxy is told (an `xds.provider.Provider`)."""

    def __init__(
        self, settings: MeshSettings, *, quiet: float = 0.002, may_be: Identify = lambda _peer, _proxy: None
    ) -> None:
        """Set up a control plane with an empty world.

        Args:
            settings: the mesh's settings.
            quiet: seconds to gather further changes after a push before the next one.
            may_be: tells why a peer may not be the proxy that it says it is.
        """
        self.catalog = Catalog()
        self.teller = Teller()
        self.generation = 0
        """Counts the changes that were handed in."""
        self.pushes: list[Push] = []
        """The last hundred pushes."""
        self._settings = settings
        self._quiet = quiet
        self._may_be = may_be
        self._clients: dict[Client, None] = {}
        self._by_proxy: dict[Proxy, tuple[Client, ...]] = {}
        self._not_shown: dict[Client, None] = {}
        """Those whose view could not be made or was not complete."""
        self._dirty = asyncio.Event()
        self._waiting: list[asyncio.Future[None]] = []
        self._pushed = 0
        self._changed_at = 0.0
        self._unsettled: set[Client] = set()
        self._judged: dict[View, tuple[str, ...]] = {}
        """What is missing in the views that were first looked at since the last push."""
        self._told_of_world: Diagnostics = ()
        self._told_of_proxies: Diagnostics = ()
        self._world = self._build(None)

    @property
    def world(self) -> World:
        """The world that proxies are told of."""
        return self._world

    @property
    def diagnostics(self) -> Diagnostics:
        """What is to be said of the world, and of proxies that could not be shown what is new."""
        return (*self._told_of_world, *self._told_of_proxies)

    @property
    def settings(self) -> MeshSettings:
        """The mesh's settings."""
        return self._settings

    @property
    def clients(self) -> tuple[Client, ...]:
        """The connected proxies, in the order in which they came."""
        return tuple(self._clients)

    def apply(self, changed: Iterable[HasMetadata], deleted: Iterable[Ref] = ()) -> int:
        """Hand changes in; return the generation to await with `settled`."""
        self.catalog = self.catalog.with_changes(changed, deleted)
        return self._touch()

    def configure(self, settings: MeshSettings) -> int:
        """Change the mesh's settings."""
        self._settings = settings
        return self._touch()

    def _touch(self) -> int:
        self.generation += 1
        if not self._dirty.is_set():
            self._changed_at = asyncio.get_running_loop().time()
            self._dirty.set()
        return self.generation

    async def run(self) -> None:
        """Push until cancelled."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                self._push()
            except Exception as error:
                LOG.exception("a change cannot be told")
                self._begin_anew(error)
            await asyncio.sleep(self._quiet)

    async def pushed(self, generation: int) -> None:
        """Wait until the changes up to that generation are in the world and shown to all clients."""
        await self.until(lambda: self._pushed >= generation)

    async def settled(self, generation: int) -> None:
        """Wait until every connected client has acknowledged what these changes mean for it."""
        await self.until(lambda: self._pushed >= generation and not self._unsettled)

    def _push(self) -> None:
        generation = self.generation
        self._world = self._build(self._world)
        problems: dict[str, list[str]] = {}
        told = 0
        concerned = dict.fromkeys(
            client for proxy in self.teller.turn_to(self._world) for client in self._by_proxy.get(proxy, ())
        )
        for client in self._not_shown | concerned:
            view, problem = self._view(client.proxy, client.view)
            self._not_shown.pop(client, None)
            if view is None:
                problems.setdefault(problem, []).append(client.node_id)
                self._not_shown[client] = None
            elif view is not client.view:
                self._unsettled.add(client)
                told += client.show(view)
        self._judged = {}
        self.teller.sweep()
        self._told_of_proxies = tuple(_not_shown(problem, proxies) for problem, proxies in problems.items())
        refused = tuple(f"{proxy}: {problem}" for problem, proxies in problems.items() for proxy in proxies)
        seconds = asyncio.get_running_loop().time() - self._changed_at
        push = Push(generation=generation, seconds=seconds, told=told, refused=refused)
        self.pushes = [*self.pushes[-99:], push]
        self._pushed = generation
        self._tell()

    def _begin_anew(self, error: Exception) -> None:
        """After a fault of our own, let go of all that was remembered, and have the next push look at everybody."""
        self.teller = Teller()
        self._not_shown = dict(self._clients)
        fault = _fault(f"a change cannot be told, proxies keep what they have: {error!r}")
        self._told_of_proxies = (fault,)
        seconds = asyncio.get_running_loop().time() - self._changed_at
        push = Push(generation=self.generation, seconds=seconds, told=0, refused=(fault.message,))
        self.pushes = [*self.pushes[-99:], push]
        self._pushed = self.generation
        self._tell()

    def _build(self, last: World | None) -> World:
        """Build the world; when that fails, which only a fault of our own can cause, the last one stays."""
        try:
            world, self._told_of_world = self.teller.build(self.catalog, self._settings)
        except Exception as error:
            if last is None:
                raise
            LOG.exception("the world cannot be built")
            self._told_of_world = (_fault(f"the world cannot be built, the last good one stays: {error!r}"),)
            return last
        return world

    def _view(self, proxy: Proxy, before: View | None = None) -> tuple[View | None, str]:
        """Give what a proxy is to see, or why that cannot be given; what it saw before was judged already."""
        try:
            view = self.teller.view(self._world, proxy)
        except Exception as error:
            LOG.exception("the configuration of %s cannot be made", proxy.workload.name)
            return None, f"it cannot be made: {error!r}"
        if view is before:
            return view, ""
        missing = self._judged.get(view)
        if missing is None:
            missing = self._judged[view] = inconsistencies(view)
        return (None, f"it is not complete: {missing[0]}") if missing else (view, "")

    def attach(self, node: Node, peer: str, notify: Callable[[View], None]) -> Client:
        """Take a proxy in (called by the xDS server on the event loop)."""
        place = Locality(region=node.region, zone=node.zone, sub_zone=node.sub_zone)
        try:
            proxy = read_proxy(node.id, node.metadata, locality=place, extensions=node.extensions)
        except Exception as error:
            LOG.exception("the node metadata of %s cannot be read", node.id)
            raise RefusedError(f"its node metadata cannot be read: {error!r}") from error
        if proxy is None:
            raise RefusedError(f"{node.id!r} is not the id of a sidecar: sidecar~IP~NAME.NAMESPACE~DOMAIN")
        reason = self._may_be(peer, proxy)
        if reason is not None:
            raise RefusedError(reason)
        client = Client(proxy, node.id, peer, (self, notify))
        view, problem = self._view(proxy)
        if view is None:
            self._forget_unused(proxy)
            raise RefusedError(f"there is no configuration for it: {problem}")
        client.begin(view)
        self._clients[client] = None
        self._by_proxy[proxy] = (*self._by_proxy.get(proxy, ()), client)
        self._unsettled.add(client)
        self._tell()
        return client

    def gone(self, client: Client, /) -> None:
        """Forget a client whose stream is over."""
        self._clients.pop(client, None)
        self._not_shown.pop(client, None)
        self._unsettled.discard(client)
        others = tuple(each for each in self._by_proxy.get(client.proxy, ()) if each is not client)
        self._by_proxy[client.proxy] = others
        self._forget_unused(client.proxy)
        self._tell()

    def _forget_unused(self, proxy: Proxy) -> None:
        """Forget a proxy that no client is."""
        if not self._by_proxy.get(proxy):
            self._by_proxy.pop(proxy, None)
            self.teller.forget(proxy)

    def acknowledged(self, client: Client, /) -> None:
        """Note that a client has acknowledged all of its view."""
        if client.settled:
            self._unsettled.discard(client)
        self._tell()

    def _tell(self) -> None:
        """Wake whoever awaits something that may have come true."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until something is true, looking whenever a client came, went or acknowledged, or a push was made."""
        while not true():
            future = asyncio.get_running_loop().create_future()
            self._waiting.append(future)
            await future


def _not_shown(problem: str, proxies: Sequence[str]) -> Diagnostic:
    more = f" and {len(proxies) - 1} more" if len(proxies) > 1 else ""
    message = (
        f"the configuration of {proxies[0]}{more} is not published, {'they keep' if more else 'it keeps'} the last"
    )
    return Diagnostic(code="not-published", severity="error", message=f"{message}: {problem}")


def _fault(message: str) -> Diagnostic:
    return Diagnostic(code="internal-error", severity="error", message=message)
