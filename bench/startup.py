"""How long short commands take, and what memory they need."""

import tempfile
from collections.abc import Iterator

from bench.figure import Figure
from bench.process import weigh

RUNS = 15


def benchmarks() -> Iterator[Figure]:
    """Measure commands."""
    with tempfile.TemporaryDirectory() as folder:
        yield from weigh("pillion --help", ["--help"], RUNS, (0.12, 40), folder)
        rules = ["capture", "print", "-p", "15001", "-z", "15006", "-u", "1337"]
        yield from weigh("pillion capture print", rules, RUNS, (0.1, 40), folder)
