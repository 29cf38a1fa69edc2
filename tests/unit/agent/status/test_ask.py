import asyncio
import socket

import pytest

from pillion.agent import http
from pillion.agent.probes import Grpc, Header, HttpGet, Probe, TcpSocket
from pillion.agent.status.ask import ask
from pillion.value import FrozenMap
from support.web import Web, serving

HEADERS = FrozenMap({"user-agent": "kube-probe/1.30", "cookie": "x"})


def closed_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def test_an_http_probe_asks_as_the_kubelet_would() -> None:
    web = Web({"/ready": "fine"})

    async def talk(port: int) -> None:
        probe = Probe(http_get=HttpGet(path="ready", port=port, http_headers=(Header(name="Host", value="app"),)))
        assert (await ask(probe, "127.0.0.1", HEADERS)).body == b"fine"
        missing = Probe(http_get=HttpGet(path="/other", port=port))
        assert (await ask(missing, "127.0.0.1", HEADERS)).status == 404

    serving(web, talk)
    assert web.asked[0].headers["host"] == "app"
    assert web.asked[0].headers["user-agent"] == "kube-probe/1.30"
    assert "cookie" not in web.asked[0].headers


def test_a_tcp_probe_wants_a_connection() -> None:
    async def talk(port: int) -> None:
        assert (await ask(Probe(tcp_socket=TcpSocket(port=port)), "127.0.0.1", HEADERS)).status == 200

    serving(Web({}), talk)


@pytest.mark.parametrize("kind", ["http", "https", "tcp", "grpc", "none"])
def test_nobody_there_is_a_failure(kind: str) -> None:
    port = closed_port()
    probes = {
        "http": Probe(http_get=HttpGet(port=port)),
        "https": Probe(http_get=HttpGet(port=port, scheme="HTTPS")),
        "tcp": Probe(tcp_socket=TcpSocket(port=port)),
        "grpc": Probe(grpc=Grpc(port=port)),
        "none": Probe(),
    }
    assert asyncio.run(ask(probes[kind], "127.0.0.1", HEADERS)).status == 500


def test_calls_to_the_pod_s_address_come_from_where_nothing_is_captured() -> None:
    async def talk(port: int) -> None:
        probe = Probe(http_get=HttpGet(path="/", port=port))
        await ask(probe, "127.0.0.5", HEADERS)

    web = Web({"/": ""})

    async def play() -> None:
        async with asyncio.TaskGroup() as group:
            server = http.Server(web, group)
            await talk(await server.start("127.0.0.5", 0))
            server.close()

    asyncio.run(play())
    assert web.asked[0].peer == "127.0.0.6"
