"""One client's stream while it lasts: what comes goes to a `Stream`, which decides what is to be said.

Nothing waits here: what is to be said is said at once, as far as the wire takes it, and again when it takes more. So a
slow client gets fewer and newer responses, and holds up nobody.
"""

import asyncio
import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, final

from envoy.config.core.v3.base_pb2 import Node as NodeMessage
from google.protobuf.message import DecodeError
from msgspec.structs import replace

from pillion.http2.status import Status
from pillion.xds.provider import Attachment, Provider, RefusedError, Settled, UnauthenticatedError
from pillion.xds.request import Node, parse_delta, parse_state, read_node
from pillion.xds.resource import View
from pillion.xds.status import StreamStatus
from pillion.xds.stream import Dialect, Response, Stream

LOG = logging.getLogger(__name__)


class Wire(Protocol):
    """Where a session speaks, whatever carries it (`http2.call.Call` is one)."""

    @property
    def ready(self) -> bool:
        """Whether the client takes more now; if not, `Session.resumed` is called when it does."""
        ...

    def send(self, parts: tuple[bytes, ...]) -> None:
        """Hand a message over."""
        ...

    def flush(self) -> None:
        """Send what was handed over."""
        ...

    def end(self, code: Status, text: str = "") -> None:
        """End the stream, after all that was handed over."""
        ...


class Home(Protocol):
    """Where sessions live."""

    def share(self, node: Node, /) -> Node:
        """Give an equal node, whose parts others have, too."""
        ...

    def left(self, session: "Session", /) -> None:
        """Learn that a session is over."""
        ...


class ProtocolError(Exception):
    """The client does not speak the protocol."""


Parse = Callable[[bytes], tuple[Any, NodeMessage | None]]


@final
class Session:
    """One client's stream (an `http2.call.Handler`)."""

    __slots__ = (
        "_attachment", "_awaited", "_home", "_is_busy", "_is_over", "_parse", "_provider", "_sent", "_settled_on",
        "_stream", "_timer", "_wire", "node", "peer",
    )  # fmt: skip

    def __init__(self, wire: Wire, dialect: Dialect, peer: str, provider: Provider, home: Home) -> None:
        self.node = ""
        self.peer = peer
        self._wire = wire
        self._provider = provider
        self._home = home
        self._stream = Stream(dialect)
        self._parse: Parse = parse_delta if dialect == "delta" else parse_state
        self._attachment: Attachment | None = None
        self._settled_on: View | None = None
        self._sent = (0, 0, 0, 0)
        self._timer: asyncio.TimerHandle | None = None
        self._awaited = 0
        """What the timer is for (`Stream.awaited`)."""
        self._is_busy = False
        self._is_over = False

    def status(self) -> StreamStatus:
        """Return what the client was sent and what it acknowledged."""
        responses, resources, removed, size = self._sent
        return replace(
            self._stream.status(),
            node=self.node,
            peer=self.peer,
            responses=responses,
            resources=resources,
            removed=removed,
            bytes=size,
        )

    # What the wire says

    def received(self, message: bytes, /) -> None:
        """Take a request in, and answer."""
        if not self._is_over:
            self._guard(self._begin if self._attachment is None else self._take, message)

    def finished(self) -> None:
        """End: a client that says nothing more does not acknowledge either."""
        self._end(Status.OK)

    def resumed(self) -> None:
        """Say what could not be said before."""
        self._guard(self._speak)

    def stop(self) -> None:
        """Say what there is to say, then end in good order: the client sees the stream end, not break."""
        self._guard(self._speak)
        self._end(Status.OK)

    def closed(self) -> None:
        """Let go of everything."""
        self._is_over = True
        self._still()
        attachment, self._attachment = self._attachment, None
        try:
            if attachment is not None:
                attachment.detach()
        finally:
            self._home.left(self)

    # What it means

    def _begin(self, data: bytes) -> None:
        request, message = self._parse_request(data)
        if message is None or not message.id:
            raise ProtocolError("the first request must say node.id")
        node = self._home.share(read_node(message))
        self.node = node.id
        self._attachment = self._provider.attach(node, self.peer, self._notify)
        if self._attachment.view is not None:
            self._stream.show(self._attachment.view)
        self._stream.receive(request)
        self._speak()

    def _take(self, data: bytes) -> None:
        request, _ = self._parse_request(data)
        for event in self._stream.receive(request):
            if self._attachment is not None:
                self._attachment.heard(event)
        self._speak()

    def _parse_request(self, data: bytes) -> tuple[Any, NodeMessage | None]:
        try:
            request, message = self._parse(data)
        except DecodeError as error:
            raise ProtocolError(f"not a discovery request: {error}") from error
        if not request.type_url:
            raise ProtocolError("a request must say type_url")
        return request, message

    def _notify(self, view: View) -> None:
        self._stream.show(view)
        self._guard(self._speak)

    def _speak(self) -> None:
        """Say what there is to say and may be said now; see to it that somebody looks again if that is not all."""
        if self._is_busy or self._is_over or self._attachment is None:
            return
        stream, wire = self._stream, self._wire
        shown: View | None = None
        self._is_busy = True
        try:
            # Whoever hears that all is settled may show another view at once, or end the stream.
            while not self._is_over and shown is not stream.view:
                shown = stream.view
                while wire.ready and (response := stream.next()) is not None:
                    wire.send(response.parts)
                    self._count(response)
                self._tell_settled()
        finally:
            self._is_busy = False
        if self._is_over:
            return
        if wire.ready:
            self._watch(stream.patience)
        wire.flush()

    def _tell_settled(self) -> None:
        if self._settled_on is not self._stream.view and self._stream.settled and self._attachment is not None:
            self._settled_on = self._stream.view
            self._attachment.heard(Settled())

    def _count(self, response: Response) -> None:
        count, resources, removed, size = self._sent
        self._sent = (count + 1, resources + response.resources, removed + response.removed, size + response.size)

    def _watch(self, patience: float | None) -> None:
        """Look again after so many seconds, which begin anew only when what they were for is awaited no more."""
        if patience is None:
            self._still()
        elif self._timer is None or not self._stream.awaits(self._awaited):
            self._still()
            self._awaited = self._stream.awaited
            self._timer = asyncio.get_running_loop().call_later(patience, self._lapse)

    def _still(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _lapse(self) -> None:
        self._timer = None
        self._guard(self._go_on)

    def _go_on(self) -> None:
        self._stream.lapse(self._awaited)
        self._speak()

    # The end

    def _guard(self, act: Callable[..., None], *words: Any) -> None:
        """Let a fault end this stream, and reach neither its timer nor whoever shows views or ends many streams."""
        try:
            act(*words)
        except RefusedError as refused:
            self._end(status_of(refused), str(refused))
        except ProtocolError as broken:
            self._end(Status.INVALID_ARGUMENT, str(broken))
        except Exception:
            LOG.exception("the stream of %s ends", self.node)
            self._end(Status.INTERNAL, "internal error")

    def _end(self, code: Status, text: str = "") -> None:
        """End, whatever goes wrong on the way."""
        if self._is_over:
            return
        for act in (self.closed, partial(self._wire.end, code, text)):
            try:
                act()
            except Exception:
                LOG.exception("the stream of %s does not end well", self.node)


def status_of(refused: RefusedError) -> Status:
    """Tell by which status somebody is sent away."""
    return Status.UNAUTHENTICATED if isinstance(refused, UnauthenticatedError) else Status.PERMISSION_DENIED
