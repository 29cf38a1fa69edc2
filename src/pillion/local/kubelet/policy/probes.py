"""What the answers of a probe mean: thresholds, delays, and when to ask next.

As Kubernetes counts them. What differs is speed: until its first success a probe asks after 50 ms, then a little slower
each time (never slower than its period), so that a pod is READY as soon as it is. Failures during the initial delay do
not count, and later ones only at the probe's own period, so that nobody is killed for being slow.
"""

from pillion.local.kubelet.spec.pod import Probe
from pillion.value import Value

FIRST_PAUSE = 0.05
COMMAND_COST = 4
"""How much rarer a probe asks that must start a process."""
SLOWEST_FIRST_PAUSE = 0.5


class ProbeState(Value):
    """What is known of one probe of one run of a container; times in seconds since the container's start."""

    healthy: bool
    """What the probe says now."""
    has_succeeded: bool = False
    successes: int = 0
    """In a row."""
    failures: int = 0
    """In a row, counted at the probe's period."""
    counted_at: float = 0.0
    """When the last failure was counted."""
    asked: int = 0


def begin(healthy: bool) -> ProbeState:
    """Start: readiness and startup begin unhealthy, liveness begins healthy."""
    return ProbeState(healthy=healthy)


def answered(probe: Probe, state: ProbeState, success: bool, now: float) -> ProbeState:
    """Take an answer that came `now` seconds after the container's start."""
    if success:
        successes = state.successes + 1
        healthy = state.healthy or successes >= probe.success_threshold
        return ProbeState(
            healthy=healthy, has_succeeded=True, successes=successes, asked=state.asked + 1, counted_at=now
        )
    begins = now < probe.initial_delay_seconds
    due = not begins and (state.failures == 0 or now - state.counted_at >= probe.period_seconds)
    failures = state.failures + 1 if due else state.failures
    healthy = state.healthy and failures < probe.failure_threshold
    return ProbeState(
        healthy=healthy,
        has_succeeded=state.has_succeeded,
        failures=failures,
        counted_at=now if due else state.counted_at,
        asked=state.asked + 1,
    )


def has_given_up(probe: Probe, state: ProbeState) -> bool:
    """Return whether a startup or liveness probe condemns its container."""
    return state.failures >= probe.failure_threshold


def next_pause(probe: Probe, state: ProbeState) -> float:
    """Return the seconds until the probe asks again, or for the first time."""
    period = float(max(1, probe.period_seconds))
    if state.has_succeeded:
        return period
    first = FIRST_PAUSE * (COMMAND_COST if probe.exec else 1)
    return min(period, SLOWEST_FIRST_PAUSE, first * 1.25 ** min(state.asked, 32))
