"""Whether an ended container starts again, and when.

As Kubernetes' policies `Always`, `OnFailure` and `Never`; the pause is shorter, since a developer waits: it starts at
0.2 seconds, doubles to 30, and is forgotten when a container ran for 10 seconds.
"""

from pillion.value import Value

BASE = 0.2
LONGEST = 30.0
HEALTHY_AFTER = 10.0


class History(Value):
    """What is known of a container's past."""

    restarts: int = 0
    short_runs: int = 0
    """How many times in a row it ended before it was healthy."""


def ended(history: History, ran_for: float) -> History:
    """Note an end after `ran_for` seconds."""
    return History(restarts=history.restarts, short_runs=1 if ran_for >= HEALTHY_AFTER else history.short_runs + 1)


def restarted(history: History) -> History:
    """Note a restart."""
    return History(restarts=history.restarts + 1, short_runs=history.short_runs)


def pause(history: History) -> float:
    """Return the seconds to wait before the next start."""
    return min(LONGEST, BASE * 2 ** min(max(0, history.short_runs - 1), 16))


def starts_again(policy: str, exit_code: int) -> bool:
    """Return whether a container that ended with `exit_code` starts again."""
    return policy == "Always" or (policy == "OnFailure" and exit_code != 0)
