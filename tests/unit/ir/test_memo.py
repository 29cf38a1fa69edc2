from pillion.ir.memo import SMALL, Memo


def test_equal_input_gives_the_same_object() -> None:
    memo = Memo()

    def double(values: tuple[int, ...]) -> tuple[int, ...]:
        return values + values

    first = memo(double, (1, 2))
    assert memo(double, (1, 2)) is first
    assert (memo.hits, memo.misses) == (1, 1)


def test_functions_do_not_share_results() -> None:
    memo = Memo()
    assert memo(abs, -1) == 1
    assert memo(str, -1) == "-1"


def test_a_memo_is_no_part_of_the_input() -> None:
    def through(memo: Memo, number: int) -> str:
        return memo(str, number)

    memo = Memo()
    assert memo(through, memo, 1) == "1"
    assert memo(through, Memo(), 1) == "1"
    assert memo.misses == 2


def test_what_is_in_use_survives_and_the_rest_goes() -> None:
    memo = Memo()

    def whole(numbers: tuple[int, ...]) -> tuple[str, ...]:
        return tuple(memo(str, number) for number in numbers)

    kept = memo(whole, tuple(range(10)))
    for generation in range(3):
        memo(whole, tuple(range(10)))
        for number in range(SMALL):
            memo(hex, number + generation * SMALL)
        memo.advance()
    misses = memo.misses
    assert memo(whole, tuple(range(10))) is kept
    assert memo(whole, tuple(range(11))) == (*kept, "10")
    assert memo.misses == misses + 2
    assert len(memo) < 3 * SMALL


def test_a_function_that_is_not_asked_keeps_what_it_gave() -> None:
    memo = Memo()
    kept = memo(str, 12345)
    for number in range(5 * SMALL):
        memo(hex, number)
        if number % 100 == 0:
            memo.advance()
    assert memo(str, 12345) is kept


def test_an_error_leaves_nothing_behind() -> None:
    memo = Memo()

    def fails(number: int) -> int:
        return 1 // number

    for _ in range(2):
        try:
            memo(fails, 0)
        except ZeroDivisionError:
            continue
    assert memo.misses == 2
    assert memo(fails, 1) == 1
