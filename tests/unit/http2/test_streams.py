from hypothesis import given
from hypothesis import strategies as st

from pillion.http2.streams import ReceiveWindow


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 70_000)), max_size=60))
def test_a_window_is_never_below_zero_and_nothing_leaks(steps: list[tuple[bool, int]]) -> None:
    window, used, told = ReceiveWindow(), 0, ReceiveWindow.size
    for is_taken, size in steps:
        if is_taken:
            may = size <= told
            assert window.take(size) == may
            if may:
                used += size
                told -= size
        else:
            given_back = min(size, used)
            used -= given_back
            told += window.give(given_back)
        assert window.left == told >= 0
        assert window.left + window.owed + used == ReceiveWindow.size
        assert window.owed * 2 < ReceiveWindow.size
