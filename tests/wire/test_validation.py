"""The validation webhook over real HTTPS on loopback, with a process for what is big."""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import prometheus_client as prometheus

from pillion.controlplane.validation.judge import Judge
from pillion.controlplane.validation.post import LIMITS, ValidationPost
from pillion.controlplane.webhook import certificate
from pillion.controlplane.webhook.limits import Limits
from pillion.controlplane.webhook.server import Server
from support.webhook import review, trusting, write_certificate

RESOURCE = {"group": "networking.istio.io", "version": "v1", "resource": "virtualservices"}
MEGABYTES = 3 << 20


class Client:
    """Asks, and reads the counters."""

    def __init__(self, session: aiohttp.ClientSession, url: str, registry: prometheus.CollectorRegistry) -> None:
        self._session = session
        self._url = url
        self._registry = registry

    async def ask(self, body: Any, query: str = "") -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        async with self._session.post(
            self._url + "/validate" + query, data=io.BytesIO(data), headers=headers
        ) as answer:
            text = await answer.text()
        return answer.status, json.loads(text) if answer.status == 200 else text

    def counted(self) -> set[str]:
        lines = prometheus.generate_latest(self._registry).decode().splitlines()
        return {line for line in lines if not line.startswith("#")}


def talk(folder: Path, judge: Judge, play: Callable[[Client], Awaitable[None]], limits: Limits = LIMITS) -> None:
    async def run() -> None:
        tls, registry = certificate.context(), prometheus.CollectorRegistry()
        certificate.use(certificate.read(*map(str, write_certificate(folder))), tls)
        async with asyncio.timeout(60), judge:
            server = Server({"/validate": ValidationPost(judge, registry)}, {}, limits, lambda: False)
            port = await server.start("127.0.0.1", 0, tls)
            connector = aiohttp.TCPConnector(ssl=trusting())
            try:
                async with aiohttp.ClientSession(connector=connector) as session:
                    await play(Client(session, f"https://127.0.0.1:{port}", registry))
            finally:
                await server.stop(1.0)

    asyncio.run(run())


def virtual_service(*prefixes: str, host: str = "web") -> dict[str, Any]:
    rules = [
        {"match": [{"uri": {"prefix": prefix}}], "route": [{"destination": {"host": "web"}}]} for prefix in prefixes
    ]
    return {
        "apiVersion": "networking.istio.io/v1", "kind": "VirtualService",
        "metadata": {"name": "web", "namespace": "shop"}, "spec": {"hosts": [host], "http": rules},
    }  # fmt: skip


def test_answers_small_and_big_reviews_and_counts_them(tmp_path: Path) -> None:
    big = [f"/{index}-" + "x" * 1000 for index in range(MEGABYTES // 1100)]

    async def play(client: Client) -> None:
        good, wrong = virtual_service(*big), virtual_service(*big, host="a b")
        for document, allowed in ((good, True), (wrong, False), (virtual_service("/"), True)):
            for dry_run in (False, True):
                status, answer = await client.ask(review(document, resource=RESOURCE, dryRun=dry_run))
                assert (status, answer["response"]["allowed"]) == (200, allowed)
        group, rest = 'group="networking.istio.io"', 'resource="virtualservices",version="v1"'
        assert f"galley_validation_passed{{{group},{rest}}} 4.0" in client.counted()
        assert f'galley_validation_failed{{{group},reason="invalid_resource",{rest}}} 1.0' in client.counted()

    talk(tmp_path, Judge(), play)


def test_what_takes_too_long_is_no_answer_and_the_next_one_is_judged(tmp_path: Path) -> None:
    slow = virtual_service(*("/" * length for length in range(1, 3300)))

    async def play(client: Client) -> None:
        status, text = await client.ask(review(slow))
        assert (status, text.startswith("not judged within")) == (504, True)
        assert 'galley_validation_http_error{status="504"} 1.0' in client.counted()
        status = 504
        while status == 504:  # a busy machine may take too long for a small one, too
            status, answer = await client.ask(review(virtual_service("/")))
        assert (status, answer["response"]["allowed"]) == (200, True)

    talk(tmp_path, Judge(small=1024), play, Limits(seconds=0.2))


def test_what_is_no_review_gets_an_answer_of_http(tmp_path: Path) -> None:
    async def play(client: Client) -> None:
        assert (await client.ask(b""))[0] == 400
        assert (await client.ask(b"x" * 2000))[0] == 413
        assert 'galley_validation_http_error{status="413"} 1.0' in client.counted()

    talk(tmp_path, Judge(), play, Limits(body=1000))
