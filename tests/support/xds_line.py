"""A slow line between a model of Envoy and the server's stream; each message moves when a test says so."""

from collections import deque
from typing import Any, Generic, Literal, Protocol, TypeVar

from hypothesis import strategies as st

from pillion.xds.resource import View
from pillion.xds.stream import Stream
from support.xds_worlds import views


class Client(Protocol):
    """A model of Envoy in one of the two dialects."""

    out: deque[Any]

    def connect(self) -> None: ...

    def hear(self, data: bytes, /) -> None: ...


EnvoyT = TypeVar("EnvoyT", bound=Client)


class Line(Generic[EnvoyT]):
    """The client, the server's stream and what is on its way between them."""

    def __init__(self, dialect: Literal["delta", "state"], envoy: EnvoyT, view: View) -> None:
        self.dialect: Literal["delta", "state"] = dialect
        self.view = view
        self.envoy = envoy
        self.pushed: deque[bytes] = deque()
        self.reconnect()

    def reconnect(self) -> None:
        """Break the line, with all that is on its way, and begin a new stream."""
        self.stream = Stream(self.dialect, self.view)
        self.pushed.clear()
        self.envoy.connect()

    def show(self, view: View) -> None:
        """Let the server have another view."""
        self.view = view
        self.stream.show(view)

    def step(self, what: str) -> bool:
        """Let one thing happen; return whether something did."""
        match what:
            case "ask" if self.envoy.out:
                self.stream.receive(self.envoy.out.popleft())
                return True
            case "push":
                response = self.stream.next()
                if response is not None:
                    self.pushed.append(response.data)
                return response is not None
            case "hear" if self.pushed:
                self.envoy.hear(self.pushed.popleft())
                return True
            case _:
                return False

    def settle(self) -> None:
        """Let everything happen until nothing more does."""
        for _ in range(500):
            if any([self.step("ask"), self.step("push"), self.step("hear")]):
                continue
            if self.stream.patience is None:
                return
            self.stream.lapse()
        raise AssertionError("no end")

    def live(self, happens: list[str | View]) -> None:
        """Let a list of things happen, one after the other."""
        for what in happens:
            if isinstance(what, View):
                self.show(what)
            elif what == "reconnect":
                self.reconnect()
            else:
                self.step(what)


steps = st.one_of(st.sampled_from(["ask", "push", "hear"] * 4 + ["reconnect"]), views())
"""What may happen on a line; a view is one that the server gets."""
