"""The gRPC shell: aggregated discovery over grpcio, bytes in and bytes out.

Each stream has one task that reads, and one that writes as long as there is something to say; they share a `Stream`,
which decides everything. A slow client holds up its own writer only. What is below, grpcio, hides behind `Wire`, so
that it can be replaced.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol, cast, final

import grpc
import grpc.aio
from envoy.config.core.v3.base_pb2 import Node as NodeMessage
from google.protobuf.message import DecodeError
from msgspec.structs import replace

from pillion.value import Value
from pillion.xds.request import Node, parse_delta, parse_state, read_node
from pillion.xds.resource import View
from pillion.xds.status import StreamStatus
from pillion.xds.stream import Dialect, Event, Response, Stream

_EOF: object = getattr(grpc.aio, "EOF")  # noqa: B009 (the stubs do not know it)
SERVICE = "envoy.service.discovery.v3.AggregatedDiscoveryService"
MAX_REQUEST_BYTES = 16 << 20
OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.max_receive_message_length", MAX_REQUEST_BYTES),
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.keepalive_timeout_ms", 10_000),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.min_ping_interval_without_data_ms", 5_000),
    ("grpc.http2.max_pings_without_data", 0),
    ("grpc.max_concurrent_streams", 1000),
    ("grpc.enable_channelz", 0),
)
"""grpcio sets TCP_NODELAY on every socket by itself."""


class Settled(Value):
    """The client has acknowledged all of its current view."""


class Attachment(Protocol):
    """What ties one stream to whoever decides what it sees."""

    @property
    def view(self) -> View | None:
        """The view to begin with; None when there is none yet: then the client waits for `notify`."""
        ...

    def heard(self, event: Event | Settled, /) -> None:
        """Learn what the client says about what it was sent. Must be quick."""
        ...

    def detach(self) -> None:
        """Learn that the stream is over; `notify` is not called after this."""
        ...


class Provider(Protocol):
    """Decides which view a node sees. Called on the event loop; must be quick."""

    def attach(self, node: Node, peer: str, notify: Callable[[View], None]) -> Attachment:
        """Begin a stream; call `notify` on the event loop with each new view. Raise `RefusedError` to refuse it."""
        ...


class RefusedError(Exception):
    """The node may not have a stream; the text is told to it."""


class UnauthenticatedError(RefusedError):
    """The node did not prove who it is."""


class ClosedError(Exception):
    """The stream is over, by the client's will or because it was broken."""


class Wire(Protocol):
    """One bidirectional stream of messages, whatever carries it."""

    async def read(self) -> bytes:
        """Return the next message; raise `ClosedError` at the end."""
        ...

    async def write(self, data: bytes) -> None:
        """Hand a message over, and wait while the client's window is full; raise `ClosedError` at the end."""
        ...


class ProtocolError(Exception):
    """The client does not speak the protocol."""


Parse = Callable[[bytes], tuple[Any, NodeMessage | None]]
Admit = Callable[[str, Mapping[str, str]], Awaitable[str]]
"""(peer, metadata of the call) -> the name that the provider is given. Raises `RefusedError`."""


@final
class Session:
    """One client's stream while it lasts."""

    __slots__ = (
        "_asleep", "_attachment", "_parse", "_provider", "_sent", "_settled_on", "_stopping", "_stream", "_tasks",
        "_wire", "_writing", "node", "peer",
    )  # fmt: skip

    def __init__(self, wire: Wire, dialect: Dialect, peer: str, provider: Provider) -> None:
        self.node = ""
        self.peer = peer
        self._wire = wire
        self._provider = provider
        self._stream = Stream(dialect)
        self._parse: Parse = parse_delta if dialect == "delta" else parse_state
        self._tasks: asyncio.TaskGroup | None = None
        """Where a writer may be started; None before the first request and after the last."""
        self._writing = False
        self._asleep: asyncio.Future[None] | None = None
        self._attachment: Attachment | None = None
        self._settled_on: View | None = None
        self._sent = (0, 0, 0, 0)
        self._stopping = False

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

    async def run(self, share: Callable[[Node], Node]) -> None:
        """Serve the client until it goes; raises `ProtocolError` or `RefusedError` when it has to be sent away."""
        try:
            self._begin(await self._wire.read(), share)
            async with asyncio.TaskGroup() as self._tasks:
                self._wake()
                await self._read()
        except* (ClosedError, ProtocolError, RefusedError) as ended:
            reason = _first(ended)
        else:
            return
        finally:
            self._tasks = None
            if self._attachment is not None:
                self._attachment.detach()
        if not isinstance(reason, ClosedError):
            raise reason

    def _begin(self, data: bytes, share: Callable[[Node], Node]) -> None:
        request, message = self._parse_request(data)
        if message is None or not message.id:
            raise ProtocolError("the first request must say node.id")
        node = share(read_node(message))
        self.node = node.id
        self._attachment = self._provider.attach(node, self.peer, self._notify)
        if self._attachment.view is not None:
            self._stream.show(self._attachment.view)
        self._stream.receive(request)

    def stop(self) -> None:
        """End the stream in good order: the client sees it end, not break."""
        self._stopping = True
        self._wake()

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
        self._wake()

    def _wake(self) -> None:
        """Let the writer look again, or begin."""
        if self._asleep is not None and not self._asleep.done():
            self._asleep.set_result(None)
        elif not self._writing and self._tasks is not None:
            self._writing = True
            self._tasks.create_task(self._write())

    async def _read(self) -> None:
        while True:
            self._take(await self._wire.read())

    def _take(self, data: bytes) -> None:
        """Take a request in; apart from the loop, so that nothing of it stays while the next one is awaited."""
        request, _ = self._parse_request(data)
        for event in self._stream.receive(request):
            if self._attachment is not None:
                self._attachment.heard(event)
        if self._stream.pending:
            self._wake()
        else:
            self._tell_settled()

    async def _write(self) -> None:
        """Say what there is to say; end when there is nothing that a wait could bring."""
        stream, loop = self._stream, asyncio.get_running_loop()
        deadline: float | None = None
        try:
            while True:
                while (response := stream.next()) is not None:
                    await self._wire.write(response.data)
                    self._count(response)
                self._tell_settled()
                if self._stopping:
                    raise ClosedError
                patience = stream.patience
                if patience is None:
                    return
                deadline = min(deadline or loop.time() + patience, loop.time() + patience)
                if not await self._sleep_until(deadline):
                    stream.lapse()
                    deadline = None
        except BaseException:
            self._tasks = None  # whatever ended the writer ends the stream
            raise
        finally:
            self._writing = False

    async def _sleep_until(self, deadline: float) -> bool:
        """Wait until somebody wakes the writer; return whether that was before the deadline."""
        self._asleep = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout_at(deadline):
                await self._asleep
        except TimeoutError:
            return False
        finally:
            self._asleep = None
        return True

    def _count(self, response: Response) -> None:
        count, resources, removed, size = self._sent
        self._sent = (
            count + 1,
            resources + response.resources,
            removed + response.removed,
            size + len(response.data),
        )

    def _tell_settled(self) -> None:
        if self._settled_on is not self._stream.view and self._stream.settled and self._attachment is not None:
            self._settled_on = self._stream.view
            self._attachment.heard(Settled())


@final
class GrpcWire:
    """A `Wire` over one grpcio call."""

    __slots__ = ("_context",)

    def __init__(self, context: Any) -> None:
        self._context = context

    async def read(self) -> bytes:
        """Return the next message."""
        data = await self._context.read()
        if data is _EOF:
            raise ClosedError
        return cast(bytes, data)

    async def write(self, data: bytes) -> None:
        """Hand a message to HTTP/2, waiting for its window."""
        try:
            await self._context.write(data)
        except (grpc.RpcError, grpc.aio.InternalError, asyncio.InvalidStateError) as error:
            raise ClosedError from error


@final
class Server:
    """Serves a provider's views on one or more addresses."""

    def __init__(
        self,
        provider: Provider,
        identify: Callable[[str], str | None] = lambda peer: peer,
        options: Iterable[tuple[str, Any]] = (),
        admit: Admit | None = None,
    ) -> None:
        """Set up a server.

        Args:
            provider: decides what each node sees.
            identify: turns the peer's address (`ipv4:127.0.0.1:4711`) into the name that the provider is given;
                None turns the peer away. May be set again later.
            options: more gRPC channel arguments.
            admit: looks at a call's metadata too, before its stream begins, and may take its time.
        """
        self._provider = provider
        self.identify = identify
        self._admit = admit
        self._sessions: dict[Session, None] = {}
        self._extensions: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._server = grpc.aio.server(options=[*OPTIONS, *options])
        methods: dict[str, grpc.RpcMethodHandler[bytes, bytes]] = {
            "StreamAggregatedResources": grpc.stream_stream_rpc_method_handler(partial(self._serve, "state")),
            "DeltaAggregatedResources": grpc.stream_stream_rpc_method_handler(partial(self._serve, "delta")),
        }
        self._server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, methods),))

    def listen(self, address: str) -> int:
        """Listen on `host:port` or `unix:path` in plain text; return the port. Raises `OSError` when it is taken."""
        try:
            return self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}: {error}") from error

    async def start(self) -> None:
        """Begin to serve."""
        await self._server.start()

    async def stop(self, grace: float = 1.0) -> None:
        """End all streams, then the server; what is left after `grace` seconds is cut."""
        self.end_streams()
        await self._server.stop(grace)

    def end_streams(self) -> None:
        """End all streams in good order; their clients come again, and say what they know."""
        for session in self._sessions:
            session.stop()

    def status(self) -> tuple[StreamStatus, ...]:
        """Return the status of every stream, in the order in which they began."""
        return tuple(session.status() for session in self._sessions)

    async def _serve(self, dialect: Dialect, _: object, context: Any) -> None:
        peer = self.identify(context.peer())
        if peer is None:
            await context.abort(grpc.StatusCode.PERMISSION_DENIED, "unknown peer")
            return
        if self._admit is not None:
            said = context.invocation_metadata() or ()
            try:
                peer = await self._admit(peer, {key: value for key, value in said if isinstance(value, str)})
            except RefusedError as refused:
                await context.abort(_code(refused), str(refused))
                return
        session = Session(GrpcWire(context), dialect, peer, self._provider)
        self._sessions[session] = None
        try:
            await session.run(self._share)
        except RefusedError as refused:
            code, text = _code(refused), str(refused)
        except ProtocolError as broken:
            code, text = grpc.StatusCode.INVALID_ARGUMENT, str(broken)
        else:
            return
        finally:
            del self._sessions[session]
        await context.abort(code, text)

    def _share(self, node: Node) -> Node:
        """Let equal lists of extensions (there are some five hundred in each Envoy) be one object."""
        known = self._extensions.setdefault(node.extensions, node.extensions)
        if len(self._extensions) > 64:
            self._extensions.clear()
        return replace(node, extensions=known)


def _code(refused: RefusedError) -> grpc.StatusCode:
    unproved = isinstance(refused, UnauthenticatedError)
    return grpc.StatusCode.UNAUTHENTICATED if unproved else grpc.StatusCode.PERMISSION_DENIED


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    inner = group.exceptions[0]
    return _first(cast(BaseExceptionGroup[BaseException], inner)) if isinstance(inner, BaseExceptionGroup) else inner
