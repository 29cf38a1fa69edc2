"""What giving addresses costs; what is written is tried with a real API server."""

import asyncio

from msgspec.structs import replace

from pillion.controlplane.writing.allocator import Allocator
from pillion.resources.istio.service_entry import ServiceEntry, ServiceEntrySpec
from pillion.resources.meta import Metadata
from pillion.sources.kubernetes.access import Access
from pillion.sources.kubernetes.client import KubernetesClient


def entry(name: str) -> ServiceEntry:
    """Give an entry that has its address."""
    spec = ServiceEntrySpec(hosts=(f"{name}.example",), addresses=("10.0.0.1",), resolution="STATIC")
    return ServiceEntry(metadata=Metadata(name=name, namespace="shop"), spec=spec)


def test_an_entry_is_read_once_until_it_is_another_one() -> None:
    held = {name: entry(name) for name in "abc"}
    rounds = 0

    def entries() -> tuple[ServiceEntry, ...]:
        nonlocal rounds
        rounds += 1
        return tuple(held.values())

    async def play() -> None:
        client = KubernetesClient(Access(server="http://127.0.0.1:1"), 1.0)  # there is nothing to ask
        allocator = Allocator(client, entries, lambda ref: ref.name)

        async def read() -> int:
            """Count the entries that were read in one more round."""
            before, begun = allocator.claims.computed, rounds
            allocator.look()
            while rounds == begun:  # noqa: ASYNC110 (nothing announces it)
                await asyncio.sleep(0)
            return allocator.claims.computed - before

        async with asyncio.timeout(30), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(allocator.run())
            assert await read() == 3
            assert await read() == 0
            held["b"] = replace(held["b"], spec=replace(held["b"].spec, addresses=("10.0.0.2",)))
            assert await read() == 1
            del held["a"]
            assert await read() == 0
            held["a"] = entry("a")
            assert await read() == 1, "of what is gone nothing is kept"
            running.cancel()

    asyncio.run(play())
