"""What other processes of the pod ask: hooks of the container's life, and a person with a shell in it."""

import asyncio

from pillion.agent import http


def wait(address: tuple[str, int], timeout: float, period: float) -> bool:
    """Return whether the proxy becomes ready within `timeout` seconds, asked every `period` seconds."""

    async def ready() -> None:
        async with asyncio.timeout(timeout):
            while True:
                try:
                    answer = await http.fetch(address, http.Request(target="/healthz/ready"), timeout=max(period, 0.1))
                    if answer.status == 200:
                        return
                except (OSError, TimeoutError, http.HttpError):
                    pass
                await asyncio.sleep(period)

    try:
        asyncio.run(ready())
    except TimeoutError:
        return False
    return True


def request(address: tuple[str, int], method: str, path: str) -> http.Response:
    """Send one request.

    Raises:
        OSError: nobody listens.
        TimeoutError: no answer in time.
        http.HttpError: an answer that is not HTTP.
    """
    asked = http.Request(method=method, target=path if path.startswith("/") else f"/{path}")
    return asyncio.run(http.fetch(address, asked))
