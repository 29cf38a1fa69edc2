"""What probes ask, and what they take for an answer."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from pillion.local.kubelet import probing
from pillion.local.kubelet.network import Connection
from pillion.local.kubelet.probing import Answer, Target, ask
from pillion.local.kubelet.spec.pod import Container, Handler, Header, HttpGet, Port, TcpSocket
from pillion.local.kubelet.spec.security import Rights

CONTAINER = Container(name="c", ports=(Port(container_port=8080, name="http"),))
TARGET = Target(container=CONTAINER, address="127.0.0.1", pid=1, env={}, rights=Rights(), directory="/")


class Loopback:
    """A network whose pods are this machine."""

    async def attach(self, pod: str, pid: int) -> tuple[str, ...]:
        return ()

    async def detach(self, pod: str) -> None:
        return

    async def open_connection(self, address: str, port: int) -> Connection:
        return await asyncio.open_connection(address, port)

    def resolv_conf(self, namespace: str) -> str:
        return ""


async def serving(
    answer: bytes, question: Callable[[int], Awaitable[Answer]], delay: float = 0
) -> tuple[Answer, bytes]:
    heard = b""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard = await reader.read(1000)
        if delay:
            await reader.read()
        writer.write(answer)
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(talk, "127.0.0.1") as server:
        port: int = server.sockets[0].getsockname()[1]
        return await question(port), heard


def http(answer: bytes, path: str = "/healthz", timeout: float = 5, delay: float = 0) -> tuple[Answer, bytes]:
    def question(port: int) -> Awaitable[Answer]:
        get = HttpGet(
            port=port, path=path, http_headers=(Header(name="X-A", value="b"), Header(name="Host", value="h"))
        )
        return ask(Handler(http_get=get), TARGET, Loopback(), timeout)

    return asyncio.run(serving(answer, question, delay))


@pytest.mark.parametrize(("code", "success"), [(200, True), (302, True), (399, True), (400, False), (503, False)])
def test_an_http_status_says_it(code: int, success: bool) -> None:
    answer, heard = http(f"HTTP/1.1 {code} X\r\n\r\n".encode())
    assert answer == Answer(success=success, message=f"HTTP status {code}")
    assert heard.startswith(b"GET /healthz HTTP/1.1\r\nhost: h\r\nuser-agent: kube-probe/")
    assert b"\r\nx-a: b\r\n" in heard


@pytest.mark.parametrize("garbage", [b"", b"hello\n", b"HTTP/1.1 abc\r\n"])
def test_what_is_no_http_is_a_failure(garbage: bytes) -> None:
    answer, _ = http(garbage)
    assert not answer.success
    assert "not an HTTP answer" in answer.message


def test_silence_is_a_failure() -> None:
    answer, _ = http(b"HTTP/1.1 200 OK\r\n\r\n", timeout=0.05, delay=1)
    assert answer == Answer(success=False, message="no answer within 0.05 s")


def test_a_connection_is_enough_for_tcp() -> None:
    def question(port: int) -> Awaitable[Answer]:
        return ask(Handler(tcp_socket=TcpSocket(port=port)), TARGET, Loopback(), 5)

    answer, _ = asyncio.run(serving(b"", question))
    assert answer.success
    assert not asyncio.run(question(1)).success


def test_ports_have_numbers_or_names() -> None:
    assert [probing.port_of(port, CONTAINER) for port in (1, "2", "http")] == [1, 2, 8080]
    answer = asyncio.run(ask(Handler(tcp_socket=TcpSocket(port="none")), TARGET, Loopback(), 5))
    assert answer == Answer(success=False, message="container c has no port named none")


def test_an_ipv6_address_is_written_in_brackets() -> None:
    assert b"host: [fd00::1]:80\r\n" in probing.request(HttpGet(port=80, path="x"), "fd00::1", 80)
