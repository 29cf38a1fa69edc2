import pytest

from pillion.memo import Memo


def double(number: int) -> int:
    return 2 * number


def test_equal_input_gives_the_same_object_back_and_runs_once() -> None:
    memo = Memo(lambda name: [name])
    assert memo("a") is memo("a")
    assert memo.computed == 1


def test_a_sweep_forgets_what_was_not_asked_for_since_the_last_one() -> None:
    memo = Memo(double)
    memo(1)
    memo(2)
    memo.sweep()
    memo(1)
    memo.sweep()
    assert len(memo) == 1
    memo(2)
    assert memo.computed == 3


def test_keyword_arguments_are_refused() -> None:
    with pytest.raises(TypeError):
        Memo(double)(number=1)
