"""One connected proxy: who it is, what it was shown, and what it said about that."""

from collections.abc import Callable
from typing import Protocol, final

from pillion.proxy.node import Proxy
from pillion.xds.provider import Settled
from pillion.xds.request import Refusal
from pillion.xds.resource import View
from pillion.xds.stream import Event, Nacked


class Hub(Protocol):
    """What a client tells the plane."""

    def acknowledged(self, client: "Client", /) -> None:
        """Learn that a client has acknowledged all that it was shown."""
        ...

    def gone(self, client: "Client", /) -> None:
        """Learn that a client's stream is over."""
        ...


@final
class Client:
    """A stream's place in the control plane (an `xds.provider.Attachment`)."""

    __slots__ = ("_acknowledged", "_hub", "_notify", "_view", "node_id", "peer", "proxy", "refusals")

    def __init__(self, proxy: Proxy, node_id: str, peer: str, wire: tuple[Hub, Callable[[View], None]]) -> None:
        self.proxy = proxy
        self.node_id = node_id
        self.peer = peer
        self.refusals: dict[str, Refusal] = {}
        """By type: the last thing that it refused, until it accepts something newer."""
        self._hub, self._notify = wire
        self._view: View | None = None
        self._acknowledged: View | None = None

    @property
    def view(self) -> View | None:
        """What it is to see."""
        return self._view

    @property
    def settled(self) -> bool:
        """Whether it has acknowledged everything that it is to see."""
        return self._view is not None and self._acknowledged is self._view

    def begin(self, view: View) -> None:
        """Set what it sees first."""
        self._view = view

    def show(self, view: View) -> bool:
        """Show it another view; return whether that is any other than before."""
        if view is self._view:
            return False
        self._view = view
        self._notify(view)
        return True

    def heard(self, event: Event | Settled, /) -> None:
        """Take note of an acknowledgement or a refusal."""
        if isinstance(event, Settled):
            self._acknowledged = self._view
            self._hub.acknowledged(self)
        elif isinstance(event, Nacked):
            self.refusals[event.type_url] = event.refusal
        else:
            self.refusals.pop(event.type_url, None)

    def detach(self) -> None:
        """Leave."""
        self._hub.gone(self)
