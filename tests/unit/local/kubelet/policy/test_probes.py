"""What the answers of a probe mean."""

from hypothesis import given
from hypothesis import strategies as st

from pillion.local.kubelet.policy import probes
from pillion.local.kubelet.spec.pod import Exec, Probe


def after(probe: Probe, answers: list[tuple[float, bool]], healthy: bool = False) -> probes.ProbeState:
    state = probes.begin(healthy=healthy)
    for now, success in answers:
        state = probes.answered(probe, state, success, now)
    return state


def test_the_first_success_makes_healthy_at_once() -> None:
    assert after(Probe(), [(0.1, False), (0.2, True)]).healthy


def test_several_successes_in_a_row_if_the_probe_says_so() -> None:
    probe = Probe(success_threshold=2)
    assert not after(probe, [(1, True), (2, False), (13, True)]).healthy
    assert after(probe, [(1, True), (2, True)]).healthy


def test_failures_count_at_the_probes_own_period() -> None:
    probe = Probe(period_seconds=10, failure_threshold=3)
    assert after(probe, [(n / 10, False) for n in range(100)]).failures == 1
    state = after(probe, [(0, False), (10, False), (15, False), (20, False)], healthy=True)
    assert state.failures == 3
    assert not state.healthy
    assert probes.has_given_up(probe, state)


def test_failures_below_the_threshold_change_nothing() -> None:
    state = after(Probe(), [(0, True), (10, False), (20, False)])
    assert state.healthy
    assert not probes.has_given_up(Probe(), state)


def test_failures_during_the_initial_delay_do_not_count() -> None:
    probe = Probe(initial_delay_seconds=5, failure_threshold=1)
    assert not probes.has_given_up(probe, after(probe, [(1, False), (4, False)], healthy=True))
    assert probes.has_given_up(probe, after(probe, [(1, False), (6, False)], healthy=True))


def test_a_success_forgives() -> None:
    assert after(Probe(), [(0, False), (10, False), (20, True), (30, False)]).failures == 1


def test_first_questions_come_quickly_then_the_period_rules() -> None:
    probe = Probe(period_seconds=10)
    state = probes.begin(healthy=False)
    pauses: list[float] = []
    for turn in range(20):
        pauses.append(probes.next_pause(probe, state))
        state = probes.answered(probe, state, success=False, now=turn)
    assert pauses[0] == probes.FIRST_PAUSE
    assert probes.next_pause(Probe(exec=Exec(command=("x",))), probes.begin(healthy=False)) == 4 * pauses[0]
    assert pauses == sorted(pauses)
    assert pauses[-1] == probes.SLOWEST_FIRST_PAUSE
    assert probes.next_pause(probe, probes.answered(probe, state, success=True, now=30)) == 10


@given(
    st.lists(st.tuples(st.floats(0, 1000), st.booleans()), max_size=30),
    st.integers(1, 20),
    st.integers(1, 5),
)
def test_a_probe_never_waits_longer_than_its_period(
    answers: list[tuple[float, bool]], period: int, threshold: int
) -> None:
    probe = Probe(period_seconds=period, failure_threshold=threshold)
    state = after(probe, sorted(answers))
    assert 0 < probes.next_pause(probe, state) <= period
    if answers and max(answers)[1]:
        assert state.healthy
        assert not probes.has_given_up(probe, state)
