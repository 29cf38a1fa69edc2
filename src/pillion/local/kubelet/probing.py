"""Asks a container what its probes and hooks want to know: by HTTP, by a connection, by a command inside it.

Connections are opened by the pod network, from where the machine's kubelet would reach the pod. A gRPC health check is
answered by whoever accepts the connection: the kubelet carries no HTTP/2.
"""

import asyncio
import signal
import ssl
import subprocess
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

from pillion.local.kubelet import images
from pillion.local.kubelet.instance import Command, StartError, Streams, start
from pillion.local.kubelet.network import Connection, PodNetwork
from pillion.local.kubelet.spec.pod import Container, Handler, HttpGet
from pillion.local.kubelet.spec.security import Rights
from pillion.value import Value

HEAD_LIMIT = 65536


class Target(Value):
    """The run of a container that is asked."""

    container: Container
    address: str
    """Of its pod."""
    pid: int
    env: Mapping[str, str]
    rights: Rights
    directory: str


class Answer(Value):
    """What came back."""

    success: bool
    message: str = ""


async def ask(handler: Handler, target: Target, network: PodNetwork, timeout: float) -> Answer:  # noqa: ASYNC109
    """Do what a probe or a hook says, within `timeout` seconds."""
    try:
        async with asyncio.timeout(timeout):
            return await _way(handler, target, network)
    except TimeoutError:
        return Answer(success=False, message=f"no answer within {timeout:g} s")
    except (OSError, ssl.SSLError, StartError, ValueError) as error:
        return Answer(success=False, message=str(error) or type(error).__name__)


def _way(handler: Handler, target: Target, network: PodNetwork) -> Awaitable[Answer]:
    if handler.http_get:
        return _http(handler.http_get, target, network)
    if handler.tcp_socket:
        host = handler.tcp_socket.host or target.address
        return _connect(host, port_of(handler.tcp_socket.port, target.container), network)
    if handler.exec:
        return _execute(handler.exec.command, target)
    if handler.grpc:
        return _connect(target.address, handler.grpc.port, network)
    return _sleep(handler.sleep.seconds if handler.sleep else 0)


async def _sleep(seconds: int) -> Answer:
    await asyncio.sleep(seconds)
    return Answer(success=True)


def port_of(port: int | str, container: Container) -> int:
    """Return a port's number; raise ValueError for a name that the container does not have."""
    if isinstance(port, int) or port.isdecimal():
        return int(port)
    for known in container.ports:
        if known.name == port:
            return known.container_port
    raise ValueError(f"container {container.name} has no port named {port}")


async def _connect(host: str, port: int, network: PodNetwork) -> Answer:
    _, writer = await network.open_connection(host, port)
    await _close(writer)
    return Answer(success=True)


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with suppress(OSError, ssl.SSLError):
        await writer.wait_closed()


async def _http(get: HttpGet, target: Target, network: PodNetwork) -> Answer:
    host, port = get.host or target.address, port_of(get.port, target.container)
    reader, writer = await network.open_connection(host, port)
    try:
        if get.scheme.upper() == "HTTPS":
            await writer.start_tls(_any_certificate())
        writer.write(request(get, host, port))
        return await _status((reader, writer))
    finally:
        await _close(writer)


def _any_certificate() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def request(get: HttpGet, host: str, port: int) -> bytes:
    """Write the request of an HTTP probe as a kubelet does: its own headers unless the probe sets them."""
    literal = f"[{host}]" if ":" in host else host
    headers = {"host": f"{literal}:{port}", "user-agent": "kube-probe/1.34", "accept": "*/*", "connection": "close"}
    for header in get.http_headers:
        headers[header.name.lower()] = header.value
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items() if value)
    path = get.path if get.path.startswith("/") else f"/{get.path}"
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()


async def _status(connection: Connection) -> Answer:
    line = (await connection[0].readline()).decode("latin-1")
    words = line.split(" ", 2)
    if len(words) < 2 or not words[0].startswith("HTTP/") or not words[1].isdecimal():
        return Answer(success=False, message=f"not an HTTP answer: {line[:80]!r}")
    code = int(words[1])
    return Answer(success=200 <= code < 400, message=f"HTTP status {code}")


async def _execute(argv: tuple[str, ...], target: Target) -> Answer:
    code = await execute(argv, target, Streams(stderr=subprocess.DEVNULL))
    return Answer(success=code == 0, message=f"exit code {code}")


async def execute(
    argv: tuple[str, ...],
    target: Target,
    streams: Streams,
    tty: bool = False,
    begun: Callable[[], None] = lambda: None,
) -> int:
    """Run a command in a container as its user; return its exit code as a shell reports it."""
    command = Command(
        argv=images.within(target.container, argv),
        env=target.env,
        directory=target.directory,
        rights=target.rights,
        binds=None,
        tty=tty,
    )
    instance = await start(target.pid, command, streams)
    try:
        begun()
        code = await instance.wait()
        if instance.failure:
            raise StartError(instance.failure)
        return 128 - code if code < 0 else code
    finally:
        instance.signal(signal.SIGKILL)
        instance.close()
