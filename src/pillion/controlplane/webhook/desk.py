"""The desk where reviews are answered: from memory when the same was asked before, else by injecting.

Memory belongs to the settings that it was made with, and goes with them.
"""

import asyncio
from collections import OrderedDict
from http import HTTPStatus
from typing import NamedTuple

from pillion.controlplane.webhook import answer, question
from pillion.controlplane.webhook.limits import OnError
from pillion.controlplane.webhook.pool import Injecting, WorkerLostError
from pillion.controlplane.webhook.worker import Ask, Preparation, Prepared

REMEMBERED = 2048
"""Verdicts; a patch is some ten kilobytes."""
ATTEMPTS = 2
"""A process that ended may have done so for another reason than this review."""


class Answered(NamedTuple):
    """An answer, and what it says."""

    body: bytes
    fate: answer.Fate


class Desk:
    """Answers reviews with settings that may change while it does."""

    def __init__(self, injecting: Injecting, on_error: OnError, remembered: int = REMEMBERED) -> None:
        self._injecting = injecting
        self._refuse = on_error == "refuse"
        self._remembered = remembered
        self._memory: OrderedDict[bytes, answer.Verdict] = OrderedDict()

    @property
    def ready(self) -> int:
        """How many reviews can be worked at."""
        return self._injecting.ready

    async def prepare(self, preparation: Preparation) -> Prepared:
        """Use other settings, unless they are unusable; raises `WorkerLostError`."""
        found = await self._injecting.prepare(preparation)
        if found.is_used:
            self._memory = OrderedDict()
        return found

    async def respond(self, body: bytes, path: str, seconds: float) -> Answered:
        """Answer a request's body, in time."""
        asked = question.read(body, path)
        if isinstance(asked, question.Refused):
            return self._answered(asked.verdict, asked)
        memory = self._memory
        verdict = memory.get(asked.shared) or memory.get(asked.own)
        if verdict is None:
            try:
                async with asyncio.timeout(seconds):
                    verdict = await self._found(asked, Ask(body, path), memory)
            except TimeoutError:
                verdict = answer.failure(f"not injected within {seconds:g} s", HTTPStatus.GATEWAY_TIMEOUT)
        return self._answered(verdict, asked)

    async def _found(
        self, asked: question.Question, ask: Ask, memory: OrderedDict[bytes, answer.Verdict]
    ) -> answer.Verdict:
        for _ in range(ATTEMPTS):
            try:
                found = await self._injecting.ask(ask)
            except WorkerLostError:
                continue
            if found.verdict.fate != "failed":
                memory[asked.own if found.depends_on_name else asked.shared] = found.verdict
                if len(memory) > self._remembered:
                    memory.popitem(last=False)
            return found.verdict
        return answer.failure("the processes that inject ended while they were at it")

    def _answered(self, verdict: answer.Verdict, asked: question.Question | question.Refused) -> Answered:
        return Answered(answer.write(verdict, asked.version, asked.uid, refuse=self._refuse), verdict.fate)
