"""What a server hands requests to: somebody who answers what is posted to a path."""

from typing import NamedTuple, Protocol


class Posted(NamedTuple):
    """A request that arrived whole and in time."""

    body: bytes
    path: str
    began: float
    """When it began to arrive, by `time.perf_counter`."""
    seconds: float
    """What is left until somebody gives up."""


class UnansweredError(Exception):
    """There is no answer; whoever asked decides what follows from that."""


class Post(Protocol):
    """Answers what is posted to a path, and below it."""

    async def answer(self, posted: Posted, /) -> bytes:
        """Answer with JSON. Raises `UnansweredError`."""
        ...

    def refused(self, status: int, began: float, /) -> None:
        """Learn of a request that was none: how HTTP answered it."""
        ...
