"""A web server for tests, on loopback, with answers by target."""

import asyncio
from collections.abc import Awaitable, Callable

from pillion.agent import http


class Web:
    """Answers with what was put in, 404 otherwise; keeps what it was asked."""

    def __init__(self, answers: dict[str, str]) -> None:
        self.answers = answers
        self.asked: list[http.Request] = []

    async def __call__(self, request: http.Request) -> http.Response:
        self.asked.append(request)
        text = self.answers.get(request.target)
        return http.Response(status=404) if text is None else http.Response(body=text.encode())


def serving(web: Web, talk: Callable[[int], Awaitable[None]]) -> None:
    async def play() -> None:
        async with asyncio.TaskGroup() as group:
            server = http.Server(web, group)
            await talk(await server.start("127.0.0.1", 0))
            server.close()

    asyncio.run(play())
