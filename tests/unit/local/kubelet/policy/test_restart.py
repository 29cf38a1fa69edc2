"""Whether an ended container starts again, and when."""

import pytest

from pillion.local.kubelet.policy import restart


def test_the_pause_doubles_up_to_a_limit_and_is_forgotten() -> None:
    history = restart.History()
    pauses: list[float] = []
    for _ in range(10):
        history = restart.restarted(restart.ended(history, ran_for=0.1))
        pauses.append(restart.pause(history))
    assert pauses == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0])
    assert history.restarts == 10
    assert restart.pause(restart.ended(history, ran_for=restart.HEALTHY_AFTER)) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("policy", "code", "again"),
    [
        ("Always", 0, True),
        ("Always", 1, True),
        ("OnFailure", 0, False),
        ("OnFailure", 1, True),
        ("Never", 0, False),
        ("Never", 1, False),
    ],
)
def test_policies(policy: str, code: int, again: bool) -> None:
    assert restart.starts_again(policy, code) is again
