"""What becomes of the rounds when nobody can be asked; what is written is tried with a real API server."""

import asyncio

from pillion.controlplane.writing.allocator import Allocator
from pillion.controlplane.writing.scribe import Scribe
from pillion.resources.istio.service_entry import ServiceEntry, ServiceEntrySpec
from pillion.resources.meta import Metadata, Ref
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import KubernetesClient
from pillion.sources.kubernetes.cluster import Standing

NAMES = ("a", "b", "c")
STANDINGS = {Ref(kind="Sidecar", namespace="shop", name=name): Standing("1", f"/{name}", ()) for name in NAMES}
ENTRIES = tuple(
    ServiceEntry(
        metadata=Metadata(name=name, namespace="shop"),
        spec=ServiceEntrySpec(hosts=(f"{name}.example",), resolution="STATIC"),
    )
    for name in NAMES
)


class Client(KubernetesClient):
    """Notes what is asked."""

    def __init__(self) -> None:
        super().__init__(Access(server="http://127.0.0.1:1"), 1.0)
        self.asked: list[str] = []

    async def request(self, method: str, path: str, *more: object, **other: object) -> bytes:
        self.asked.append(path)
        return await super().request(method, path, *more, **other)  # type: ignore[arg-type]


async def problem_of(writer: Scribe | Allocator) -> str:
    async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
        running = tasks.create_task(writer.run())
        while not writer.problem:  # noqa: ASYNC110 (nothing announces it)
            await asyncio.sleep(0)
        running.cancel()
    return writer.problem


def test_a_server_that_is_away_is_asked_once_a_round_and_not_for_each_object() -> None:
    async def play() -> None:
        async with Client() as client:
            assert "shop/a: the API server is not reached" in await problem_of(Scribe(client, lambda: STANDINGS, ""))
            assert client.asked == ["/a"]
        async with Client() as client:
            allocator = Allocator(client, lambda: ENTRIES, lambda ref: f"/{ref.name}")
            assert "shop/a: the API server is not reached" in await problem_of(allocator)
            assert client.asked == ["/a"]

    asyncio.run(play())
