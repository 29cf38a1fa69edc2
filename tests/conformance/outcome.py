"""What a suite reports: how many of its cases we answer as Istio does."""

from collections.abc import Iterable

from pillion.value import Value


class Outcome(Value):
    """The result of one suite."""

    passed: int
    total: int
    failed: tuple[str, ...] = ()
    """The ids of the cases that we answer differently, sorted."""


def tally(results: Iterable[tuple[str, bool]]) -> Outcome:
    """Count `(case id, passed)` pairs."""
    pairs = list(results)
    failed = tuple(sorted(name for name, passed in pairs if not passed))
    return Outcome(passed=len(pairs) - len(failed), total=len(pairs), failed=failed)
