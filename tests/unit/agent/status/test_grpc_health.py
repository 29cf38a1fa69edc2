import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import grpc.aio
import pytest

from pillion.agent import http
from pillion.agent.status import grpc_health

HEALTHY, SICK = b"\x08\x01", b"\x08\x02"


def ask(handler: Callable[[bytes, Any], Awaitable[bytes]], service: str = "") -> http.Response:
    """Put the question to a real gRPC server."""

    async def play() -> http.Response:
        server = grpc.aio.server()
        method = grpc.unary_unary_rpc_method_handler(handler)
        service_handler = grpc.method_handlers_generic_handler("grpc.health.v1.Health", {"Check": method})
        server.add_generic_rpc_handlers((service_handler,))
        port = server.add_insecure_port("127.0.0.1:0")
        await server.start()
        try:
            return await grpc_health.check("127.0.0.1", port, service, 5.0, None)
        finally:
            await server.stop(None)

    return asyncio.run(play())


@pytest.mark.parametrize(("answer", "status"), [(HEALTHY, 200), (SICK, 500), (b"", 500)])
def test_health_is_the_word_serving(answer: bytes, status: int) -> None:
    async def check(_: bytes, __: Any) -> bytes:
        return answer

    assert ask(check).status == status


@pytest.mark.parametrize("service", ["", "web", "w" * 300])
def test_the_service_s_name_arrives(service: str) -> None:
    async def check(request: bytes, _: Any) -> bytes:
        return HEALTHY if request.endswith(service.encode()) and (len(request) > 0) == bool(service) else SICK

    assert ask(check, service).status == 200


def test_a_service_without_health() -> None:
    async def check(_: bytes, context: Any) -> bytes:
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "no")
        return b""

    assert ask(check).status == 500


def test_a_server_that_is_not_http_2() -> None:
    async def play() -> None:
        def say(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            writer.close()

        server = await asyncio.start_server(say, "127.0.0.1", 0)
        async with server:
            port = server.sockets[0].getsockname()[1]
            with pytest.raises(http.HttpError):
                await grpc_health.check("127.0.0.1", port, "", 2.0, None)

    asyncio.run(play())
