"""How often a client may do what costs us something and brings nobody anything.

Floods of small frames (CVE-2019-9512 to 9518), streams that are opened and reset at once (CVE-2023-44487), or made to
be reset by us (CVE-2025-8671) all spend from here. Whoever holds the connection renews the budget every half minute.
"""

from typing import Literal, final

from pillion.http2.errors import ConnectionFault, ErrorCode

Kind = Literal["settings", "pings", "resets", "fields", "idle"]
LIMITS: dict[Kind, int] = {
    "settings": 100,
    "pings": 500,
    "resets": 1_000,
    "fields": 1 << 21,
    "idle": 20_000,
}
"""`settings`, `pings`: frames. `resets`: streams that did not end in order. `fields`: bytes of header blocks. `idle`:
frames that say nothing: without content, of unknown kind, or a few bytes of a message."""
AFTER_DATA: tuple[Kind, ...] = ("pings", "idle")
"""What clients do in answer to what we send: they measure the line with pings, and open windows."""


@final
class Budget:
    """What one connection has spent."""

    __slots__ = ("_spent",)

    def __init__(self) -> None:
        self._spent: dict[Kind, int] = {}

    def spend(self, kind: Kind, cost: int = 1) -> None:
        """Take note of something. Raises `ConnectionFault` when it is too much."""
        spent = self._spent[kind] = self._spent.get(kind, 0) + cost
        if spent > LIMITS[kind]:
            raise ConnectionFault(ErrorCode.ENHANCE_YOUR_CALM, f"too much of this: {kind}")

    def forgive(self) -> None:
        """Forget what a client may do because we sent it data."""
        for kind in AFTER_DATA:
            self._spent.pop(kind, None)

    def renew(self) -> None:
        """Begin anew."""
        self._spent.clear()
