"""What becomes of the rounds when nobody can be asked; what they write is tried with a real API server."""

import asyncio

from pillion.controlplane.serve.roots import Roots
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import KubernetesClient


def test_a_server_that_is_away_is_asked_once_a_round_and_not_for_each_namespace() -> None:
    asked: list[str] = []

    class Client(KubernetesClient):
        async def request(self, method: str, path: str, *more: object, **other: object) -> bytes:
            asked.append(path)
            return await super().request(method, path, *more, **other)  # type: ignore[arg-type]

    async def play() -> None:
        nobody = Access(server="http://127.0.0.1:1")
        async with asyncio.timeout(30), Client(nobody, 1.0) as client, asyncio.TaskGroup() as tasks:
            roots = Roots(client, "istio-system", lambda: ["a", "b", "c"])
            roots.trust("PEM")
            running = tasks.create_task(roots.run())
            while not roots.problem:  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0)
            running.cancel()
            assert roots.problem.startswith("a: ")

    asyncio.run(play())
    assert len(asked) == 1
