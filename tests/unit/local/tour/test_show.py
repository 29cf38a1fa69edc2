"""How the tour looks on a narrow terminal."""

import io

from rich.console import Console

from pillion.local.tour import show
from pillion.local.tour.reach import Seen
from pillion.local.tour.story import CLIENTS, TARGETS, Stage
from pillion.local.tour.weigh import Weight


def test_80_columns_hold_each_word_in_whole() -> None:
    seen = tuple(Seen(client=client, target=target.name) for client in CLIENTS for target in TARGETS)
    weight = Weight(
        workload="prod-apis/orders", clusters=514, listeners=9, routes=7, bytes=436_000, allocated=22_300_000
    )
    console = Console(file=io.StringIO(), width=80)
    show.stage(console, Stage(title="No Sidecar", meaning="", seen=seen, weights=(weight,)), 1)
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert "\u2026" not in text, "nothing is cut short"
    assert "configuration" in text
