import pytest

from pillion.memo import Kept, Remembered


def double(number: int) -> int:
    return 2 * number


def test_equal_input_gives_the_same_object_back_and_runs_once() -> None:
    memo = Remembered(lambda name: [name])
    assert memo("a") is memo("a")
    assert memo.computed == 1


def test_a_sweep_forgets_what_was_not_asked_for_since_the_last_one() -> None:
    memo = Remembered(double)
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
        Remembered(double)(number=1)


def test_the_very_same_input_keeps_the_result_and_equal_input_does_not_ask() -> None:
    calls: list[list[int]] = []

    def first(numbers: list[int]) -> list[int]:
        calls.append(numbers)
        return numbers[:1]

    kept, numbers = Kept(first), [1, 2]
    one = kept("a", numbers)
    assert kept("a", numbers) is one
    assert len(calls) == 1
    assert kept("b", numbers) == one
    assert len(calls) == 2


def test_a_result_that_is_equal_is_given_as_the_one_of_before() -> None:
    kept: Kept[[list[int]], list[int]] = Kept(lambda numbers: numbers[:1])
    one = kept("a", [1, 2])
    assert kept("a", [1, 3]) is one
    assert kept("a", [2]) == [2]


def test_what_is_not_kept_is_made_anew() -> None:
    kept: Kept[[list[int]], list[int]] = Kept(lambda numbers: numbers[:1])
    numbers = [1]
    one = kept("a", numbers)
    kept.keep({"b"})
    assert kept("a", numbers) is not one


def test_nothing_is_a_result_as_well() -> None:
    memo: Remembered[[int], None] = Remembered(lambda _: None)
    assert [memo(1), memo(1)] == [None, None]
    memo.sweep()
    assert memo(1) is None
    assert memo.computed == 1
