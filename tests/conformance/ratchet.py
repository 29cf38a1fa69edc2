"""The ratchet: how many cases of each suite pass. A number may rise, never fall.

Beside it, what we answer differently on purpose, and why.
"""

import json
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.outcome import Outcome

FIGURES = Path(__file__).with_name("ratchet.json")
DELIBERATE = Path(__file__).with_name("deliberate.json")


def figures() -> dict[str, int]:
    """Read suite -> how many cases must pass."""
    found: dict[str, int] = json.loads(FIGURES.read_text())
    return found


def deliberate() -> dict[str, dict[str, str]]:
    """Read suite -> id of a case, or a pattern of ids -> why we answer it differently."""
    found: dict[str, dict[str, str]] = json.loads(DELIBERATE.read_text())
    return found


def fallen(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Say which suites pass fewer cases than they did."""
    least = figures()
    for suite, outcome in outcomes.items():
        if outcome.passed < least.get(suite, 0):
            known = deliberate().get(suite, {})
            news = [each for each in outcome.failed if reason(each, known) is None]
            yield f"{suite}: {outcome.passed} of {outcome.total} pass, {least[suite]} did; look at {', '.join(news)}"


def risen(outcomes: Mapping[str, Outcome]) -> Iterator[str]:
    """Say which suites pass more cases than the ratchet holds."""
    least = figures()
    for suite, outcome in outcomes.items():
        if outcome.passed > least.get(suite, 0):
            yield f"{suite}: {outcome.passed} pass, the ratchet holds {least.get(suite, 0)}"


def write(outcomes: Mapping[str, Outcome]) -> None:
    """Raise the ratchet to what passes now; it is never lowered."""
    least = figures()
    raised = {suite: max(outcome.passed, least.get(suite, 0)) for suite, outcome in outcomes.items()}
    FIGURES.write_text(json.dumps(least | raised, indent=1, sort_keys=True) + "\n")


def reason(case: str, known: Mapping[str, str]) -> str | None:
    """Say why a case is answered differently on purpose, None when it is not."""
    return known.get(case) or next((why for pattern, why in known.items() if fnmatchcase(case, pattern)), None)
