"""A fabric and a few bare pods for the length of a test."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

from local.pods import BarePod
from pillion.local.fabric.model import FabricSettings
from pillion.local.fabric.network import Fabric, fabric


class World:
    def __init__(self, network: Fabric, pods: list[BarePod]) -> None:
        self.fabric, self.pods = network, pods


@contextlib.asynccontextmanager
async def world(pods: int = 3, settings: FabricSettings | None = None) -> AsyncIterator[World]:
    async with asyncio.TaskGroup() as tasks, fabric(settings or FabricSettings(), tasks) as network:
        made: list[BarePod] = []
        try:
            made += [BarePod(f"default/pod-{number}", network) for number in range(pods)]
            for pod in made:
                await pod.join()
            yield World(network, made)
        finally:
            for pod in made:
                pod.end()


def in_world(
    pods: int = 3, settings: FabricSettings | None = None
) -> Callable[[Callable[[World], Awaitable[None]]], Callable[[], None]]:
    def decorate(test: Callable[[World], Awaitable[None]]) -> Callable[[], None]:
        async def play() -> None:
            async with world(pods, settings) as it:
                await test(it)

        def run() -> None:
            asyncio.run(play())

        run.__name__, run.__doc__ = getattr(test, "__name__", "test"), test.__doc__
        return run

    return decorate
