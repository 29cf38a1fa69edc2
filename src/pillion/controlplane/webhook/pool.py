"""The processes that inject: one review at a time each, started again when they end, killed when they hang."""

import asyncio
import contextlib
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from typing import Protocol, TypeVar

import msgspec

from pillion.controlplane.frames import exchange
from pillion.controlplane.webhook.worker import Ask, Bench, Found, Order, Preparation, Prepared, written

R = TypeVar("R", Prepared, Found)
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0


class WorkerLostError(Exception):
    """The process ended before it answered."""


class Injecting(Protocol):
    """Something that injects."""

    @property
    def ready(self) -> int:
        """How many reviews it can work at."""
        ...

    async def prepare(self, preparation: Preparation) -> Prepared:
        """Use other settings, unless they are unusable."""
        ...

    async def ask(self, asked: Ask) -> Found:
        """Answer a review; raises `WorkerLostError`."""
        ...


class Inline:
    """Injects in this very process: enough for a small cluster, and least to run."""

    def __init__(self) -> None:
        self._bench = Bench()

    ready = 1

    async def prepare(self, preparation: Preparation) -> Prepared:
        """Use other settings, unless they are unusable."""
        return self._bench.prepare(preparation)

    async def ask(self, asked: Ask) -> Found:
        """Answer a review."""
        return self._bench.ask(asked)


class _Worker:
    """One process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._turn = asyncio.Lock()
        self._is_lost = False

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None and not self._is_lost

    async def call(self, order: Order, answered: type[R]) -> R:
        """Order something; a call that is cut short leaves the process useless, so it is killed."""
        body = written(order)
        async with self._turn:
            try:
                return msgspec.msgpack.decode(await exchange(self.process, body), type=answered)
            except (OSError, asyncio.IncompleteReadError):
                self._is_lost = True
                raise WorkerLostError from None
            except asyncio.CancelledError:
                self._is_lost = True
                self.kill()
                raise

    def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()

    async def end(self) -> None:
        """Kill the process, and close its pipes once it is gone."""
        self.kill()
        if self.process.stdin is not None:
            self.process.stdin.close()
        await self.process.wait()


class Pool:
    """A fixed number of processes; run `keep` in a task."""

    def __init__(self, size: int, say: Callable[[str], None]) -> None:
        self._size = size
        self._say = say
        self._idle: asyncio.Queue[_Worker] = asyncio.Queue()
        self._workers: set[_Worker] = set()
        self._preparation: Preparation | None = None
        self._changing = asyncio.Lock()

    @property
    def ready(self) -> int:
        """How many processes are up and have settings."""
        return sum(worker.is_alive for worker in self._workers)

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes that are up."""
        return tuple(worker.process.pid for worker in self._workers if worker.is_alive)

    async def keep(self) -> None:
        """Keep the processes alive until cancelled; they end with this."""
        async with asyncio.TaskGroup() as group:
            for _ in range(self._size):
                group.create_task(self._keep_one())

    async def _keep_one(self) -> None:
        pause = FIRST_PAUSE
        while True:
            # a session of its own: an interrupt from the keyboard must not end it before its last answer
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pillion.controlplane.webhook.worker"),
                stdin=PIPE,
                stdout=PIPE,
                start_new_session=True,
            )
            worker = _Worker(process)
            try:
                if await self._admit(worker):
                    pause = FIRST_PAUSE
                code = await process.wait()
            finally:
                self._workers.discard(worker)
                await worker.end()
            self._say(f"a process that injects ended with {code}; starting another")
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _admit(self, worker: _Worker) -> bool:
        """Give a new process the settings in use, and then work."""
        given: Preparation | None = None
        try:
            while self._preparation is not None and self._preparation is not given:
                given = self._preparation
                await worker.call(given, Prepared)
        except WorkerLostError:
            return False
        self._workers.add(worker)
        self._idle.put_nowait(worker)
        return True

    async def prepare(self, preparation: Preparation) -> Prepared:
        """Try other settings in one process; if they are usable, use them in all."""
        async with self._changing:
            first = await self._free()
            self._idle.put_nowait(first)  # reviews may follow: orders are taken one after the other
            found = await first.call(preparation, Prepared)
            if found.is_used:
                self._preparation = msgspec.structs.replace(preparation, must_render=False)
                for worker in self._workers - {first}:
                    with contextlib.suppress(WorkerLostError):  # its successor begins with these settings
                        await worker.call(self._preparation, Prepared)
        return found

    async def ask(self, asked: Ask) -> Found:
        """Answer a review in the first process that is free."""
        worker = await self._free()
        try:
            return await worker.call(asked, Found)
        finally:
            self._idle.put_nowait(worker)

    async def _free(self) -> _Worker:
        while not (worker := await self._idle.get()).is_alive:
            pass
        return worker
